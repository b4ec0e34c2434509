"""The samples of a training run in its parts (train, validation, test), with the class or target of each."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...arguments import kept_arguments
from ...circuits import Circuit
from ...circuits.description.populations.shown_values import array_of
from ...circuits.inputs import Inputs, Rows, as_inputs, dataset_inputs
from ...circuits.inputs.given_samples import class_names, coded, stimuli, supervisors, x_and_y
from ...errors import UsageError
from ..data import Dataset
from ..data.augment import Augmentation
from .order import EpochOrder, in_batches

__all__ = ["AugmentedData", "Part", "Samples", "augmented"]


@dataclass(frozen=True)
class AugmentedData:
    """A data set whose training images are changed in another way in every epoch.

    Parameters
    ----------
    data : Dataset
        The images.
    how : Augmentation
        How they are changed.
    """

    data: Dataset
    how: Augmentation


@kept_arguments
def augmented(data: Dataset, how: Augmentation | str) -> AugmentedData:
    """Make a data set of images for `train` whose training images are changed in another way in every epoch.

    Parameters
    ----------
    data : Dataset
        The images.
    how : str or Augmentation
        How they are changed, as in ``"shift .1, flip .5, elastic 34 4"``.

    Returns
    -------
    AugmentedData
        The images, for ``train(net, data)``.

    Raises
    ------
    UsageError
        If the words cannot be read.

    Examples
    --------
    >>> rc.train(net, rc.augmented(rc.load("mnist", "data"), "shift .1"), epochs=6)                 # doctest: +SKIP
    """
    return AugmentedData(data, Augmentation.of(how) if isinstance(how, str) else how)


@dataclass(frozen=True)
class Part:
    """A part of the samples.

    Parameters
    ----------
    inputs : Inputs
        Rows for every stimulus and supervisor.
    rows : array of int
        The numbers of those rows that are the samples of the part.
    labels : array, optional
        For every row of the inputs its class, (rows,), if no supervisor presents it and it is known.
    """

    inputs: Inputs = field(repr=False)
    rows: NDArray[np.int64] = field(repr=False)
    labels: np.ndarray | None = field(default=None, repr=False)

    def wanted(self, name: str) -> Rows | None:
        """Return what a supervisor or target presents, without a name the labels; None if nothing is known."""
        if name:
            return self.inputs.rows.get(name)
        return None if self.labels is None else Rows(np.asarray(self.labels).reshape(-1, 1))

    @property
    def count(self) -> int:
        """The number of samples."""
        return len(self.rows)

    def in_batches(self, batch_size: int) -> NDArray[np.int32]:
        """Return all samples in order, of shape (presentations, batch)."""
        return self.taken(in_batches(np.arange(self.count), batch_size))

    def taken(self, order: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the rows of the inputs for an order of the part's samples; -1 stays -1."""
        return np.where(order >= 0, self.rows[order], -1).astype(np.int32)


