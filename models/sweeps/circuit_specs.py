"""Circuits by a text that names them: a rule, a rule in a file, or a function in a file that makes a circuit."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...circuits import Circuit
from ...errors import UsageError
from ...foreign_text import only_value_errors
from ...plasticity import Rule
from ...plasticity.registry import file_of_rule, find
from ...plasticity.rule_files import names_in_file
from ..data import Dataset
from ..networks.registry import NETWORKS, network_for
from ..runs.config import RunConfig

__all__ = ["Build", "Task", "builder_of"]

Build = Callable[[int], Circuit]


@dataclass(frozen=True)
class Task:
    """The task on which all rules are trained.

    Parameters
    ----------
    data : Dataset
        The samples.
    layers : tuple[int, ...]
        The numbers of units of the layers, stimulus first.
    epochs, batch_size : int
        How long they are trained, and how many samples they are shown at a time.
    wanted_error : float
        The test error whose first epoch is noted.
    backend : str
        What runs them.
    """

    data: Dataset
    layers: tuple[int, ...]
    epochs: int = 10
    batch_size: int = 20
    wanted_error: float = 0.1
    backend: str = "numpy"

    def in_words(self, seeds: int) -> str:
        """Return the line that stands above a table of this task over a number of seeds."""
        epochs = f"{self.epochs} {'epoch' if self.epochs == 1 else 'epochs'}"
        layers = "-".join(map(str, self.layers))
        return f"{self.data.name}, layers {layers}, {epochs}, {self.batch_size} at a time, {seeds} seed{'s' * (seeds != 1)}."

    def facts(self) -> dict[str, Any]:
        """Return what a file of results says of the task."""
        return {
            "data": self.data.name,
            "layers": list(self.layers),
            "epochs": self.epochs,
            "batch_size": self.batch_size,
        }


def builder_of(spec: str, task: Task) -> Build:
    """Return what makes the circuit of a spec for a seed.

    Parameters
    ----------
    spec : str
        A rule, by name or ./file.py:rule, which is trained in the network that `recircuit train` makes for it. The error
        is squared unless that network fixes its loss, and hidden units of plain layers have tanh; others have the
        transfer function that is usual in their network. Or ./file.py:function, a function of (sizes, batch_size=, seed=)
        that returns a circuit with an output `o`, as the files of the gallery have. Further arguments of the function are
        given in brackets: ``generec.py:network(feedback='random')``.
    task : Task
        The data, layers and batch size that the circuit is made for.

    Raises
    ------
    UsageError
        If there is no such rule, file or function, or it makes no circuit.
    """
    called, options = _with_options(spec)
    path = file_of_rule(called)
    made = None if path is None else _attribute(path, called.rpartition(":")[2])
    if made is not None and not isinstance(made, Rule):
        return lambda seed: _made(made, spec, options, task, seed)
    if options:
        raise UsageError(
            f"{spec}: only a function in a file takes arguments in brackets, as in ./mine.py:network(rate=0.1)."
        )
    layers = "-".join(map(str, task.layers))
    kind = NETWORKS[network_for(find(spec))]
    chosen = {} if kind.own_outputs else {"loss": "mse"}
    if kind is NETWORKS["layered"]:
        chosen["transfer"] = "tanh"

    def build(seed: int) -> Circuit:
        config = RunConfig.of(
            data=task.data.name, rule=spec, layers=layers, batch_size=task.batch_size, epochs=task.epochs, seed=seed,
            precision="float64", **chosen,
        )  # fmt: skip
        return config.filled(task.data).circuit(task.data)

    return build


def _with_options(spec: str) -> tuple[str, dict[str, Any]]:
    """Return what is called, and its arguments, which are literals by their names."""
    called, bracket, text = spec.partition("(")
    if not bracket:
        return spec, {}
    try:
        with only_value_errors():
            call = ast.parse(f"f({text}", mode="eval").body
            if not isinstance(call, ast.Call) or call.args or any(k.arg is None for k in call.keywords):
                raise ValueError("they are given by their names")
            return called, {str(k.arg): ast.literal_eval(k.value) for k in call.keywords}
    except ValueError as problem:
        raise UsageError(
            f"{spec}: expected arguments such as (rate=0.1, feedback='random'), whose values are numbers, texts, tuples, "
            f"True, False or None; {problem}."
        ) from problem


def _made(function: Any, spec: str, options: dict[str, Any], task: Task, seed: int) -> Circuit:
    """Return the circuit that a function of a file makes. Refuse anything else."""
    given = {"batch_size": task.batch_size, "seed": seed, **options}
    try:
        inspect.signature(function).bind(task.layers, **given)
        found = function(task.layers, **given)
    except (TypeError, ValueError) as problem:
        raise UsageError(
            f"{spec} cannot be called as network({task.layers}, batch_size=, seed=): {problem}."
        ) from problem
    if not isinstance(found, Circuit):
        raise UsageError(f"{spec} must return a circuit, and returned a {type(found).__name__}.")
    return found


def _attribute(path: Path, name: str) -> Any:
    """Return what a file defines under a name."""
    if not path.is_file():
        raise UsageError(f"{path}:{name}: there is no file {path}. A circuit in a file is given as ./mine.py:network.")
    defined = names_in_file(path, f"{path}:{name}")
    if name not in defined:
        raise UsageError(
            f"{path}:{name}: there is no {name!r} in the file; name a rule, or a function that makes a circuit."
        )
    return defined[name]
