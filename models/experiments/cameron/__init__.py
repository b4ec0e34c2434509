"""Experiments of Cameron, Chen, Wagner and Sejnowski, *A biologically-plausible learning rule using reciprocal feedback*."""
