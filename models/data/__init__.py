"""Data sets for training: one frozen object (`Dataset`), one function that finds it (`load`).

Each format has one small module, with a function that makes a `Dataset` of paths. A new one needs a line in `registry.py`.
Nothing here executes what a file holds.
"""

from .back_image import load_back_image
from .cifar import load_cifar10, load_cifar100
from .dataset import Dataset
from .digits import load_digits
from .mnist import load_mnist, read_idx
from .npz import load_npz, load_timit
from .registry import DATA, DataSource, load
from .svhn import load_svhn

__all__ = [
    "DATA",
    "DataSource",
    "Dataset",
    "load",
    "load_back_image",
    "load_cifar10",
    "load_cifar100",
    "load_digits",
    "load_mnist",
    "load_npz",
    "load_svhn",
    "load_timit",
    "read_idx",
]
