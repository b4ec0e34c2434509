"""A circuit as a file: its description as data, and arrays. Nothing that is read is executed."""
