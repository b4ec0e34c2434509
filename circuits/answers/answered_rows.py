"""Runs in which answers are read, once in a presentation or for each row of a series; their distance from targets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import RecircuitError
from ..backends.program import Interrupted, Program, RunResult
from ..inputs.rows import Rows
from ..lowering.timetable import Timetable
from .readout import Readout

__all__ = ["Shown", "mean_square", "show"]

#: Bytes of answers that a run keeps at a time.
PIECE = 2**26


@dataclass(frozen=True)
class Shown:
    """A run, and the answers that were read in it.

    Parameters
    ----------
    result : RunResult
        What the run left, up to where something diverged.
    answers : array of float
        The answers, of shape (presentations, batch, units); of series (presentations, batch, rows, units).
    """

    result: RunResult
    answers: NDArray[np.float64]


def show(
    program: Program,
    readout: Readout,
    table: Timetable,
    order: NDArray[np.int32],
    progress: Callable[[int], None] | None = None,
) -> Shown:
    """Run a timetable and read the answers.

    Parameters
    ----------
    program : Program
        The built circuit; its data are loaded.
    readout : Readout
        What is read, and when.
    table : Timetable
        The timetable: ``readout.table("train")`` or ``readout.table("evaluate")``.
    order, progress
        As in `Program.run`.
    """
    if not readout.rows:
        result = program.run(table, order, collect=readout.collect, progress=progress)
        return Shown(result, np.zeros(0) if result.diverged else readout.fields(result))
    return _show_series(program, readout, table, order, progress)


def _show_series(
    program: Program,
    readout: Readout,
    table: Timetable,
    order: NDArray[np.int32],
    progress: Callable[[int], None] | None,
) -> Shown:
    """Run piece by piece and read a series of answers, so that the steps between do not fill the memory."""
    elements, places = order.shape[1], _places(readout, table)
    each = 8 * table.length * sum(program.variables[key].size for key in readout.keys)
    count, found, done = max(PIECE // max(each, 1), 1), [], 0
    result = RunResult(0)
    for begin in range(0, len(order), count):
        tick = None if progress is None else (lambda n, before=begin: progress(before + n))
        piece = order[begin : begin + count]
        try:
            result = program.run(table, piece, trace=readout.keys, elements=elements, progress=tick)
        except Interrupted as stopped:
            stopped.result.presentations += done
            raise Interrupted(stopped.result) from None
        done += result.presentations
        result.presentations = done
        if result.diverged:
            return Shown(result, np.zeros(0))
        found.append(_answers_of_piece(readout, result, len(piece), table.length, places))
    return Shown(result, np.concatenate(found))


def _answers_of_piece(
    readout: Readout, result: RunResult, count: int, length: int, places: NDArray[np.int64]
) -> NDArray[np.float64]:
    stored = {}
    for key, values in result.traces.items():
        variable = readout.lowered.variables[key]
        wanted = values.reshape(count, length, -1)[:, places]
        columns = readout.lowered.network.batch_size if variable.by_element else 1
        stored[key] = wanted.reshape(count * len(places), columns, -1)
    read = readout.values(stored, count * len(places))
    return np.asarray(read, dtype=float).reshape(count, len(places), *read.shape[1:]).swapaxes(1, 2)


def _places(readout: Readout, table: Timetable) -> NDArray[np.int64]:
    """Return the positions, in a run's trace of a presentation, of the steps at which answers are read."""
    steps = [step + k for row, step in enumerate(table.steps) for k in range(table.repeats.get(row, 1))]
    place = {step: at for at, step in enumerate(steps)}
    missing = [step for step in readout.rows if step not in place]
    if missing:
        raise RecircuitError(_left_out_message(readout, missing[0]))
    return np.array([place[step] for step in readout.rows])


def _left_out_message(readout: Readout, step: int) -> str:
    """Return the message for a series whose rows are presented in a step that evaluations leave out."""
    schedule, _ = readout.lowered.schedule.part(readout.mode)
    named = [*schedule.names_at(step), *schedule.windows][0]
    return (
        f"An answer to each row of the series {readout.series!r} is read at its end, and {readout.series!r} is presented in "
        f"step {step}, which evaluations leave out: they run {' and '.join(schedule.evaluation)}. Name the phases of an "
        f"evaluation, as in circuit.phases(..., evaluation={named!r}), or those in which the series is presented, as in "
        f"circuit.stimulus(..., during={schedule.evaluation[0]!r}). rows='last' reads one answer, at the end."
    )


def mean_square(answers: NDArray[np.float64], order: NDArray[np.int32], wanted: Rows) -> float:
    """Return the mean of (answer - wanted)^2 over all samples that were presented, their rows, and units.

    Parameters
    ----------
    answers : array of float
        The answers, as in `Shown`.
    order : array of int
        The sample of each batch element in each presentation, of shape (presentations, batch); -1 for none.
    wanted : Rows
        The rows of the target. Rows after the end of a sample do not count.
    """
    total, count = 0.0, 0
    together = max(1, PIECE // max(8 * answers[:1].size, 1))
    for begin in range(0, len(order), together):
        samples = order[begin : begin + together]
        shown = samples >= 0
        difference, there = _differences(answers[begin : begin + together][shown], samples[shown], wanted)
        total += float(np.sum(np.square(difference), where=there, initial=0.0))
        count += int(np.broadcast_to(there, difference.shape).sum())
    return total / count if count else float("nan")


def _differences(
    answers: NDArray[np.float64], samples: NDArray[np.int32], wanted: Rows
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the differences between answers and the targets of their samples, and which of them count."""
    series = wanted.series
    if series is None:
        target = wanted.values[samples] * wanted.scale + wanted.offset
        return answers - target, np.ones((1, 1), dtype=bool)
    rows = min(series.rows, answers.shape[1])
    whole = wanted.values.reshape(-1, series.rows, wanted.values.shape[1])[:, :rows]
    chosen = np.zeros_like(samples) if series.shared else samples
    target = whole[chosen] * wanted.scale + wanted.offset
    lengths = series.lengths[chosen] if len(series.lengths) else np.full(len(chosen), rows)
    return answers[:, :rows] - target, (np.arange(rows) < lengths[:, None])[:, :, None]
