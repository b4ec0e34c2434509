"""Lowering: from the description of a circuit to operations, and from these to Brian2 objects."""
