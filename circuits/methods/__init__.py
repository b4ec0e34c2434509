"""The methods of a circuit, grouped by subject. Each class extends the one before; `recircuit.Circuit` extends the last."""
