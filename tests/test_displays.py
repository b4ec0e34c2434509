"""What Jupyter and the terminal show: whole HTML, nothing of it executed, equations in LaTeX, texts of one line."""

from __future__ import annotations

import pickle
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from brian2 import ms
from IPython.lib.pretty import pretty
from matplotlib.mathtext import MathTextParser

import recircuit as rc
import recircuit.circuits.circuit
from recircuit.circuits.backends.program import Interrupted, RunResult
from recircuit.plasticity import RULES
from recircuit.plasticity.latex import latex, name_latex
from recircuit.tables import html_table

X, Y = np.random.default_rng(0).normal(size=(30, 4)), np.arange(30) % 3
VOID = {"br", "hr", "img"}


class Balanced(HTMLParser):
    """A parser which checks that every tag that is opened is closed, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.seen: list[str] = []
        self.feed(text)
        assert self.opened == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.append(tag)
        if tag not in VOID:
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag


def net() -> rc.Circuit:
    return rc.layered([4, 5, 3], "urfb", batch_size=5)


def shown() -> dict[str, Any]:
    circuit = net()
    trace = circuit.run({"x": X, "s": Y}, 2, record=["o.rate", "h1.rate"])
    return {
        "evaluation": circuit.evaluate((X, Y)),
        "circuit": circuit,
        "neuron": circuit["h1"].neuron,
        "population": circuit["h1"],
        "projection": circuit["x_to_h1"],
        "rule": rc.urfb,
        "trace": trace,
        "history": rc.train(circuit, (X, Y), 2, backend="numpy", progress=False),
        "data": rc.Dataset.from_arrays("d", X, Y, X[:9], Y[:9]),
        "summary": circuit.summary(),
    }


SHOWN = shown()


@pytest.mark.parametrize("name", SHOWN)
def test_html_is_whole(name: str) -> None:
    found = Balanced(SHOWN[name]._repr_html_())
    assert "table" in found.seen


@pytest.mark.parametrize("name", [name for name in SHOWN if name not in ("summary", "rule")])
def test_a_repr_is_one_line_that_says_what_it_is(name: str) -> None:
    text = repr(SHOWN[name])
    assert "\n" not in text and len(text) < 200 and " object at " not in text


def test_sizes_scopes_and_equations_are_shown() -> None:
    html = SHOWN["circuit"]._repr_html_()
    assert "h1: 5 units" in html and "15 synapses" in html and "<details>" in html
    assert r"\Delta w" in html and r"\mathit{apical}" in html and "one value for each unit and batch element" in html
    traced = rc.Rule("t", source="s", forward="el += .1*(x_pre - el)\ndw = .1*error_post*el", traces=("el",))
    assert "one value for each synapse and batch element" in traced._repr_html_()


def test_names_are_not_executed() -> None:
    evil = rc.Rule("<script>x</script>", source="<b", forward="dw = .1*x_pre", about="<i>")
    assert "script" not in Balanced(evil._repr_html_()).seen
    data = rc.Dataset.from_arrays("<script>", X, Y, X, Y)
    assert "script" not in Balanced(data._repr_html_()).seen


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("apical*int(basal > 0)", r"\mathit{apical}\,\left[\mathit{basal} > 0\right]"),
        ("x_pre/tau", r"\frac{x_{\mathrm{pre}}}{\tau}"),
        ("clip(h, 0, 3)", r"\operatorname{clip}\left(h, 0, 3\right)"),
        ("1 - x**2", "1 - x^{2}"),
        ("a if b else c_2", r"\texttt{a if b else c\_2}"),
    ],
)
def test_expressions_are_printed_as_they_are_read(expression: str, expected: str) -> None:
    assert latex(expression) == expected
    assert name_latex("error_free_post") == r"\mathit{error}_{\mathrm{free},\mathrm{post}}"


@pytest.mark.parametrize("name", list(RULES))
def test_the_latex_of_every_rule_can_be_typeset(name: str) -> None:
    """Matplotlib typesets it, which knows a part of LaTeX."""
    for equation in (RULES[name].forward, RULES[name].feedback):
        for statement in equation.statements:
            text = latex(statement.expression).replace(r"\bmod", r"\mathrm{mod}")
            MathTextParser("path").parse(f"${text}$")
            assert "texttt" not in text and "placeholder" not in text


def test_neurons_have_aligned_equations() -> None:
    text = rc.Neuron("basal : 1 (compartment)\ndrate/dt = (basal - rate)/tau : 1", tau=10 * ms)._repr_latex_()
    assert text.startswith(r"$$\begin{aligned}") and r"\frac{d \mathit{rate}}{dt} &=" in text


def test_an_explanation_is_shown_line_by_line() -> None:
    text = rc.layered([4, 3, 2]).explain()
    assert pretty(text) == str(text) and pretty(text).count("\n") > 10


def test_columns_of_numbers_stand_on_the_right_with_their_heads_and_others_on_the_left() -> None:
    table = html_table(("name", "least", "what"), [("a", "-0.2", "1. ms"), ("b", "3", "rate"), ("c", "nan", "")])
    assert [each == "right" for each in re.findall(r"text-align:(\w+)", table)] == 4 * [False, True, False]


def test_an_evaluation_tells_what_it_measured_and_a_part_of_a_rule_its_equation() -> None:
    net = rc.layered([4, 3, 2], "urfb", seed=0)
    text = repr(net.evaluate((np.eye(4), np.array([0, 1, 0, 1]))))
    assert text.startswith("Evaluation(error=") and "mse" not in text and text.endswith(", 4 samples)")
    assert repr(rc.urfb.forward) == "<urfb.forward: dw = rate*error_post*x_pre>"


def test_ctrl_c_is_one_line_in_jupyter_that_says_in_which_state_the_circuit_is() -> None:
    for stopped, said in (
        (Interrupted(RunResult(3)), "Interrupted: The run was stopped after presentation 3."),
        (Interrupted(RunResult(3, stream=True)), "Interrupted: The run was stopped after step 3."),
        (rc.TrainingInterrupted(SHOWN["history"]), "TrainingInterrupted: Training was stopped."),
        (rc.TrainingInterrupted(rc.History()), "before the first epoch"),
    ):
        (line,) = stopped._render_traceback_()
        assert said in line and "\n" not in line
    again = pickle.loads(pickle.dumps(rc.TrainingInterrupted(SHOWN["history"])))
    assert len(again.history) == 2


def test_ctrl_c_while_a_circuit_is_built_leaves_it_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = net()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(recircuit.circuits.circuit, "open_program", interrupt)
        with pytest.raises(KeyboardInterrupt, match="Building was stopped") as pressed:
            circuit.run({"x": X, "s": Y}, 1, backend="numpy")
    assert pressed.value.__suppress_context__ and len(pressed.value._render_traceback_()) == 1  # type: ignore[attr-defined]
    assert circuit.run({"x": X, "s": Y}, 1, record=["o.rate"], backend="numpy").steps


def test_a_history_is_a_table_of_pandas() -> None:
    net = rc.layered([4, 3, 2], "urfb", seed=0)
    history = rc.train(net, (np.eye(4), np.array([0, 1, 0, 1])), progress=False)
    table = history.to_dataframe()
    assert list(table.index) == [1] and list(table.columns) == history.names[1:]
    assert table.train_error[1] == history["train_error"][0]
    assert repr(history) == f"<History of 1 epoch: train error {table.train_error[1]:.2%}>"
    assert repr(rc.History()) == "<History of 0 epochs>"
    assert rc.History().to_dataframe().empty


def test_the_figure_of_a_history_shows_every_epoch_also_one_that_diverged_and_says_if_nothing_is_measured() -> None:
    rows = [{"epoch": k + 1, "train_mse": value} for k, value in enumerate((9.0, 1.0, 1.0, 1.0, float("inf")))]
    assert rc.History(rows).plot().axes[0].get_ylim() == (0, pytest.approx(1.08 * 9))
    assert [text.get_text() for text in rc.History([{"epoch": 1, "seconds": 1.0}]).plot().axes[0].texts] == [
        "no error is measured"
    ]
