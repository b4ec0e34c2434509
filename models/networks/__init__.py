"""Whole networks as circuits: layered and convolutional ones, and those of the papers."""
