"""Projections: their weights, rules and delays, and the checks of these."""
