"""What a circuit is: data, and the checks of them. Nothing is built here."""
