"""Measurements of a circuit: gradients, weights, signals, filters, answers."""
