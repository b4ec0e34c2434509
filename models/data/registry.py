"""From the DATA argument of the command line to a data set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ...errors import UsageError
from .back_image import load_back_image
from .cifar import load_cifar10, load_cifar100
from .dataset import Dataset
from .digits import load_digits
from .mnist import load_mnist
from .npz import load_npz, load_timit
from .svhn import load_svhn

IN_DIRECTORY: dict[str, Callable[[Path], Dataset]] = {
    "mnist": load_mnist,
    "cifar10": load_cifar10,
    "cifar100": load_cifar100,
    "svhn": load_svhn,
    "back-image": load_back_image,
    "timit": load_timit,
}


def load(source: str | Path, data_dir: str | Path | None = None) -> Dataset:
    """Load a data set by name or path.

    Args:
        source: `digits`; `mnist`, `cifar10`, `cifar100`, `svhn`, `back-image` or `timit`,
            read from data_dir; or the path of an .npz file.
        data_dir: where the files of the named sets lie (`--data`); the others need none and ignore it.

    Raises:
        UsageError: for an unknown source, a directory not given, a path that leads nowhere.
        RecircuitError: for all else that the loader refuses.
    """
    name = str(source)
    if name == "digits":
        return load_digits()
    if name in IN_DIRECTORY:
        if data_dir is None:
            raise UsageError(
                f"The data set {name!r} is read from files, and no directory was given. Expected --data DIR "
                "(data_dir in Python), the directory that holds them; 'digits' needs none."
            )
        return IN_DIRECTORY[name](Path(data_dir).expanduser())
    if name.endswith(".npz"):
        return load_npz(Path(name).expanduser())
    raise UsageError(
        f"Unknown data {name!r}. Expected digits, {', '.join(IN_DIRECTORY)} (these with --data DIR), or the "
        "path of an .npz file with x_train, y_train, x_test and y_test."
    )