@dataclass(frozen=True)
class Samples:
    """All samples of a training run.

    Parameters
    ----------
    name : str
        The name of the data.
    parts : mapping of str to Part
        ``"train"``, and ``"validation"`` and ``"test"`` if there are such samples.
    classes : tuple, optional
        The classes as the user names them, in the order of the output units; None if they are numbers already.
    data : Dataset, optional
        The data set, if one was given.
    how : Augmentation
        How training images are changed in every epoch.
    order : EpochOrder
        The order in which epochs present the training samples.
    y_given : bool
        Whether a user gave y beside x, so that something in the circuit must read it. A data set brings labels that a
        circuit need not read, as an autoencoder does not, so that it is False for one.
    """

    name: str
    parts: Mapping[str, Part]
    classes: tuple[Any, ...] | None = None
    data: Dataset | None = None
    how: Augmentation = field(default_factory=Augmentation)
    order: EpochOrder = field(default_factory=EpochOrder)
    y_given: bool = False

    @classmethod
    def of(cls, circuit: Circuit, given: Any, validation: Any = None, mode: str | None = None) -> Samples:
        """Return the samples that a user gave.

        Parameters
        ----------
        circuit : Circuit
            The circuit that is to be trained.
        given : Samples, Dataset, AugmentedData, pair of arrays, array, or iterator
            `Samples`, which stay as they are; a `Dataset`; `augmented` of one; a pair (x, y) of arrays, tables or
            lists, y of classes (numbers or names) or of real-valued targets; x alone for a circuit without
            supervision; an iterator over these; or two such pairs, ((x, y), (x_test, y_test)). x may be a mapping from
            stimulus to array.
        validation : float or pair of arrays, optional
            A share of the training samples, below 1, or a pair (x, y).
        mode : str, optional
            The mode of the presentations, if the circuit has several schedules.

        Raises
        ------
        UsageError
            If the data are none of these or do not fit the circuit.
        """
        if isinstance(given, Samples):
            return given if validation is None else given._with_validation(circuit, validation, mode)
        if isinstance(given, AugmentedData):
            return replace(cls.of(circuit, given.data, validation, mode), how=given.how)
        if isinstance(given, Dataset):
            _check_sizes(circuit, given)
            whole = {k: Part(dataset_inputs(circuit, given, k, mode), np.arange(n), y) for k, n, y in (
                ("train", given.n_train, given.y_train), ("test", given.n_test, given.y_test)
            )}  # fmt: skip
            made = cls(given.name, whole, data=given)
        else:
            train, *test = given if _is_pair_of_pairs(given) else (given,)
            x, y = x_and_y(circuit, train, "train")
            classes = class_names(y, circuit.classes)
            parts, y_given = {"train": _part(circuit, x, coded(y, classes, "train"), mode)}, y is not None
            for pair in test:
                x, y = x_and_y(circuit, pair, "test samples")
                parts["test"] = _part(circuit, x, coded(y, classes, "test samples"), mode)
            made = cls("data", parts, classes, y_given=y_given)
        return made if validation is None else made._with_validation(circuit, validation, mode)

    def fingerprint(self) -> str:
        """Return a hash of everything that training can read."""
        changes = "" if self.how == Augmentation() else f", {self.how}"
        if self.data is not None and "validation" not in self.parts:
            return self.data.fingerprint() + changes
        digest = hashlib.sha256()
        for name, part in self.parts.items():
            digest.update(name.encode() + part.rows.tobytes())
            for each in part.inputs.rows.values():
                digest.update(np.ascontiguousarray(each.values).data)
                digest.update(repr((each.values.shape, each.scale, each.offset)).encode())
                if each.series is not None:
                    digest.update(repr((each.series.rows, each.series.stride)).encode() + each.series.lengths.tobytes())
        return digest.hexdigest() + changes

    def _with_validation(self, circuit: Circuit, validation: Any, mode: str | None) -> Samples:
        train = self.parts["train"]
        if not isinstance(validation, float | int | np.floating):
            x, y = x_and_y(circuit, validation, "validation")
            apart = _part(circuit, x, coded(y, self.classes, "validation"), mode)
        elif not 0 < validation < 1 or round(validation * train.count) in (0, train.count):
            raise UsageError(
                f"validation: expected a share of the {train.count} training samples that leaves some on both sides, such as "
                f".1, or a pair (x, y); got {validation!r}."
            )
        else:
            mixed = np.random.default_rng([circuit.seed, train.count]).permutation(train.count)
            kept = len(mixed) - round(validation * len(mixed))
            apart = replace(train, rows=np.sort(train.rows[mixed[kept:]]))
            train = replace(train, rows=np.sort(train.rows[mixed[:kept]]))
        return replace(
            self, parts={"train": train, "validation": apart} | {k: v for k, v in self.parts.items() if k == "test"}
        )


def _is_pair_of_pairs(given: Any) -> bool:
    return isinstance(given, tuple) and len(given) == 2 and all(isinstance(p, tuple) and len(p) == 2 for p in given)


def _part(circuit: Circuit, x: Any, y: np.ndarray | None, mode: str | None) -> Part:
    shown, wanted = stimuli(circuit), supervisors(circuit)
    if not shown:
        raise UsageError("train: the circuit has no stimulus; add one with circuit.stimulus(name, size).")
    rows = dict(x) if isinstance(x, Mapping) else {shown[0].name: x}
    missing = [p.name for p in shown if p.name not in rows]
    if missing:
        raise UsageError(f"train: there are no data for {missing}; give a mapping from stimulus to array.")
    if wanted and y is None and any(p.name not in rows for p in wanted):
        raise UsageError(
            f"train: {wanted[0].name!r} presents targets, and no y was given. Give the data as a pair (x, y)."
        )
    if y is not None:
        rows |= {p.name: y for p in wanted}
    inputs = as_inputs(circuit, rows, mode=mode)
    return Part(inputs, np.arange(inputs.count), _labels(y))


def _labels(y: Any) -> np.ndarray | None:
    """Return the classes of samples, where what is given can be classes: one whole number for each."""
    try:
        values = array_of(y, "the labels")
    except ValueError:  # series of different lengths
        return None
    return values.reshape(-1) if values.dtype.kind in "uib" and values.size == len(np.atleast_1d(values)) else None


def _check_sizes(circuit: Circuit, data: Dataset) -> None:
    """Refuse a data set whose features or classes are more or fewer than the units that show them."""
    if not stimuli(circuit):
        raise UsageError("train: the circuit has no stimulus; add one with circuit.stimulus(name, size).")
    for population in [p for p in circuit.populations.values() if p.presents]:
        labels = population.presents == "labels"
        wanted, what = (data.classes, "classes") if labels else (data.n_features, "features")
        if population.size != wanted:
            raise UsageError(
                f"The population {population.name!r} has {population.size} units, but {data.name!r} has {wanted} "
                f"{what}: the {'last' if labels else 'first'} layer needs {wanted}."
            )
