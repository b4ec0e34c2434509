"""The interpreter: NumPy evaluates the intermediate form directly. It is slow, and checks the other backends in tests."""
