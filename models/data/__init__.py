"""Data sets for training: one frozen object (`Dataset`), one function that finds it (`load`).

A format is one small file: a function from paths to a `Dataset`. A new one needs a line in `sources.py`.
Nothing here executes what a file holds.
"""

from .cifar import load_cifar10, load_cifar100
from .dataset import Dataset
from .digits import load_digits
from .idx import load_mnist, read_idx
from .npz import load_npz
from .sources import load

__all__ = [
    "Dataset",
    "load",
    "load_cifar10",
    "load_cifar100",
    "load_digits",
    "load_mnist",
    "load_npz",
    "read_idx",
]
