"""The battery that anyone's rule can be put to: what it says of good rules, and that it finds what is wrong.

And what examples/my_rules says, which docs/write_a_rule.md shows: every line of it is run here.
"""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from brian2 import ms
from shell import run

import recircuit as rc
from recircuit.circuits.lowering import synapses
from recircuit.errors import UsageError
from recircuit.plasticity import RULES, SynapticEquation, find, lower
from recircuit.plasticity.steps import Product, Step
from recircuit.testing import Report, RuleFails, check_rule

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "my_rules"


def rule(forward: str | None, feedback: str | None = None, **options: Any) -> rc.Rule:
    return rc.Rule("mine", source="test", forward=forward, feedback=feedback, **options)


EVERYTHING = rule(
    """
    g = loss*error_post*x_pre
    m = .9*m + .1*g
    v = .9*v + .1*g**2
    dw = rate*m/(sqrt(v) + .01)/(1 + updates) + .1*randn()
    w = clip(w, -3, 3)
    """,
    "n = rand(); dw = clip(n*x_pre*strange_post, -.1, .2) - .1*fear*w",
    parameters=dict(rate=0.5),
    state=dict(m=0, v=1),
    broadcasts=("loss", "fear"),
)
MIRROR = rule(
    "dw = rate*(error_post*x_pre - decay*w)",
    "dw = rate*(error_pre*x_post - decay*w)",
    parameters=dict(rate=0.5, decay=0.01),
)


def failed(one: rc.Rule, **options: Any) -> tuple[list[str], str]:
    """Return the names of the checks that fail, and the message."""
    with pytest.raises(RuleFails) as caught:
        check_rule(one, **options)
    assert isinstance(caught.value, AssertionError) and not caught.value.report.ok
    return [row.check for row in caught.value.report.failures], str(caught.value)


# --- good rules -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, one in RULES.items() if one.forward.plastic or one.feedback.plastic])
def test_the_rules_that_come_with_recircuit(name: str) -> None:
    assert check_rule(RULES[name]).ok


def test_a_rule_with_everything() -> None:
    report = check_rule(EVERYTHING)
    made = {row.check: row for row in report.rows}
    assert made["3 batch elements = mean of circuits"].ok and made["others change nothing"].ok
    assert made["silent at zero error"].ok is None and "not claimed" in made["silent at zero error"].note


@pytest.mark.cpp
def test_a_rule_with_everything_compiled() -> None:
    """This includes its noise: the same seed gives the same bits."""
    (row,) = [row for row in check_rule(EVERYTHING, ["numpy", "cpp"]).rows if row.check == "cpp = numpy"]
    assert row.ok and row.difference is not None and row.difference < 1e-10


def test_a_rule_that_reads_what_standard_units_lack() -> None:
    """The bench supplies it; the network has it if its hidden units are given equations that do."""
    theta = rule("dw = .1*x_post*(x_post - theta_post)*x_pre")
    (row,) = [row for row in check_rule(theta).rows if row.check.startswith("in a network")]
    assert row.ok is None and "theta_post" in row.note and "hidden=Neuron(...)" in row.note
    bcm = rc.Neuron(
        """
        basal    : 1 (compartment)
        drate/dt = (tanh(basal) - rate)/tau : 1 (during feedforward)
        theta    = .9*theta + .1*rate**2    : 1 (during feedback)
        """,
        tau=1 * ms,
    )
    rows = {row.check: row for row in check_rule(theta, hidden=bcm).rows}
    assert rows["in a network: dense = plain Brian2"].ok and rows["in a network: batch elements"].ok


