"""The state of a circuit: moments to return to, checks of values that are set, and the values that a user reads."""
