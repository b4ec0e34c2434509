"""The readout of a circuit: from which variable of which population its answer is read, and at the end of which steps."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import RecircuitError
from ..backends.program import RunResult
from ..connectivity.one_to_one import OneToOne
from ..description.network import Network
from ..description.populations.population import Population
from ..description.serving import served_by
from ..inputs.given_samples import stimuli, supervisors
from ..inputs.series import last_steps
from ..inspection.expressions import keys_of, value_of
from ..lowering.lowered import Lowered
from ..lowering.timetable import UNREAD, Timetable
from ..lowering.variables import split_key

__all__ = ["Readout", "confusion"]


class HasLowered(Protocol):
    """A circuit that can be given as operations."""

    def lowered(self) -> Lowered:
        """Return the circuit as operations and variables."""
        ...


@dataclass(frozen=True)
class Readout:
    """The answer of a circuit: the variable, and the steps at whose ends it is read.

    The answer to a class is the unit of the output with the largest basal field (or rate, if it has no such field). The
    answer to a target is the variable ``answer`` of the output, or its rate.

    Parameters
    ----------
    lowered : Lowered
        The circuit whose answer it is.
    output : Population
        The population that answers.
    field : str
        The variable of the output that is read, such as ``"o.basal"``.
    step : int
        The step at whose end it is read: the last step of the evaluation phases, before any supervision has arrived.
    mode : str, optional
        The mode of the circuit, if it has several schedules. The default is the first.
    wanted : str
        The supervisor or target that presents what the output should answer; empty if nothing does.
    rows : tuple of int
        For an answer that is a series, the step at whose end each row is read; empty if one answer is read, at ``step``.
    series : str
        The stimulus or target whose rows are answered one by one.
    """

    lowered: Lowered
    output: Population
    field: str
    step: int
    mode: str | None = None
    wanted: str = ""
    rows: tuple[int, ...] = ()
    series: str = ""

    @classmethod
    def of(
        cls,
        circuit: HasLowered,
        output: str | None = None,
        read: str | None = None,
        rows: Literal["all", "last"] | None = None,
        mode: str | None = None,
    ) -> Readout:
        """Return the readout of a population.

        Parameters
        ----------
        circuit : HasLowered
            The circuit.
        output : str, optional
            The name of the population. The default is the one that an output circuit made, or else the one that a supervisor
            or target projects to, directly or through error neurons.
        read : str, optional
            The variable that is read instead of the answer of an output, such as ``"h.rate"``.
        rows : {"all", "last"}, optional
            Whether all rows of a series are read, or the last one, at the end of a presentation. The default is all where a
            series is wanted, or where series are presented and nothing is wanted.
        mode : str, optional
            The mode of the circuit in which the answer is read. The default is the first.

        Raises
        ------
        RecircuitError
            If there is no output or more than one, if there is no population of this name, or if there are no phases.
        """
        lowered = circuit.lowered()
        network, (schedule, _) = lowered.network, lowered.schedule.part(mode)
        if network.schedule is None:
            raise RecircuitError(
                "The circuit has no phases and just runs, so it has no presentations with an answer at their end. Say what a "
                'presentation is, as in circuit.phases("trial", 40*ms), or record what it does: circuit.run(..., record=[...]).'
            )
        if read is not None:
            output, _ = split_key(read)
        population = _output(network, output)
        wanted = _wanted(network, population)
        series = _series_of_answers(network, wanted, rows)
        return cls(
            lowered,
            population,
            read or _field(network, population, wanted),
            schedule.before(range(schedule.steps))[max(schedule.windows[name][1] for name in schedule.evaluation) - 1],
            mode,
            "" if wanted is None else wanted.name,
            () if series is None else last_steps(network, series, mode),
            "" if series is None else series.name,
        )

    @property
    def real(self) -> bool:
        """Whether real values are wanted, not classes."""
        return self.wanted != "" and self.lowered.network.populations[self.wanted].presents == "targets"

    @property
    def keys(self) -> list[str]:
        """The stored variables from which the field is computed."""
        return keys_of(self.lowered.network, self.lowered.variables, self.field)

    @property
    def collect(self) -> dict[str, int]:
        """The variables that a run has to keep, and at the end of which step."""
        return dict.fromkeys(self.keys, self.step)

    def table(self, purpose: str) -> Timetable:
        """Return the timetable of a presentation to train or to evaluate, which computes the variables that are read."""
        if self.rows:
            return self._table(purpose, self.keys)
        table = self._table(purpose, ())
        row = table.entries[table.steps.index(self.step)]
        lost = any(e.skipped == UNREAD and e.operation.writes & set(self.keys) for e in row)
        return self._table(purpose, self.keys) if lost else table

    def _table(self, purpose: str, keep: Collection[str]) -> Timetable:
        optimise = self.lowered.network.optimise
        return Timetable.of(self.lowered, purpose, optimise=optimise, keep=tuple(keep), mode=self.mode)

    def fields(self, result: RunResult) -> NDArray[np.float64]:
        """Return the fields that were read in a run, of shape (presentations, batch, units)."""
        shown = result.presentations
        stored = {k: v if v.ndim > 2 else v.reshape(shown, 1, -1) for k, v in result.collected.items()}
        return self.values(stored, shown)

    def values(self, stored: Mapping[str, np.ndarray], count: int) -> NDArray[np.float64]:
        """Return the answers, of shape (count, batch, units), from variables that were kept at ``count`` moments."""
        network = self.lowered.network
        return value_of(network, self.field, stored, (count, network.batch_size, self.output.size))


def confusion(labels: NDArray[np.integer], answers: NDArray[np.integer], classes: int) -> NDArray[np.int64]:
    """Return how often each class (row) was answered by each class (column), of shape (classes, classes)."""
    counted = np.bincount(labels * classes + answers, minlength=classes**2)
    return counted.reshape(classes, classes)


def _field(network: Network, population: Population, wanted: Population | None) -> str:
    """Return the variable that is read as the answer of a population."""
    if wanted is not None and wanted.presents == "targets":
        return f"{population.name}.{'answer' if 'answer' in population.variables() else 'rate'}"
    driven = any(p.post is population and p.into == "basal" for p in network.projections.values())
    return f"{population.name}.{'basal' if driven else 'rate'}"


def _wanted(network: Network, output: Population) -> Population | None:
    """Return the supervisor or target that projects to an output or to its companion units; None if there is none."""
    serves = served_by(network)
    found = [
        p.pre
        for p in network.projections.values()
        if p.pre.clamp is not None and p.pre.clamp.supervises and serves.get(p.post.name, p.post.name) == output.name
    ]
    if not found and output.name in network.outputs_of:
        # The supervisor of an output circuit that has its own companions.
        found = [p for p in supervisors(network) if p.size == output.size]
    return found[0] if found else None


def _series_of_answers(network: Network, wanted: Population | None, rows: str | None) -> Population | None:
    """Return the population whose rows are answered one by one; None if there is one answer to a presentation."""
    if rows not in (None, "all", "last"):
        raise RecircuitError(f"rows: expected 'all' or 'last'; got {rows!r}.")
    series = [p for p in [*([] if wanted is None else [wanted]), *stimuli(network)] if p.clamp and p.clamp.every]
    if rows == "all" and not series:
        raise RecircuitError("rows='all' is for series: no stimulus of the circuit was declared with every=....")
    by_itself = bool(series) and (wanted is None or series[0] is wanted)
    return series[0] if series and (rows == "all" or (rows is None and by_itself)) else None


def _output(network: Network, name: str | None) -> Population:
    if name is not None:
        if name not in network.populations:
            raise RecircuitError(
                f"output: there is no population {name!r} to read; there are {[*network.populations]}."
            )
        return network.populations[name]
    taught = _taught(network)
    if len(taught) != 1:
        raise RecircuitError(
            "output: expected one output, which an output circuit made or a supervisor projects to; found "
            f"{list(taught) or 'none'}. "
            'Say which population answers, as in train(..., output="o").'
        )
    return next(iter(taught.values()))


def _taught(network: Network) -> dict[str, Population]:
    """Return the populations that supervisors project to; of several, those whose units each get a target of their own."""
    stands_for, known = served_by(network), network.outputs_of
    companions = {getattr(made_by, "supervisor", "") for made_by in known.values()}
    tells = [
        p
        for p in network.projections.values()
        if p.pre.clamp is not None and p.pre.clamp.supervises and p.pre.name not in companions
    ]
    to_each = [p for p in tells if isinstance(p.connectivity, OneToOne)]
    served = [stands_for.get(p.post.name, p.post.name) for p in to_each or tells]
    return {name: network.populations[name] for name in [*known, *served]}