def test_a_circuit_of_ones_own() -> None:
    made = []

    def circuit(batch_size: int = 1, **options: Any) -> rc.Circuit:
        net = rc.Circuit(batch_size=batch_size, **options)
        x, h = net.stimulus("x", 3), net.population("h", 2, rc.pyramidal("tanh"))
        net.connect(x, h, rule=rule("dw = .1*x_post*x_pre - .01*w"), learns="night")
        net.phases("feedforward", 1 * ms, "night", 3 * ms)
        made.append(options.get("lowering"))
        return net

    report = check_rule(rule("dw = .1*x_post*x_pre - .01*w"), circuit=circuit)
    assert report.rows[-1].check == "in the circuit: dense = plain Brian2" and report.ok
    assert {"dense", "reference"} <= set(made)


# --- claims -----------------------------------------------------------------------------------------------------------


def test_silence_at_zero_error() -> None:
    assert check_rule(rc.urfb, silent_at_zero_error=True).ok
    assert check_rule(rc.urfb.with_momentum(0.9), silent_at_zero_error=True).ok
    checks, message = failed(MIRROR, silent_at_zero_error=True)
    assert checks == ["silent at zero error"] and "error = 0" in message


def test_silence_of_another_variable() -> None:
    gated = rule("dw = loss*x_post*x_pre", broadcasts=("loss",))
    assert check_rule(gated, silent_at_zero_error=("loss",)).ok
    _, message = failed(gated, silent_at_zero_error=True)
    assert "The rule reads no error. Name what is zero where there is no error" in message


# --- rules that fail --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("equation", ["dw = sqrt(x_post)*x_pre", "w = exp(900*x_post)"])
def test_what_becomes_infinite(equation: str) -> None:
    checks, message = failed(rule(equation))
    assert checks[0] == "finite" and "as in values=dict(x=(0, 1))" in message
    assert not any("batch_size" in check and "network" not in check for check in checks)


def test_what_cannot_be_run() -> None:
    checks, message = failed(rule("dw = x_post/(x_pre - x_pre)"))
    assert checks[0] == "finite" and "divides by a number that is 0 (float division by zero)" in message


def test_values_that_suit_the_rule() -> None:
    assert check_rule(rule("dw = sqrt(size_post)*x_pre"), values=dict(size=(0, 1))).ok
    assert check_rule(
        rule("dw = sqrt(size_post)*x_pre"), values=dict(size=lambda rng, shape: rng.exponential(size=shape))
    ).ok


def test_a_rule_that_does_nothing_is_not_taken_for_right() -> None:
    checks, message = failed(rule("dw = int(x_pre > 100)*x_post"))
    assert checks == ["finite"] and "do not change, so that there is nothing to compare" in message
    assert check_rule(rule("dw = int(x_pre > 100)*x_post"), values=dict(x=(0, 200))).ok


def test_a_variable_with_a_dimension() -> None:
    with_volts = rc.Neuron("basal : 1 (compartment)\nrate = tanh(basal) : 1\nv = rate*mV : volt")
    checks, message = failed(rule("dw = tanh(v_post)*x_pre"), hidden=with_volts)
    assert checks == ["in a network"] and "has the unit V, and weights have none" in message


def test_one_name_is_as_good_as_a_list() -> None:
    report = check_rule(rc.urfb, "interpreter", silent_at_zero_error="error")
    assert {"interpreter = numpy", "silent at zero error"} <= {row.check for row in report.rows if row.ok}
    with pytest.raises(UsageError, match=r"there is no backend 'cp'\. Did you mean `cpp`"):
        check_rule(rc.urfb, ["cp"])


def test_what_is_no_rule() -> None:
    with pytest.raises(rc.RecircuitError, match="expected a Rule; got 'urfb'"):
        check_rule("urfb")  # pyright: ignore


# --- and it would find what recircuit itself did wrong ----------------------------------------------------------------


@pytest.fixture
def lowered_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[Callable[[SynapticEquation], tuple[Step, ...]]], None]]:
    """Put another lowering in place of recircuit's, which is kept from one circuit to the next."""

    def put(otherwise: Callable[[SynapticEquation], tuple[Step, ...]]) -> None:
        synapses.lowered_once.cache_clear()
        monkeypatch.setattr(synapses, "lower", lambda equation, **_: otherwise(equation))

    yield put
    synapses.lowered_once.cache_clear()


