"""Experiments of Amit 2019, *Biologically Plausible Deep Learning*."""
