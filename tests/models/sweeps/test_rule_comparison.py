"""Rules side by side: what is counted, what is written, and which circuits can be compared."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms

import recircuit as rc
from recircuit.errors import UsageError
from recircuit.models import layered
from recircuit.models.networks.registry import NETWORKS, NetworkKind
from recircuit.models.sweeps import circuit_specs
from recircuit.models.sweeps.circuit_specs import Task, builder_of
from recircuit.models.sweeps.comparison_tables import as_csv, as_figure, as_json, as_markdown, over_seeds
from recircuit.models.sweeps.rule_comparison import Compared, compare, costs, trained

GALLERY = Path(__file__).resolve().parents[3] / "examples"
TASK = Task(rc.load("digits"), (64, 12, 10), epochs=2, wanted_error=0.5)
RUN = Compared("bp", 0, "own", 0.2, 2874, 0.0, 0.5, 3220, 0.1, False, 8, 4, 5)


def test_costs_are_those_of_the_circuit() -> None:
    traced = rc.Rule(
        "traced", source="test", forward="el = x_pre*error_post\ndw = .1*size*el", traces=("el",), state=dict(size=1.0)
    )
    found = costs(layered((6, 5, 3), traced, batch_size=4, precision="float64", loss="mse"))
    assert found["bytes_of_synapse"] == 8 * (1 + 1 + 4) and found["local"]
    assert (found["phases"], found["steps"]) == (4, 5)
    assert not costs(layered((6, 5, 3), "bp", loss="mse"))["local"]


def test_a_rule_and_a_circuit_of_the_gallery() -> None:
    rule = compare("bp", builder_of("bp", TASK), TASK, seed=1)
    circuit = compare(
        "ep", builder_of(f"{GALLERY / 'equilibrium_propagation_two_sided.py'}:network", TASK), TASK, seed=1
    )
    assert rule.angle_first < 0.01 and rule.angle_last < 0.01 and rule.loss == "own" and not rule.local
    assert 0.01 < circuit.angle_first < 15 and circuit.loss == "squares" and circuit.local and circuit.phases == 5
    assert rule.presentations in (1437, 2874) and rule.test_error < 0.5
    assert circuit.multiplications > 40 * 2 * 12 * 10  # in 40 steps of settling, up and down between h and o


def test_a_network_that_leaves_the_loss_open_is_compared_with_squared_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {"layered": NETWORKS["layered"], "mine": NetworkKind(layered, lambda rule: True)}
    monkeypatch.setattr(circuit_specs, "NETWORKS", kinds)
    monkeypatch.setattr(circuit_specs, "network_for", lambda rule: "mine")
    assert isinstance(builder_of("urfb", TASK)(0).outputs_of["o"], rc.SquaredOutput)


def test_every_sample_is_presented_in_the_further_modes_too() -> None:
    """A weight that grows by its input in the second mode alone is the sum of the inputs of all samples."""
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 1, (6, 3)), np.array([0, 1, 0, 1, 0, 1])
    net = rc.Circuit(batch_size=2)
    u, o = net.stimulus("x", 3), net.population("o", 2, rc.pyramidal())
    net.connect(net.supervisor("s", 2), o, into="apical", weights=0.0)
    net.connect(u, o, rule=rc.Rule("sum", source="a test", forward="dw = x_pre").forward, weights=0.0, learns="sleep")
    net.phases("feedforward", 1 * ms, "feedback", 1 * ms)
    net.phases("feedforward", 1 * ms, "sleep", 1 * ms, mode="sleep")
    trained(net, Task(rc.Dataset.from_arrays("few", x, y, x[:2], y[:2]), (3, 2), epochs=1))
    wanted = sum(x[k : k + 2].mean(axis=0) for k in range(0, 6, 2))
    np.testing.assert_allclose(net["x_to_o.w"], [wanted, wanted], rtol=1e-6)  # a data set keeps float32


def test_tables_say_the_same() -> None:
    runs = [RUN, replace(RUN, seed=1, test_error=0.4, presentations=None), replace(RUN, rule="b", angle_last=math.nan)]
    (bp, other) = over_seeds(runs)
    assert bp["test_error"] == pytest.approx(0.3) and bp["test_error_sd"] == pytest.approx(0.02**0.5)
    assert (bp["presentations"], bp["reached"], bp["seeds"]) == (2874, 1, 2) and other["seeds"] == 1
    assert len(list(csv.DictReader(io.StringIO(as_csv(runs))))) == 3
    written = json.loads(as_json(runs, TASK))
    assert written["task"]["layers"] == [64, 12, 10] and written["runs"][2]["angle_last"] is None
    assert "| bp | 30.0 ± 14.1 | 2,874 (1 of 2) | 0.0 | 0.5 | own | no | 4 | 5 | 3,220 | 0.10 | 8 |" in as_markdown(
        runs, TASK
    )
    assert [t.get_text() for t in as_figure(runs, TASK).axes[0].get_yticklabels()] == ["bp", "b"]


def test_a_long_name_leaves_room_for_the_figure() -> None:
    """It takes several lines; in one line it left no width for the axes."""
    name = "a/b.py:network(step=0.25,settling=(30,10),precision=0.1,adam=True,rate=0.001,decay=0.0,learned=True)"
    figure = as_figure([RUN, replace(RUN, rule=name)], TASK)
    figure.savefig(io.BytesIO())
    first, second = (label.get_text() for label in figure.axes[0].get_yticklabels())
    assert (
        first == "bp"
        and second.replace("\n", "").replace(" ", "") == name[2:]
        and max(map(len, second.split("\n"))) <= 52
    )
    assert figure.axes[0].get_position().width > 0.2


def test_tables_of_what_diverges_with_every_seed_or_with_some() -> None:
    lost = replace(RUN, test_error=math.nan, presentations=None, angle_last=math.nan, milliseconds=math.nan)
    runs = [lost, replace(lost, seed=1), replace(RUN, rule="b"), replace(lost, rule="b", seed=1)]
    assert all(math.isnan(row["test_error"]) and math.isnan(row["test_error_sd"]) for row in over_seeds(runs))
    assert json.loads(as_json(runs, TASK))["rules"][0]["test_error_sd"] is None
    assert "| bp | - | - | 0.0 | - | own |" in as_markdown(runs, TASK)
    assert as_figure(runs, TASK).axes[0].texts


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("nowhere.py:network", "there is no file nowhere.py"),
        (f"{GALLERY / 'generec.py'}:net", "there is no 'net' in the file"),
        ("contrastive_bias", "reads 'free', which exists only in a circuit with phases of its own"),
        (f"{GALLERY / 'generec.py'}:FEEDBACK", "cannot be called as network"),
        (f"{GALLERY / 'perturbation.py'}:network", "missing a required argument: 'outputs'"),
    ],
)
def test_what_cannot_be_compared_is_refused(spec: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        builder_of(spec, TASK)(0)


def test_arguments_of_a_circuit_in_a_file_are_given_in_brackets() -> None:
    path = GALLERY / "generec.py"
    spec = f"{path}:network(feedback='random', rate=0.5)"
    net, other = builder_of(spec, TASK)(3), builder_of(f"{path}:network", TASK)(3)
    rules = [net.projections[name].equation for name in ("x_to_h", "o_to_h")]
    assert rules[0] is not None and rules[0].parameters["rate"] == 0.5 and rules[1] is None
    assert other.projections["o_to_h"].plastic


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("urfb(rate=0.1)", "only a function in a file takes arguments in brackets"),
        (f"{GALLERY / 'generec.py'}:network(0.1)", "they are given by their names"),
        (f"{GALLERY / 'generec.py'}:network(rate=open('x'))", "whose values are numbers, texts, tuples"),
        (f"{GALLERY / 'generec.py'}:network(rate=", "expected arguments such as"),
        (f"{GALLERY / 'generec.py'}:network(nothing=1)", "cannot be called as network"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(spec: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        builder_of(spec, TASK)(0)


def test_a_file_of_a_circuit_is_read_as_one_of_a_rule(tmp_path: Path) -> None:
    """It may have dataclasses and import modules beside it, and what goes wrong in it is told with its line."""
    (tmp_path / "widths.py").write_text("RULE = 'urfb'\n")
    (path := tmp_path / "mine.py").write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "import recircuit as rc\nfrom widths import RULE\n"
        "@dataclass\nclass Options:\n    rule: str = RULE\n"
        "def network(sizes, batch_size, seed):\n"
        "    return rc.layered(sizes, Options().rule, batch_size=batch_size, seed=seed)\n"
    )
    assert builder_of(f"{path}:network", TASK)(0)["x_to_h1.w"].shape == (12, 64)
    (path := tmp_path / "broken.py").write_text("a = 1\nb = a / 0\n")
    with pytest.raises(rc.RecircuitError, match="cannot be executed.*line 2"):
        builder_of(f"{path}:network", TASK)
