"""A training run on disk: what was asked for, and the folder of its results."""
