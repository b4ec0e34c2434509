"""The summary of a circuit counts what there is."""

from __future__ import annotations

import numpy as np

import recircuit as rc
from recircuit.models.networks.convolutional import image_network


def test_a_layered_circuit_is_counted() -> None:
    net = rc.layered([6, 5, 3], "urfb", batch_size=4, precision="float64")
    found = net.summary()
    learned = 6 * 5 + 5 * 3 + 3 * 5
    assert (found.units, found.learned) == (6 + 5 + 3 * 3, learned)
    assert found.parameters == found.synapses == learned + 3 * 3
    assert found.operations["train"] == net.timetable().work() > found.operations["evaluate"]
    assert found.memory == sum(v.nbytes for v in net.state().values())


def test_synapses_that_are_left_out_are_not_counted() -> None:
    net = rc.layered([30, 20, 3], "urfb", connectivity=0.5)
    counts = {row[0]: int(row[3]) for row in net.summary().projections}
    assert counts["x_to_h1"] == np.count_nonzero(net["x_to_h1.mask"]) == np.count_nonzero(net["x_to_h1.w"])


def test_shared_weights_and_transposes_are_no_parameters_of_their_own() -> None:
    net = image_network("conv 8 3x3; output", (1, 8, 8), 10, rc.urfb)
    rows = {row[0]: row for row in net.summary().projections}
    (first,) = (row for name, row in rows.items() if name.startswith("x_to"))
    inside = 3 * 8 - 2  # along one side: places of windows of 3 around 8 pixels, without those over the edge
    assert (first[3], first[4]) == (f"{8 * inside**2:,}", str(8 * 3 * 3))
    back = rc.layered([6, 5, 3], "bp").summary()
    (row,) = (row for row in back.projections if row[0] == "o_to_h1")
    assert row[4] == "0" and row[5] == "transpose of h1_to_o"


def test_synapses_that_transmit_again_are_counted_once() -> None:
    net = rc.Circuit()
    x, h = net.stimulus("x", 3), net.population("h", 2, rc.Neuron("basal : 1 (compartment)\nsize : 1 (compartment)"))
    up = net.connect(x, h, into="basal")
    net.connect(x, h, into="size", weights=up.again(), name="sizes")
    found = net.summary()
    assert found.synapses == found.parameters == 6
    assert [row[3] for row in found.projections] == ["6", "0"]


def test_it_is_text_and_tables() -> None:
    found = rc.layered([6, 5, 3]).summary()
    assert "x.rate → h1.basal" in str(found) and "multiplications" in str(found)
    assert found._repr_html_().count("<table>") == 2
