"""Recordings, figures and text of a circuit."""
