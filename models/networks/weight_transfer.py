"""The weights of one network as those of another: from tied to untied, and from one circuit to the next (Amit 2019, 4.1)."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from ...circuits import Circuit, Local, Projection
from ...circuits.lowering.variables import split_key
from ...errors import RecircuitError

__all__ = ["carry_over", "untied"]


def untied(weights: NDArray[np.floating], tied: Projection, into: Projection) -> NDArray[np.floating]:
    """Return the weight that each synapse of ``into`` has in ``tied``: every place gets its copy of the filter.

    Parameters
    ----------
    weights : NDArray[np.floating]
        The weights, of the shape of ``tied``.
    tied, into : Projection
        Projections with the same synapses. Those of ``tied`` may share their weights.

    Raises
    ------
    RecircuitError
        If they do not have the same synapses.
    """
    found = np.zeros(into.shape, weights.dtype)
    (a, b), size = (_by_place(p) for p in (tied, into)), tied.post.size
    if not np.array_equal(a[0], b[0]) or size != into.post.size:
        raise RecircuitError(
            f"untied: {into.name} has other synapses ({into.connectivity}) than {tied.name} ({tied.connectivity})."
        )
    found.flat[b[1]] = weights.flat[a[1]]
    return found


def carry_over(source: Circuit, target: Circuit, layers: Collection[str] | None = None) -> list[str]:
    """Give a circuit the weights, and the states of the rules, of another one.

    Where weights are tied in the source and untied in the target, every place gets a copy. Parameters, such as the rate, are
    not carried over.

    Parameters
    ----------
    source : Circuit
        The circuit that has been trained.
    target : Circuit
        The circuit that continues, or begins with some of its layers.
    layers : collection of str, optional
        The populations whose incoming projections, and whose feedback, are carried over. The default is all.

    Returns
    -------
    list of str
        The names of the projections that were carried over.

    Raises
    ------
    RecircuitError
        If the source does not have a layer, or has other synapses.
    """
    program, carried = target.program(), []
    for name, into in target.projections.items():
        ends = {into.post.name} if into.into != "apical" else {into.pre.name}
        if layers is not None and not ends & {*layers}:
            continue
        if (own := source.projections.get(name)) is None:
            raise RecircuitError(
                f"carry_over: the source has no projection {name!r}; it has {list(source.projections)}."
            )
        parameters = into.equation.parameters if into.equation is not None else {}
        for key in (k for k in source.program().variables if split_key(k)[0] == name):
            _, variable = split_key(key)
            if key not in program.variables or variable in {*own.connectivity.tables, *parameters}:
                continue
            values = source[key]
            same = own.connectivity == into.connectivity or values.shape != tuple(own.shape)
            program.set(key, values if same else untied(values, own, into))
        carried.append(name)
    return carried


def _by_place(projection: Projection) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return pre and post unit of every synapse as one number, sorted, and where its weight is."""
    connectivity = projection.connectivity
    if not isinstance(connectivity, Local):
        raise RecircuitError(f"untied: {projection.name} is no convolution and not local; it is {connectivity}.")
    pre, post, weight = connectivity.indices(projection.pre.size, projection.post.size)
    number = post.astype(np.int64) * projection.pre.size + pre
    order = np.argsort(number, kind="stable")
    return number[order], weight[order]
