"""What a circuit with all that time has is declared from: equations as lines of Python, and the parts they belong to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

DT = 1e-3
EQUATION = re.compile(r"^(?:d(\w+)/dt|(\w+))\s*=\s*(.*?)\s*:\s*1\s*(?:\((.*)\))?$")


@dataclass(frozen=True)
class Units:
    """A population; a stimulus if ``shown`` says when its rows are presented."""

    name: str
    size: int
    lines: tuple[str, ...] = ()
    compartments: tuple[str, ...] = ()
    parameters: dict[str, Any] = field(default_factory=dict)  # in seconds, or without a unit
    shown: str | None = None
    closed: str = "hold"
    every: int = 0
    totals: dict[str, str] = field(default_factory=dict)  # sums of weights, and the compartments into which they lead


@dataclass(frozen=True)
class Path:
    """A projection. ``delay`` counts steps, of each weight if it is an array.

    ``kind`` is a matrix, of which only the synapses ``there`` exist, one synapse for each unit, or windows over a row of
    units, each with weights of its own or with those of all, in this direction or back, or windows of which the largest
    signal arrives. ``mirrors`` names a projection in the opposite direction whose weights, times ``scale``, these are.
    """

    name: str
    pre: str
    post: str
    into: str
    sends: str
    during: str = ""
    learns: str = ""
    closed: str = "hold"
    delay: Any = 0
    there: np.ndarray | None = None
    rule: tuple[str, ...] = ()
    traces: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    kind: str = "matrix"  # or "one to one", "windows", "windows back", "one window", "one window back", "largest"
    mirrors: str = ""
    scale: float = 1.0


@dataclass(frozen=True)
class Message:
    """A broadcast of a population of one unit."""

    name: str
    source: str
    during: str
    closed: str


@dataclass(frozen=True)
class Plan:
    """All of a circuit."""

    batch: int
    units: tuple[Units, ...]
    paths: tuple[Path, ...]
    messages: tuple[Message, ...]
    modes: dict[str, dict[str, tuple[int, int]]]


@dataclass(frozen=True)
class Equation:
    name: str
    differential: bool
    rhs: str
    during: str
    kind: str  # "state", "after" or "expression"
    shared: bool


def equation(line: str) -> Equation:
    found = EQUATION.match(line)
    assert found, line
    differential, assigned, rhs, flags = found.groups()
    words = [f.strip() for f in (flags or "").split(",") if f.strip()]
    shared = "shared" in words
    when = next((w for w in words if w != "shared"), "")
    kind = "after" if when.startswith("after ") else "state" if when or differential or shared else "expression"
    return Equation(
        differential or assigned, bool(differential), rhs, when.partition(" ")[2] if when else "", kind, shared
    )
