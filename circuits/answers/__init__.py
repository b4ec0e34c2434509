"""The answer of a circuit: where it is read, how it is read in a run, and how right it is."""