def test_a_wrong_product_is_found(lowered_otherwise: Callable[..., None]) -> None:
    def slightly(equation: SynapticEquation) -> tuple[Step, ...]:
        return tuple(
            Product(target=s.target, keep=s.keep, scale=f"{s.scale}*1.0001", post=s.post, pre=s.pre, scalars=s.scalars)
            if isinstance(s, Product)
            else s
            for s in lower(equation)
        )

    lowered_otherwise(slightly)
    checks, _ = failed(MIRROR)
    assert "matrix products = plain Brian2" in checks and "in a network: dense = plain Brian2" in checks


def test_a_mean_in_the_wrong_place_is_found(lowered_otherwise: Callable[..., None]) -> None:
    """With one batch element the mean of squares is the square of the mean, so that only several batch elements can show it."""
    one = rule("g = error_post*x_pre; s += g**2; dw = s", state=("s",))
    other = rule("s += (error_post*x_pre)**2; dw = s", state=("s",)).forward
    lowered_otherwise(lambda equation: lower(other if equation.statements == one.forward.statements else equation))
    checks, message = failed(one)
    assert checks == ["3 batch elements = mean of circuits"] and "forward.w" in message


def test_a_synapse_that_hears_another_is_found(lowered_otherwise: Callable[..., None]) -> None:
    one = rule("dw = error_post*x_pre + .1*w")
    other = rule("dw = error_post*x_pre + .1*w", "dw = 0*w").forward
    lowered_otherwise(lambda equation: lower(other))
    assert check_rule(one).ok

    def transposed(equation: SynapticEquation) -> tuple[Step, ...]:
        return (Product(target="w", post="error*0 + 1", pre="x"),) if equation.plastic else ()

    lowered_otherwise(transposed)
    checks, _ = failed(one)
    assert "matrix products = plain Brian2" in checks


# --- the report -------------------------------------------------------------------------------------------------------


def test_the_report_is_a_table() -> None:
    report = check_rule(rc.urfb, silent_at_zero_error=True)
    assert isinstance(report, Report) and report.failures == []
    lines = str(report).splitlines()
    assert lines[0].startswith("urfb (local)") and "ok  silent at zero error" in str(report)
    assert all(line.startswith(("ok", "-")) for line in lines[lines.index("") + 1 :])
    assert report._repr_html_().count("<tr>") >= len(report.rows)


# --- a package of one's own -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the example, built and laid out as an installer does."""
    base = tmp_path_factory.mktemp("package")
    shutil.copytree(EXAMPLE, base / "source", ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    build = "from setuptools import build_meta as b; b.build_wheel('../out')"
    (base / "out").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", build], cwd=base / "source", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = (base / "out").glob("*.whl")
    zipfile.ZipFile(wheel).extractall(base / "site")
    return base / "site"


def test_the_example_is_found_by_name(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(installed))
    assert [e.value for e in importlib.metadata.entry_points(group="recircuit.rules", name="mirror")] == [
        "my_rules:mirror"
    ]
    found = find("mirror")
    assert found.source == "Kolen and Pollack 1994" and "mirror" in RULES
    assert {row.check for row in check_rule(found).rows} > {"finite"}


def test_the_example_on_the_command_line(installed: Path, tmp_path: Path) -> None:
    done = run(
        "recircuit train digits --rule mirror --layers 64-10-10 --epochs 1 --out here",
        tmp_path,
        PYTHONPATH=str(installed),
    )
    assert done.returncode == 0, done.stderr
    assert "rule mirror (local)" in done.stdout and (tmp_path / "here" / "metrics.csv").exists()


def test_the_example_is_ten_lines_and_has_a_test() -> None:
    code = (EXAMPLE / "my_rules.py").read_text(encoding="utf-8").split('"""')[2].strip()
    assert len(code.splitlines()) <= 10
    assert "check_rule(mirror)" in (EXAMPLE / "test_my_rules.py").read_text(encoding="utf-8")
