"""Measurements of recircuit, with the peers beside it: `make bench`, or `python -m benchmarks --help`."""
