"""Signals that arrive later: the lines that keep them, as operations, kernels and products."""
