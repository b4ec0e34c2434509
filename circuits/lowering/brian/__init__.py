"""The intermediate form as Brian2 objects, of which Brian2 and Brian2CUDA make code: numpy, cpp and cuda share it."""
