"""Operations of a step that do not depend on each other."""

from __future__ import annotations

import pytest
from brian2 import ms

import recircuit as rc
from recircuit.circuits.lowering.kernels import Clamp, Product, Propagate
from recircuit.circuits.lowering.operations import Operation
from recircuit.circuits.lowering.timetable import Timetable


def _layers(*, optimise: bool) -> rc.Circuit:
    net = rc.Circuit(batch_size=2, dt=1 * ms, optimise=optimise)
    below = net.stimulus("x", 3)
    for number in range(3):
        above = net.population(f"h{number}", 3, rc.pyramidal(transfer="tanh", tau=1 * ms))
        net.connect(below, above, rule=rc.urfb.forward)
        below = above
    net.phases("feedforward", 3 * ms, "plasticity", 1 * ms)
    return net


def _groups(table: Timetable) -> list[tuple[list[Operation], list[tuple[int, int]]]]:
    rows = [[e.operation for e in row if not e.skipped] for row in table.entries]
    return [(row, sorted(groups.items())) for row, groups in zip(rows, table.independent, strict=True)]


@pytest.mark.parametrize("optimise", [True, False])
def test_of_a_group_nobody_reads_or_writes_what_another_writes(optimise: bool) -> None:
    net = _layers(optimise=optimise)
    for row, groups in _groups(net.timetable("train")):
        for begin, count in groups:
            group = row[begin : begin + count]
            assert not any(isinstance(operation.kernel, Clamp) for operation in group)
            for one in group:
                others = [o for o in group if o is not one]
                assert not any(one.writes & (other.reads | other.writes) for other in others)


def test_the_products_of_all_layers_in_a_step_are_one_group() -> None:
    net = _layers(optimise=False)
    found = [
        {type(row[begin].kernel): count for begin, count in groups} for row, groups in _groups(net.timetable("train"))
    ]
    assert [kinds.get(Propagate) for kinds in found] == [3, 3, 3, None]
    assert [Product in kinds for kinds in found] == [False, False, False, True]
