"""Operations of a step that are done together: no order within a region changes a bit, and threads give the same bits."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brian2 import ms
from networks import layered, stimuli

import recircuit as rc
from recircuit.circuits.lowering.kernels import Clamp
from recircuit.circuits.lowering.operations import Operation
from recircuit.circuits.lowering.passes.regions import Region, regions
from recircuit.circuits.lowering.timetable import Entry, Timetable
from recircuit.plasticity.modifiers import adam, weight_decay

Data = dict[str, np.ndarray]


def deep() -> tuple[rc.Circuit, Data]:
    net = layered((6, 5, 4, 3), batch_size=4, tau=3 * ms, lengths=(6, 40), transfer="tanh")
    return net, stimuli(net)


def settling(units: int = 5, batch_size: int = 4, **options: Any) -> tuple[rc.Circuit, Data]:
    """Error units, which are connected one to one; ADAM, and weights that decay."""
    net = rc.Circuit(batch_size, **options)
    x = net.stimulus("x", units)
    unit = rc.Neuron("basal : 1 (compartment)\napical : 1 (compartment)\ndrate/dt = (tanh(basal) - rate - apical)/tau : 1\n"
                     "slope = 1 - rate**2 : 1 (stored)", tau=4 * ms)  # fmt: skip
    error = rc.Neuron("soma : 1 (compartment)\nguess : 1 (compartment)\nrate = soma - guess : 1 (stored)")
    rule = rc.Rule("delta", forward="dw = rate*slope_post*rate_post*x_pre", source="test", parameters=dict(rate=0.01))
    h, e = net.population("h", units, unit), net.population("e", units, error)
    net.connect(x, h, rule=rule.modified(adam(), weight_decay(1e-3)))
    net.connect(h, h, into="apical", rule=rule.modified(adam()).forward, autapses=False)
    net.connect(h, e, into="soma", weights=1.0, connectivity=rc.OneToOne())
    net.connect(x, e, into="guess", weights=0.5, connectivity=rc.OneToOne())
    net.phases("settle", 6 * ms, "plasticity", 1 * ms)
    return net, {"x": np.random.default_rng(0).normal(size=(3 * batch_size, units))}


def delayed() -> tuple[rc.Circuit, Data]:
    net = rc.Circuit(2)
    x, h = net.stimulus("x", 4), net.population("h", 5, rc.pyramidal("tanh", tau=2 * ms))
    net.connect(x, h, rule=rc.urfb.forward, delay=2 * ms)
    net.connect(h, h, into="apical", delay=1 * ms)
    net.phases("feedforward", 4 * ms, "plasticity", 1 * ms)
    return net, {"x": np.random.default_rng(0).normal(size=(6, 4))}


CIRCUITS: list[Callable[[], tuple[rc.Circuit, Data]]] = [deep, settling, delayed]


def others_first(region: Region) -> list[Operation]:
    """The operations of a region with its chains in the opposite order."""
    return [operation for chain in reversed(region) for operation in chain]


def in_another_order(table: Timetable) -> Timetable:
    rows = [[e.operation for e in row if not e.skipped] for row in table.entries]
    moved = [[o for region in regions(row) for o in others_first(region)] for row in rows]
    return replace(table, entries=tuple(tuple(Entry(o) for o in row) for row in moved))


def state(net: rc.Circuit, program: Any) -> dict[str, np.ndarray]:
    return {key: program.get(key) for key in net.lowered().variables}


@pytest.mark.parametrize("make", CIRCUITS)
def test_no_order_of_the_chains_of_a_region_changes_a_bit(make: Callable[[], tuple[rc.Circuit, Data]]) -> None:
    results = []
    for reorder in (lambda table: table, in_another_order):
        net, data = make()
        net.run(data, presentations=1, backend="interpreter")
        program, count = net.program("interpreter"), len(next(iter(data.values())))
        program.run(reorder(net.timetable()), np.arange(count).reshape(-1, net.batch_size))
        results.append(state(net, program))
    for key, values in results[0].items():
        np.testing.assert_array_equal(values, results[1][key], err_msg=key)


@pytest.mark.parametrize("make", CIRCUITS)
def test_regions_keep_every_operation_once_and_are_fewer_than_operations(
    make: Callable[[], tuple[rc.Circuit, Data]],
) -> None:
    net, _ = make()
    for names, row in zip(net.timetable().names(), net.timetable().entries, strict=True):
        found = regions([e.operation for e in row if not e.skipped])
        assert sorted(o.name for region in found for chain in region for o in chain) == sorted(names)
        assert len(found) < len(names) or len(names) < 3


@pytest.mark.parametrize("make", CIRCUITS)
def test_operations_declare_all_that_their_code_reads(make: Callable[[], tuple[rc.Circuit, Data]]) -> None:
    """Of what some operation writes: the order of operations is known from what they declare."""
    net, data = make()
    net.run(data, presentations=1, backend="numpy")
    program: Any = net.program("numpy")
    assembly = program._assembly
    keys = {id(variable): key for key, variable in assembly.arrays.items()}
    operations = [o for o in net.lowered().all_operations() if not isinstance(o.kernel, Clamp)]
    written = {key for o in operations for key in o.writes}
    for operation in operations:
        given = {keys[id(v)] for v in assembly.runners[operation.name].codeobj.variables.values() if id(v) in keys}
        assert given & written <= operation.reads | operation.writes, operation.name


def test_a_chain_goes_through_the_elements_of_a_population_and_of_what_is_one_to_one() -> None:
    net, _ = settling()
    last = [e.operation for e in net.timetable().entries[-1] if not e.skipped]
    chains = [[o.name for o in chain] for region in regions(last) for chain in region if len(chain) > 1]
    assert ["propagate_h_to_e", "update_e_rate"] in chains


@pytest.mark.cpp
@pytest.mark.parametrize("threads", ["1", "2"])
def test_the_bits_are_those_of_operations_one_by_one(threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While operations are timed, none is kept for later. The elements are more than one thread takes."""
    monkeypatch.setitem(os.environ, "RECIRCUIT_THREADS", threads)
    results = []
    for timed in (False, True):
        net, data = settling(300, 40, precision="float32")
        net.run(data, presentations=1, backend="cpp")
        program: Any = net.program("cpp")
        order = np.arange(120).reshape(-1, 40)
        (program.profile if timed else program.run)(net.timetable(), order)
        results.append(state(net, program))
        net.close()
    for key, values in results[0].items():
        np.testing.assert_array_equal(values, results[1][key], err_msg=key)
