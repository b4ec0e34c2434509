"""Looking at a circuit: recordings, figures, text."""
