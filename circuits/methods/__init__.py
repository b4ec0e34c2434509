"""The methods of a circuit by subject. Each class extends the one before it, and `recircuit.Circuit` extends the last."""
