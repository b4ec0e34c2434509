"""Independent references, written from the papers in NumPy and SciPy.

Nothing here imports recircuit: these are what the circuits are held against.
"""
