"""Circuits in files: the description as data, and arrays. Nothing that is read is executed."""
