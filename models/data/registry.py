"""The data sets that have a name, and how they are loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from ...arguments import checked_arguments
from ...errors import UsageError
from ...paths import path_of
from ...registry import Registry, an_instance_of, summary
from .back_image import load_back_image
from .cifar import load_cifar10, load_cifar100
from .dataset import Dataset
from .digits import load_digits
from .mnist import load_mnist
from .npz import load_npz, load_timit
from .svhn import load_svhn


@dataclass(frozen=True)
class DataSource:
    """A data set that can be loaded by its name.

    Parameters
    ----------
    load : function
        A function that returns the `Dataset`. It is given the folder of the files (`--data`), or nothing if the data
        set comes with a package.
    in_folder : bool, default True
        Whether it is read from a folder.
    """

    load: Callable[..., Dataset]
    in_folder: bool = True

    @property
    def about(self) -> str:
        """A sentence that says what the data set is."""
        return summary(self.load)


DATA: Registry[DataSource] = Registry(
    "data set",
    {
        "digits": DataSource(load_digits, in_folder=False),
        "mnist": DataSource(load_mnist),
        "cifar10": DataSource(load_cifar10),
        "cifar100": DataSource(load_cifar100),
        "svhn": DataSource(load_svhn),
        "back-image": DataSource(load_back_image),
        "timit": DataSource(load_timit),
    },
    group="recircuit.datasets",
    check=an_instance_of(DataSource, "Make it with recircuit.models.data.DataSource(function)."),
    others="The path of an .npz file with x_train, y_train, x_test and y_test is a data set too.",
)
"""The data sets that have a name."""


@checked_arguments
def load(source: str | PathLike[str], data_dir: str | Path | None = None) -> Dataset:
    """Load a data set by its name or path.

    Parameters
    ----------
    source : str or Path
        One of the names in `DATA`, or the path of an .npz file.
    data_dir : str or Path, optional
        The folder with the files of the data sets that have a name (`--data`); `digits` needs none and ignores it.

    Returns
    -------
    Dataset
        The data set.

    Raises
    ------
    UsageError
        If the source is unknown, no folder is given, or there is nothing at the path. A run and a circuit that was saved are
        opened by `load_run` and `Circuit.load`, which the message says.
    RecircuitError
        If the files cannot be read.

    Examples
    --------
    >>> import recircuit as rc
    >>> rc.load("digits").n_features
    64
    """
    name = str(source)
    if name.endswith(".npz"):
        return load_npz(path_of(name, "load"))
    if name not in DATA and (other := _opened_by(name)):
        raise UsageError(f"load: {other}. Data sets are {DATA.listed()}; or give the path of an .npz file.")
    found = DATA.find(name)
    if not found.in_folder:
        return found.load()
    if data_dir is None:
        raise UsageError(
            f"The data set {name!r} is read from files, and no directory was given. Expected --data DIR "
            "(data_dir in Python), the directory that holds them; 'digits' needs none."
        )
    return found.load(path_of(data_dir, "load"))


def _opened_by(name: str) -> str:
    """Say what a path that is no data set holds, and what opens it; an empty text if it is neither a run nor a circuit."""
    path = path_of(name, "load")
    if (path / "config.json").is_file() or (path / "weights.safetensors").is_file():
        return f"{name} is the folder of a run, which is opened by rc.load_run({name!r})"
    if path.suffix == ".safetensors" and path.is_file():
        return (
            f"{name} holds a circuit or its weights. A circuit that was saved is opened by rc.Circuit.load({name!r}), a run by "
            f"rc.load_run({str(path.parent)!r})"
        )
    return ""
