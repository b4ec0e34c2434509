"""Where a circuit's answer is read: the output population's field, at the end of what an evaluation shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...circuits import Circuit, Population
from ...circuits.backends import RunResult
from ...circuits.inspection.expressions import keys_of, value_of
from ...circuits.lowering.timetable import UNREAD, Timetable
from ...errors import RecircuitError
from .weight_alignment import served_by

__all__ = ["Readout"]


@dataclass(frozen=True)
class Readout:
    """The answer of a circuit is the unit of the output with the largest basal field (rate, where it has none).

    circuit: whose answer it is. output: the population. field: the name of what is compared. step: at whose end it is
    read, the last of the phases of
    an evaluation, which no supervision has reached yet.
    """

    circuit: Circuit
    output: Population
    field: str
    step: int

    @classmethod
    def of(cls, circuit: Circuit, output: str | None = None) -> Readout:
        """Return the readout of a population; None: of the one that a supervisor projects to, or to
        whose error neurons.

        Raises
        ------
        RecircuitError
            If there is none, or more than one, or no population of that name.
        """
        population = _output(circuit, output)
        driven = any(p.post is population and p.into == "basal" for p in circuit.projections.values())
        schedule = circuit.schedule
        if schedule is None:
            raise RecircuitError("train: the circuit has no phases yet; call circuit.phases(...) first.")
        step = max(schedule.windows[name][1] for name in schedule.evaluation) - 1
        return cls(circuit, population, f"{population.name}.{'basal' if driven else 'rate'}", step)

    @property
    def keys(self) -> list[str]:
        """The stored variables that the field is made of."""
        return keys_of(self.circuit, self.circuit.lowered().variables, self.field)

    @property
    def collect(self) -> dict[str, int]:
        """What a run is to keep, and when."""
        return dict.fromkeys(self.keys, self.step)

    def table(self, circuit: Circuit, mode: str) -> Timetable:
        """Return the timetable of a mode, in which what is read here is not left out."""
        table = circuit.timetable(mode)
        row = table.entries[table.steps.index(self.step)]
        lost = any(e.skipped == UNREAD and e.operation.writes & set(self.keys) for e in row)
        return circuit.timetable(mode, self.keys) if lost else table

    def answers(self, result: RunResult) -> NDArray[np.int64]:
        """Return the answers of a run, (presentations, batch)."""
        circuit, shown = self.circuit, result.presentations
        stored = {k: v if v.ndim > 2 else v.reshape(shown, 1, -1) for k, v in result.collected.items()}
        return value_of(circuit, self.field, stored, (shown, circuit.batch_size, self.output.size)).argmax(axis=-1)

    def wrong(self, result: RunResult, order: NDArray[np.int32], labels: NDArray[np.integer]) -> float:
        """Return the share of wrong answers, among the batch elements that held a stimulus."""
        rows = order[: result.presentations]
        shown = rows >= 0
        return float(np.mean(self.answers(result)[shown] != labels[rows[shown]]))


def _output(circuit: Circuit, name: str | None) -> Population:
    if name is not None:
        if name not in circuit.populations:
            raise RecircuitError(f"train: there is no population {name!r} to read; there are {[*circuit.populations]}.")
        return circuit.populations[name]
    stands_for = served_by(circuit)
    taught = {
        (served := stands_for.get(p.post.name, p.post.name)): circuit.populations[served]
        for p in circuit.projections.values()
        if p.pre.clamp is not None and p.pre.clamp.kind == "labels"
    }
    if len(taught) != 1:
        raise RecircuitError(
            f"train: expected one output, which a supervisor projects to; found {list(taught) or 'none'}. "
            'Say which population answers, as in train(..., output="o").'
        )
    return next(iter(taught.values()))
