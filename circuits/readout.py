"""Where the answer of a circuit is read: a field of the output population, at the end of an evaluation."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import RecircuitError
from .backends.program import RunResult
from .description.network import Network
from .description.population import Population
from .inspection.expressions import keys_of, value_of
from .lowering.lowered import Lowered
from .lowering.timetable import UNREAD, Timetable

__all__ = ["Readout", "confusion", "served_by"]


class HasLowered(Protocol):
    """A circuit that can be given as operations."""

    def lowered(self) -> Lowered:
        """Return the circuit as operations and variables."""
        ...


@dataclass(frozen=True)
class Readout:
    """The answer of a circuit: the unit of the output with the largest basal field (or rate, if it has no such field).

    Parameters
    ----------
    lowered : Lowered
        The circuit whose answer it is.
    output : Population
        The population that answers.
    field : str
        The variable of it that is read, such as ``"o.basal"``.
    step : int
        The step at whose end it is read: the last step of the evaluation phases, before any supervision has arrived.
    within : str, optional
        The mode of the circuit, if it has several schedules. The default is the first.
    """

    lowered: Lowered
    output: Population
    field: str
    step: int
    within: str | None = None

    @classmethod
    def of(
        cls, circuit: HasLowered, output: str | None = None, read: str | None = None, within: str | None = None
    ) -> Readout:
        """Return the readout of a population.

        Parameters
        ----------
        circuit : HasLowered
            The circuit.
        output : str, optional
            The name of the population. The default is the one that an output circuit made, or else the one that a supervisor
            projects to, directly or through error neurons.
        read : str, optional
            The variable, such as ``"h.rate"``, that is read instead of the field of an output.
        within : str, optional
            The mode of the circuit in which it is asked. The default is the first.

        Raises
        ------
        RecircuitError
            If there is no output or more than one, if there is no population of this name, or if there are no phases.
        """
        lowered = circuit.lowered()
        network, (schedule, _) = lowered.network, lowered.schedule.part(within)
        if read is not None:
            output = read.partition(".")[0]
        population = _output(network, output)
        driven = any(p.post is population and p.into == "basal" for p in network.projections.values())
        last = max((schedule.windows[name][1] for name in schedule.evaluation), default=1) - 1
        step = schedule.before(range(schedule.steps))[last]
        return cls(lowered, population, read or f"{population.name}.{'basal' if driven else 'rate'}", step, within)

    @property
    def keys(self) -> list[str]:
        """The stored variables from which the field is computed."""
        return keys_of(self.lowered.network, self.lowered.variables, self.field)

    @property
    def collect(self) -> dict[str, int]:
        """The variables that a run has to keep, and at the end of which step."""
        return dict.fromkeys(self.keys, self.step)

    def table(self, mode: str) -> Timetable:
        """Return the timetable of a mode, in which the variables that are read here are not left out."""
        table = self._table(mode, ())
        row = table.entries[table.steps.index(self.step)]
        lost = any(e.skipped == UNREAD and e.operation.writes & set(self.keys) for e in row)
        return self._table(mode, self.keys) if lost else table

    def _table(self, mode: str, keep: Collection[str]) -> Timetable:
        optimise = self.lowered.network.optimise
        return Timetable.of(self.lowered, mode, optimise=optimise, keep=tuple(keep), within=self.within)

    def fields(self, result: RunResult) -> NDArray[np.float64]:
        """Return the fields that were read in a run, of shape (presentations, batch, units)."""
        network, shown = self.lowered.network, result.presentations
        stored = {k: v if v.ndim > 2 else v.reshape(shown, 1, -1) for k, v in result.collected.items()}
        return value_of(network, self.field, stored, (shown, network.batch_size, self.output.size))

    def answers(self, result: RunResult) -> NDArray[np.int64]:
        """Return the answers of a run, of shape (presentations, batch)."""
        return self.fields(result).argmax(axis=-1)

    def wrong(self, result: RunResult, order: NDArray[np.int32], labels: NDArray[np.integer]) -> float:
        """Return the share of wrong answers among the batch elements that had a stimulus."""
        rows = order[: result.presentations]
        shown = rows >= 0
        return float(np.mean(self.answers(result)[shown] != labels[rows[shown]]))


def confusion(labels: NDArray[np.integer], answers: NDArray[np.integer], classes: int) -> NDArray[np.int64]:
    """Return how often each class (row) was answered by each class (column), of shape (classes, classes)."""
    counted = np.bincount(labels * classes + answers, minlength=classes**2)
    return counted.reshape(classes, classes)


def served_by(network: Network) -> dict[str, str]:
    """Return error neurons and modulatory neurons by name, each with the population that it serves.

    They project one to one into the apical compartment of that population (Lillicrap et al. 2016, Supp. Fig. 2-4).
    """
    return {
        p.pre.name: p.post.name
        for p in network.projections.values()
        if p.into == "apical" and p.connectivity.kind == "one_to_one"
    }


def _output(network: Network, name: str | None) -> Population:
    if name is not None:
        if name not in network.populations:
            raise RecircuitError(
                f"output: there is no population {name!r} to read; there are {[*network.populations]}."
            )
        return network.populations[name]
    stands_for, known = served_by(network), network.outputs_of
    companions = {getattr(made_by, "supervisor", "") for made_by in known.values()}
    taught = {name: network.populations[name] for name in known} | {
        (served := stands_for.get(p.post.name, p.post.name)): network.populations[served]
        for p in network.projections.values()
        if p.pre.clamp is not None and p.pre.clamp.supervises and p.pre.name not in companions
    }
    if len(taught) != 1:
        raise RecircuitError(
            "output: expected one output, which an output circuit made or a supervisor projects to; found "
            f"{list(taught) or 'none'}. "
            'Say which population answers, as in train(..., output="o").'
        )
    return next(iter(taught.values()))
