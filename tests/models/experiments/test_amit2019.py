"""The Amit experiments, quick: their checks hold, their files are whole, and the circuits are the reference's.

Amit 2019, *Biologically Plausible Deep Learning*; the full runs are kept in results/amit-*.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from quick_runs import quick_run
from reference import linear_theory
from reference.hinge_circuit import HingeCircuit
from typer.testing import CliRunner

from recircuit.cli.application import app
from recircuit.errors import RecircuitError, UsageError
from recircuit.models.experiments import (
    EXPERIMENTS,
    Check,
    Experiment,
    Report,
    Settings,
    reproduce,
    settings_for,
)
from recircuit.models.experiments.amit2019 import hinge_units as hinge
from recircuit.models.experiments.amit2019 import linear_circuits as linear
from recircuit.models.experiments.amit2019 import linear_theory as theory

ROOT = Path(__file__).resolve().parents[3]
AMIT = [name for name in EXPERIMENTS if name.startswith("amit-") and name != "amit-protocols"]  # see test_protocols.py
#: Networks for images: no full run of theirs has been made yet.
TO_BE_RUN = {"amit-simpnet", "amit-deepnet", "amit-deepernet", "amit-untied"}


def call(*arguments: str):
    return CliRunner().invoke(app, ["reproduce", *arguments])


# ---- the experiments -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", AMIT)
def test_quick_run_holds_all_its_checks(name: str, tmp_path: Path) -> None:
    checks = quick_run(name, tmp_path)["checks"]
    assert len({row["what"] for row in checks}) > len(checks) // 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["figure.png", "result.json"]


# ---- the circuits against the references ---------------------------------------------------------------------------


@pytest.mark.parametrize("epsilon", [0.0, 0.25, 1.0])
def test_linear_circuit_iterates_equation_15(epsilon: float) -> None:
    problem = linear.random_problem(3, (6, 9, 8, 4))
    rule = linear.urfb_epsilon.with_parameters(rate=0.05, epsilon=epsilon)
    path = linear.learn(problem, rule, 40, "numpy", trajectory=True)
    wanted = linear_theory.iterate(problem.weights, problem.feedback, problem.T, epsilon, 0.05, 40)
    np.testing.assert_allclose(path.error, wanted.errors[:-1], rtol=1e-12)
    for found, last, trajectory in zip(path.weights, wanted.weights, path.trajectory, strict=True):
        np.testing.assert_allclose(found, last, atol=1e-13)
        np.testing.assert_array_equal(trajectory[-1], found)


def test_decoupled_circuit_is_eulers_method_on_the_scalar_system() -> None:
    lam_r, lam_t = np.array([[0.3, 0.2], [0.25, 0.3]]), np.array([0.9, 0.6])
    system = theory.decoupled(lam_r, lam_t, 3, np.random.default_rng(0))
    rule = linear.urfb_epsilon.with_parameters(rate=0.1, epsilon=0.5)
    path = linear.learn(system.problem, rule, 150, "numpy", trajectory=True)
    lam = np.zeros((3, 2))
    for inside in system.lambdas(path.trajectory):
        lam = lam + 0.1 * linear_theory.scalar_flow(lam, lam_r, lam_t, 0.5)
        np.testing.assert_allclose(inside, lam[:, :, None] * np.eye(2), atol=1e-13)


def test_theory_is_the_references() -> None:
    lam_r, lam_t = np.array([[0.3, 0.2], [0.25, 0.3]]), np.array([0.9, 0.6])
    times = np.array([0, 1.0, 5.0, 20.0])
    found = theory.scalar_solution(lam_r, lam_t, 0.5, times)
    np.testing.assert_allclose(found, linear_theory.scalar_solution(lam_r, lam_t, 0.5, times), atol=1e-10)
    for row, lam in zip(theory.decay(found, 0.5), found, strict=True):
        np.testing.assert_allclose(row, linear_theory.decay(lam, 0.5), rtol=1e-12)
    for row, lam in zip(theory.conserved(found, lam_r, 0.5), found, strict=True):
        np.testing.assert_allclose(row, linear_theory.conserved(lam, lam_r, 0.5), atol=1e-15)
    holds = theory.theorem_2_holds(lam_r, 0.5)
    assert [linear_theory.theorem_2_holds(list(r), 0.5) for r in lam_r.T] == list(holds)


@pytest.mark.parametrize("ratio", [1, 2, 10])
def test_output_circuit_is_the_references(ratio: int) -> None:
    circuit = HingeCircuit(hinge.M, hinge.S, hinge.MU, hinge.E)
    found = hinge.from_rest((5.0, -5.0), 12 * ratio, ratio, "", "numpy")
    for unit, (h, s) in enumerate(((5.0, 1), (-5.0, -1))):
        wanted = circuit.relax(h, s, 12 * ratio, ratio)
        np.testing.assert_allclose(found.o[:, unit], wanted.o, atol=1e-14)
        np.testing.assert_allclose(found.t[:, unit], wanted.t, atol=1e-14)


@pytest.mark.cpp
def test_backends_agree() -> None:
    problem = linear.random_problem(0, (6, 9, 4))
    one, other = (linear.learn(problem, linear.urfb_epsilon, 30, b, trajectory=True) for b in ("numpy", "cpp"))
    np.testing.assert_allclose(one.error, other.error, rtol=1e-12)
    for a, b in zip([*one.trajectory, *one.weights], [*other.trajectory, *other.weights], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-13)


# ---- the frame -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "relation", "target", "ok"),
    [
        (1, "<=", 1, True),
        (2, "<=", 1, False),
        (1, ">=", 1, True),
        (1, "<", 1, False),
        (1, ">", 1, False),
        (1, "==", 1, True),
        (1.5, "within", (1, 2), True),
        (2.5, "within", (1, 2), False),
        (math.nan, "<=", 1, False),
        (-math.inf, "<=", 1, False),
    ],
)
def test_checks_are_computed(value, relation, target, ok) -> None:
    check = Check("a number", value, relation, target)
    assert check.ok is ok
    json.dumps(check.row(), allow_nan=False)


def made_up(value: float) -> Experiment:
    return Experiment(
        "made-up", "nobody", "Nothing.", lambda settings: Report([Check("x", value, "<=", 1.0)], Figure())
    )


def test_a_failed_check_is_written_and_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EXPERIMENTS, "_built_in", {"made-up": made_up(2.0)})
    done = call("made-up", "--out", str(tmp_path))
    assert done.exit_code == 1
    assert "FAILS  x: 2 <= 1" in done.output
    assert json.loads((tmp_path / "result.json").read_text())["checks"][0]["ok"] is False


def test_a_run_that_breaks_leaves_the_old_result(tmp_path: Path) -> None:
    reproduce(made_up(0.5), Settings(), tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}

    def breaks(settings: Settings) -> Report:
        raise RecircuitError("it broke")

    with pytest.raises(RecircuitError, match="it broke"):
        reproduce(Experiment("made-up", "nobody", "Nothing.", breaks), Settings(), tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_another_result_that_lies_there_is_kept(tmp_path: Path) -> None:
    for value in (0.5, 0.5, 2.0, 3.0):
        reproduce(made_up(value), Settings(), tmp_path)
    found = [json.loads(p.read_text())["checks"][0]["value"] for p in sorted(tmp_path.glob("earlier/*/result.json"))]
    assert found == [0.5, 2.0] and json.loads((tmp_path / "result.json").read_text())["checks"][0]["value"] == 3.0
    assert len(list(tmp_path.glob("earlier/*/figure.png"))) == 2


def test_unknown_experiment_names_the_closest() -> None:
    with pytest.raises(UsageError, match="Did you mean `amit-linear`"):
        EXPERIMENTS.find("amit-lineer")
    assert UsageError.exit_code == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(backend="gpu"), "--backend: there is no backend 'gpu'. There are numpy, .*cpp"),
        (dict(seeds=0), "from 1 to 100,000"),
    ],
)
def test_wrong_options_are_refused(options, message) -> None:
    with pytest.raises(UsageError, match=message):
        settings_for(EXPERIMENTS.find("amit-linear"), **options)


def test_seeds() -> None:
    assert settings_for(EXPERIMENTS.find("amit-linear"), seeds=2).seeds == (0, 1)
    assert settings_for(EXPERIMENTS.find("amit-linear"), quick=True).seeds == (0,)
    assert settings_for(EXPERIMENTS.find("amit-linear"), seeds=2, first_seed=5).seeds == (5, 6)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("amit-circuit", dict(seeds=2), "draws nothing at random"),
        ("amit-circuit", dict(first_seed=2), "draws nothing at random"),
        ("lillicrap-xor", dict(seeds=2), "makes one run of 40 starts"),
        ("amit-linear", dict(first_seed=-1), "from 0 to 4,294,867,295; got -1"),
        ("amit-linear", dict(first_seed=2**32), "from 0 to 4,294,867,295; got 4294967296"),
        ("amit-linear", dict(seeds=0), "from 1 to 100,000; got 0"),
        ("amit-linear", dict(seeds=10**9), "from 1 to 100,000; got 1000000000"),
    ],
)
def test_seeds_that_an_experiment_does_not_have_are_refused(name, options, message) -> None:
    with pytest.raises(UsageError, match=message):
        settings_for(EXPERIMENTS.find(name), **options)


def test_an_experiment_without_seeds_draws_other_numbers_from_another_first_seed(tmp_path: Path) -> None:
    experiment = EXPERIMENTS.find("lillicrap-gauss-newton")
    results = [
        reproduce(experiment, settings_for(experiment, quick=True, first_seed=first), tmp_path / str(k))
        for k, first in enumerate((0, 0, 7))
    ]
    values = [[row["value"] for row in result["checks"]] for result in results]
    assert values[0] == values[1] != values[2]
    assert results[2]["first_seed"] == 7


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(RecircuitError, match="Choose another with --out"):
        reproduce(made_up(0.5), Settings(), tmp_path / "taken")


def test_list_shows_every_experiment() -> None:
    done = call("--list")
    assert done.exit_code == 0
    assert all(name in done.output for name in EXPERIMENTS)
