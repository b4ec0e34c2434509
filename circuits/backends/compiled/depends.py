"""One hash of everything that the code of a circuit depends on. It finds the circuit's program in the cache without its
code being generated.

The operations are data, and the code is made from them and from the populations, and from nothing else in the circuit. The
code is made by the package itself, of which all files are read, by Brian2 with its preferences and functions, and by the
compiler.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import prefs
from brian2.core.functions import DEFAULT_FUNCTIONS

from .... import plasticity
from ...description.fingerprint import fingerprint
from ...description.reads import definitions
from ...lowering.lowered import Lowered
from .. import registry

__all__ = ["depends_on"]

ROOT = Path(__file__).parents[2]
#: The folders of the modules that make code from a description.
FOLDERS = (
    *(ROOT / name for name in ("backends", "lowering", "connectivity", "description")),
    Path(plasticity.__file__).parent,
)
PACKAGES = ("Brian2", "numpy", "sympy", "Jinja2")
#: The name of the package, whose classes are identified by the files in which they are.
OURS = __name__.partition(".circuits.")[0] + "."


class _Unknown(Exception):
    """The code depends on a value that data cannot describe."""


def depends_on(lowered: Lowered, tools: Iterable[str]) -> str:
    """Return a hash of everything that a circuit's code, and the program compiled from it, depend on.

    Parameters
    ----------
    lowered : Lowered
        The circuit.
    tools : Iterable[str]
        The compiler, its options, and the libraries that it links.

    Returns
    -------
    str
        The hash. It is empty where the code depends on more than is known: for the form that uses Brian2's
        `Synapses`, for classes of a user's own, and for a package that was changed after this process had imported it.
    """
    if lowered.network.lowering == "reference" or not (package := _package()):
        return ""
    try:
        said = (package, sys.version, tuple(map(version, PACKAGES)), tuple(tools), *_brian2(), *_circuit(lowered))
    except _Unknown:
        return ""
    return hashlib.sha256(repr(said).encode(errors="surrogatepass")).hexdigest()[:32]


def _circuit(lowered: Lowered) -> Iterator[Any]:
    """Yield what was declared, and the operations that it became."""
    network = lowered.network
    yield tuple(fingerprint(network).items())
    for name, population in network.populations.items():
        dimensions = {v: repr(population.neuron.dimension(v)) for v in sorted(population.neuron.stored)}
        single = {v: repr(population.neuron.dimension(v)) for v in population.single_parameters}
        yield name, population.size, _as_data([definitions(network, population), dimensions, single])
    yield _as_data([lowered.operations, lowered.alternatives, lowered.variables])


def _brian2() -> Iterator[Any]:
    """Yield the preferences of Brian2 and its functions in C++, which a user may have changed."""
    yield sorted((name, repr(value)) for name, value in prefs.prefs.items() if not name.startswith("logging."))
    for name, function in DEFAULT_FUNCTIONS.items():
        for target, made in function.implementations._implementations.items():
            called = str(getattr(target, "__name__", target))
            if "cpp" in called.lower() and not getattr(target, "__module__", "").startswith(OURS):
                yield name, called, getattr(made._code, "__qualname__", None) or repr(made._code)


@cache
def _package() -> str:
    """Return a hash of the files of the package; empty if one was changed after this process had imported it."""
    digest = hashlib.sha256()
    for folder in FOLDERS:
        for name in _files(folder):
            with open(f"{folder}{name}", "rb", buffering=0) as file:
                if os.fstat(file.fileno()).st_mtime > registry.IMPORTED:
                    return ""
                content = file.read()
            digest.update(f"{folder.name}{name}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[str]:
    for where, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if name != "__pycache__")
        yield from (f"{where}/{name}"[len(str(folder)) :] for name in sorted(names))


def _as_data(value: Any) -> Any:
    """Return data as tuples of numbers and texts, which `repr` describes completely."""
    if value is None or isinstance(value, str | int | float | np.generic):
        return value
    if isinstance(value, Enum):
        return type(value).__name__, value.name
    if isinstance(value, tuple | list):
        return type(value).__name__, *map(_as_data, value)
    if isinstance(value, frozenset | set):
        return "set", *sorted(repr(_as_data(one)) for one in value)
    if isinstance(value, Mapping):
        return "mapping", *((_as_data(k), _as_data(v)) for k, v in value.items())
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return value.dtype.str, value.shape, hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
    if is_dataclass(value) and type(value).__module__.startswith(OURS):
        return type(value).__qualname__, *((f.name, _as_data(getattr(value, f.name))) for f in fields(value))
    raise _Unknown
