"""The samples that a user gives, as a pair, alone, or as an iterator over parts of them, and the names of classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ...errors import RecircuitError
from ..description.network import Network
from ..description.populations.population import Population
from ..description.populations.shown_values import array_of
from ..lowering.memory import GIB, available

__all__ = ["class_names", "coded", "is_pair", "stimuli", "supervisors", "x_and_y"]


def stimuli(network: Network) -> list[Population]:
    """Return the populations that present the samples."""
    return [p for p in network.populations.values() if p.clamp is not None and not p.clamp.supervises]


def supervisors(network: Network) -> list[Population]:
    """Return the populations that present the wanted answers of the circuit."""
    return [p for p in network.populations.values() if p.clamp is not None and p.clamp.supervises]


def x_and_y(network: Network, given: Any, asked: str) -> tuple[Any, Any]:
    """Return samples and their labels or targets, which are None if they were not given.

    Parameters
    ----------
    network : Network
        The circuit that the samples are for.
    given : pair of arrays, array, iterator, or map-style data set of PyTorch
        A pair (x, y); x alone; an iterator that ends, over pairs or samples, each of one sample or of several; or an object
        whose item number k is sample k, alone or with its y, and whose ``len`` is the number of samples.
    asked : str
        The name of the caller, with which messages begin.

    Raises
    ------
    RecircuitError
        If the data have another form, or are too large.
    """
    if isinstance(given, str):
        raise RecircuitError(
            f"{asked}: the data are a data set, a pair (x, y), or x alone; got the text {given!r:.60}. A data set is read by "
            f"its name with rc.load({given!r:.60})."
        )
    if isinstance(given, tuple):
        if len(given) != 2:
            raise RecircuitError(
                f"{asked}: the data are a data set, a pair (x, y), or x alone; got a tuple of {len(given)}."
            )
        return given
    if not isinstance(given, Sequence | Mapping) and not _is_array(given):
        if isinstance(given, Iterable):
            return _gathered(network, given, asked)
        if all(hasattr(type(given), method) for method in ("__len__", "__getitem__")):
            return _gathered(network, (given[k] for k in range(len(given))), asked, single=True)
    if isinstance(given, list) and is_pair(given):
        raise RecircuitError(f"{asked}: a pair of samples and what is wanted is a tuple, (x, y); got a list of two.")
    return given, None


def is_pair(given: Any) -> bool:
    """Return whether a list or tuple is a pair of samples and labels or targets: two arrays of different dimensions."""
    return len(given) == 2 and len({-1 if part is None else part.ndim for part in map(_array, given)}) > 1


def class_names(y: Any, known: tuple[str, ...] | None = None) -> tuple[str, ...] | None:
    """Return the sorted names of classes if labels are names; the ``known`` names if there are any; None for numbers."""
    values = _array(y)
    if values is None or values.dtype.kind not in "OUST":
        return None
    names = tuple(np.unique(_names(values)).tolist())
    return known if known is not None else names


def coded(y: Any, classes: tuple[str, ...] | None, asked: str) -> Any:
    """Return the number of each class: names become their index among the classes, other labels stay as they are."""
    values = _array(y)
    if values is None or values.dtype.kind not in "OUST" or classes is None:
        return y
    names = _names(values).reshape(-1)
    unknown = sorted(set(names.tolist()) - set(classes))
    if unknown:
        raise RecircuitError(f"{asked}: the class {unknown[0]!r} is not among those of training, {list(classes)}.")
    places = {name: place for place, name in enumerate(classes)}
    return np.array([places[name] for name in names.tolist()], dtype=np.int64)


def _names(values: np.ndarray) -> np.ndarray:
    """Return the names of classes as text; refuse labels that are missing, and numbers among texts."""
    if values.dtype.kind == "O":
        flat = values.reshape(-1).tolist()
        missing = [place for place, one in enumerate(flat) if _is_missing(one)]
        if missing:
            raise RecircuitError(
                f"labels: {len(missing):,} samples have no class; sample {missing[0]} has {flat[missing[0]]!r}. Leave these "
                "samples out."
            )
        wrong = [one for one in flat if not isinstance(one, str | bytes | int | float | np.generic)]
        if wrong:
            raise RecircuitError(f"labels: a class is a number or a text; got {wrong[0]!r:.80}.")
        if len({isinstance(one, str) for one in flat}) > 1:
            raise RecircuitError(
                "labels: some classes are texts and others are not. Give all of them as texts, or as numbers."
            )
    try:
        return values.astype(str)
    except UnicodeDecodeError as problem:
        raise RecircuitError(
            f"labels: {problem.object!r} is not a text. Give classes as texts or as whole numbers."
        ) from None


def _is_missing(label: Any) -> bool:
    """Say whether a label is missing: None, NaN, or a missing value of pandas."""
    return (
        label is None or type(label).__name__ in ("NAType", "NaTType") or (isinstance(label, float) and label != label)
    )


def _is_array(given: Any) -> bool:
    return isinstance(given, np.ndarray) or hasattr(given, "__array__")


def _array(y: Any) -> np.ndarray | None:
    """Return labels as an array; None for series of different lengths, and if there are no labels."""
    if y is None or callable(y):
        return None
    try:
        return array_of(y, "the labels")
    except ValueError:
        return None


def _gathered(network: Network, given: Iterable[Any], asked: str, *, single: bool = False) -> tuple[Any, Any]:
    """Return all samples of an iterator in memory, since every epoch shows all of them in an order of its own.

    With ``single``, it yields one sample at a time.
    """
    xs: list[np.ndarray] = []
    ys: list[np.ndarray] = []
    held, free = 0, available()
    for item in given:
        x, y = _parts_of(item)
        if isinstance(x, Mapping):
            raise RecircuitError(
                f"{asked}: an iterator yields pairs (x, y) of arrays; give several stimuli as a mapping."
            )
        x, y = _item(x, asked), None if y is None else _item(y, asked)
        one = single or (y is not None and y.ndim == 0) or _is_one_sample(network, x)
        xs.append(x[None] if one else x)
        if y is not None:
            ys.append(y[None] if one else y)
        held += xs[-1].nbytes
        if free is not None and held > free:
            raise RecircuitError(
                f"{asked}: the iterator has yielded {held / GIB:.2f} GiB, and {free / GIB:.2f} GiB are free. All samples are "
                "kept in memory: give an iterator that ends, or fewer samples, or call train once for each part."
            )
    if not xs or len(ys) not in (0, len(xs)):
        raise RecircuitError(f"{asked}: an iterator yields one pair (x, y) or more; got {len(xs)} x, and {len(ys)} y.")
    try:
        return np.concatenate(xs), np.concatenate(ys) if ys else None
    except ValueError:
        raise RecircuitError(
            f"{asked}: the iterator yields samples of the shapes {sorted({x.shape[1:] for x in xs})}; give series of different "
            "lengths as a list of arrays."
        ) from None


def _parts_of(item: Any) -> tuple[Any, Any]:
    """Return x and y of an item: a pair, x alone, or a list of one array, which a loader of PyTorch gives for x alone."""
    if isinstance(item, tuple | list) and len(item) == 2:
        return item[0], item[1]
    alone = isinstance(item, tuple | list) and len(item) == 1 and _is_array(item[0])
    return (item[0] if alone else item), None


def _item(values: Any, asked: str) -> np.ndarray:
    try:
        return array_of(values, asked)
    except ValueError:
        raise RecircuitError(
            f"{asked}: the iterator yields {values!r:.60}, whose rows have different lengths."
        ) from None


def _is_one_sample(network: Network, x: np.ndarray) -> bool:
    """Say whether an array is a single sample of the first stimulus, and not several."""
    shown = stimuli(network)
    if shown and shown[0].clamp is not None and shown[0].clamp.every:
        return x.ndim < 3
    return bool(shown) and x.ndim < 2 and x.size == shown[0].size
