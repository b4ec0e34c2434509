"""Delayed signals: the delay lines that keep them, as operations, kernels and products."""
