"""The state of a circuit: a moment to return to, checks of values that are set, and the values as a user reads them."""
