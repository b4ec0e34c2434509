"""The description of a circuit, as data, and the checks of these data. Nothing is built here."""
