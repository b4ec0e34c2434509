"""Populations: units with the same equations, and stimuli, whose values are data."""
