"""The interpreter: the intermediate form, evaluated with NumPy as it stands. It is slow, and the tests' third opinion."""
