"""The intermediate form as Brian2 objects, from which Brian2 and Brian2CUDA make code for numpy, cpp and cuda."""
