"""Figures: known to pyplot, drawn once in Jupyter, into axes that are given, with names of phases that do not collide."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import ms
from matplotlib import pyplot as plt
from matplotlib.legend import Legend
from matplotlib.text import Annotation
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

import recircuit as rc
from recircuit.errors import RecircuitError

X, Y = np.random.default_rng(0).normal(size=(30, 4)), np.arange(30) % 3


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    plt.close("all")
    yield
    plt.close("all")


def net(*phases: Any) -> rc.Circuit:
    made = rc.layered([4, 5, 3], "urfb", batch_size=5)
    if phases:
        made.phases(*phases)
    return made


def history() -> rc.History:
    return rc.train(net(), (X, Y), 2, backend="numpy", progress=False)


def trace(*phases: Any, presentations: int = 1) -> rc.Trace:
    return net(*phases).run({"x": X, "s": Y}, presentations, record=["o.rate", "h1.rate"])


def test_figures_are_known_to_pyplot(tmp_path: Path) -> None:
    drawn = [history().plot(), trace().plot(), net().diagram()]
    assert [plt.figure(number) for number in plt.get_fignums()] == drawn
    plt.close("all")
    rc.train(net(), (X, Y), backend="numpy", progress=False, out=tmp_path / "run")
    assert plt.get_fignums() == []  # curves.png of a run is not shown


def test_figures_are_drawn_into_axes() -> None:
    figure, axes = plt.subplots(2, 2)
    assert history().plot(ax=axes[0]) is figure and net().diagram(ax=axes[1, 0]) is figure
    assert trace().plot(["o.rate"], ax=axes[1, 1]) is figure and plt.get_fignums() == [figure.number]
    assert axes[0, 0].get_ylabel() == "error (%)" and "angle" in axes[0, 1].get_ylabel()
    assert axes[1, 1].get_ylabel() == "o.rate" and axes[1, 1].get_xlabel() == "time (ms)"
    alone = plt.subplots()[1]
    assert history().plot(ax=alone) is alone.figure and len(alone.figure.axes) == 1
    for wrong in (axes, 3, [alone]):
        with pytest.raises(RecircuitError, match="ax is"):
            trace().plot(ax=wrong)


SHORT = ("feedforward", 2 * ms, "error", 4 * ms, "feedback", 1 * ms, "plasticity", 1 * ms)


@pytest.mark.parametrize(
    ("phases", "presentations"),
    [
        (SHORT, 1),
        (SHORT, 3),
        (SHORT, 12),
        (("feedforward", 100 * ms, "error", 4 * ms, "feedback", 1 * ms, "plasticity", 1 * ms), 1),
        (SHORT, 30),
    ],
)
def test_names_of_phases_do_not_collide(phases: tuple[Any, ...], presentations: int) -> None:
    figure = trace(*phases, presentations=presentations).plot()
    panel = figure.axes[0]
    figure.draw_without_rendering()
    names = [text for text in panel.texts if isinstance(text, Annotation)]
    legends = [child for child in panel.get_children() if isinstance(child, Legend)]
    message = {t.get_text() for t in names} | {t.get_text() for legend in legends for t in legend.get_texts()}
    assert message >= {"feedforward", "error", "feedback", "plasticity"}
    boxes = sorted((text.get_window_extent() for text in names), key=lambda box: box.x0)
    if names and names[0].get_rotation():
        assert all(b.x0 - a.x0 > 10 for a, b in pairwise(boxes))
    else:
        assert all(a.x1 < b.x0 for a, b in pairwise(boxes))


def test_a_notebook_draws_each_figure_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel has just begun, and nobody has said %matplotlib inline."""
    monkeypatch.delenv("MPLBACKEND")
    cells = [
        "import recircuit as rc; net = rc.layered([4, 5, 3])",
        "net.diagram()",
        "figure = net.diagram(); 3",
        "figure",
    ]
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    pictures = [sum("image/png" in output.get("data", {}) for output in cell.outputs) for cell in notebook.cells]
    assert pictures == [0, 1, 1, 1]


def test_a_trace_shows_the_class_of_each_stimulus() -> None:
    data = rc.load("digits")
    net = rc.layered([64, 5, 10], batch_size=2, seed=1)
    order = np.array([[3, 7], [4, -1], [0, 2]])
    trace = net.run(data, record=["o.rate"], order=order, elements=1, backend="numpy")
    assert trace.classes is not None
    assert trace.classes.tolist() == [[data.y_train[k] if k >= 0 else -1 for k in row] for row in order]
    (below,) = trace.plot().axes[-1].child_axes
    assert [text.get_text() for text in below.get_xticklabels()] == [
        f"class {data.y_train[7]}",
        "",
        f"class {data.y_train[2]}",
    ]
    assert below.get_xticks().tolist() == pytest.approx([4, 12, 20])
    several = net.run(data, record=["o.rate"], order=order, elements="all", backend="numpy")
    assert several.plot().axes[-1].child_axes == []
    plt.close("all")


def test_a_trace_without_labels_names_no_class() -> None:
    net = rc.Circuit()
    net.stimulus("x", 2)
    net.phases("shown", 2 * ms)
    trace = net.run(np.ones((3, 2)), record=["x.rate"])
    assert trace.classes is None and trace.plot().axes[-1].child_axes == []
    plt.close("all")


@pytest.mark.parametrize("kind", ["stimulus", "supervisor", "target", "constant"])
def test_every_kind_of_population_is_drawn(kind: str) -> None:
    net = rc.Circuit()
    shown, h = getattr(net, kind)("shown", 2), net.population("h", 3, rc.pyramidal())
    net.connect(shown, h)
    figure = net.diagram()
    assert {"shown", "h"} <= {text.get_text() for text in figure.axes[0].texts}
    plt.close(figure)
