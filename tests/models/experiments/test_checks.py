"""Checks mean something: each of them fails for networks that have not learned, or where the methods' results are exchanged.

The runs that are kept in results/ are altered, and checked as ``recircuit reproduce --from-runs`` does. Of the theory's
experiments, whose runs take seconds, the circuits are run with learning switched off.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from quick_runs import CHECK

from recircuit.circuits.lowering import lower
from recircuit.errors import RecircuitError, UsageError
from recircuit.models.analysis.expected_learning import Flow
from recircuit.models.data import Dataset
from recircuit.models.experiments import EXPERIMENTS, Settings, reproduce, settings_for
from recircuit.models.experiments.baldi2018 import facts
from recircuit.models.experiments.framework.claims import factor, met, of_learned
from recircuit.models.experiments.framework.experiment import Check, checks
from recircuit.models.experiments.lansdell2020 import estimator, noise
from recircuit.models.experiments.lansdell2020.autoencoder import from_neighbours

ROOT = Path(__file__).resolve().parents[3]
Runs = dict[str, dict[str, Any]]

#: Experiment -> seeds and epochs of the runs that are kept, and what a network that guesses has in each column; None: what
#: it had at first.
KEPT: dict[str, tuple[int, int | None, float | None]] = {
    "amit-simpnet": (1, 30, 0.9),
    "amit-training": (3, None, None),
    "amit-untied": (1, 6, 0.9),
    "baldi-ablations": (3, None, 10.0),
    "baldi-adaptive": (3, None, 10.0),
    "baldi-cifar": (1, 6, 0.9),
    "baldi-mnist": (5, None, 10.0),
    "baldi-quantized": (3, None, 10.0),
    "baldi-dropout": (3, None, 10.0),
    "baldi-facts": (3, None, 10.0),
    "baldi-sparse": (3, None, 10.0),
    "cameron-cifar": (3, None, 0.9),
    "cameron-mnist": (3, None, 0.9),
    "lansdell-autoencoder": (1, 533, None),
    "lansdell-cnn": (1, 4, 0.9),
    "lansdell-mnist": (5, None, None),
    "lansdell-noise": (3, None, None),
    "lillicrap-autoencoder": (1, None, None),
    "lillicrap-mnist": (1, None, 90.0),
    "lillicrap-online": (3, None, None),
    "lillicrap-relu": (3, None, 90.0),
}


#: The same of experiments whose circuits `test_a_check_fails_without_learning` runs.
KEPT_ALSO: dict[str, tuple[int, int | None, None]] = {
    "amit-protocols": (3, None, None),
    "cameron-noise": (10, None, None),
    "cameron-pseudoinverse": (10, None, None),
    "cameron-recursion": (5, None, None),
    "lillicrap-deep-fields": (3, None, None),
    "lillicrap-fields": (3, None, None),
}
#: Checks that need the labels of the true data, which are not there; see the test of neighbours.
BY_LABEL = "in the bottleneck"
#: Checks of circuits that are run again, and are not of the runs that are kept.
OF_CIRCUITS = ("Fact ", "estimate, ")


@cache
def once(function: Callable[..., Any], *given: Any) -> Any:
    """Return what a function finds by running circuits, which does not depend on the runs that are kept."""
    return function(*given)


def circuits_run_once(patch: pytest.MonkeyPatch) -> None:
    """Let no circuit be run again for every alteration of the runs; what is found is left out in `checked`."""
    signs, orthant, unison, estimates = facts._signs, facts._orthant, facts._check_signals_alike, noise.estimates
    patch.setattr(facts, "_signs", lambda _: once(signs, Settings()))
    patch.setattr(facts, "_orthant", lambda _: once(orthant, Settings()))
    patch.setattr(facts, "_check_signals_alike", lambda *_: once(_unison_of_one_seed, unison))
    patch.setattr(noise, "estimates", lambda baseline, *_: once(estimates, baseline, 2000, "numpy"))


def _unison_of_one_seed(unison: Callable[..., Any]) -> Any:
    return unison(some_images(Settings(), "mnist"), Settings(seeds=(0,)))


def some_images(_: Settings, name: str) -> Dataset:
    """Return images in place of the data, of which only the shape and some labels matter where nothing is run."""
    shape = (3, 32, 32) if name.startswith("cifar") else (28, 28)
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (1500, *shape), dtype=np.uint8), rng.integers(0, 10, 1500)
    return Dataset.from_arrays(name, x[:20], y[:20], x, y, classes=10)


@pytest.fixture(autouse=True)
def without_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Settings, "dataset", some_images)


def kept(name: str) -> Runs:
    return {
        path.name: json.loads(path.read_text()) for path in sorted((ROOT / "results" / name / "runs").glob("*.json"))
    }


def checked(name: str, runs: Runs, folder: Path) -> list[dict[str, Any]]:
    """Return the rows of result.json that ``--from-runs`` makes of runs."""
    (folder / "runs").mkdir(parents=True)
    for file, run in runs.items():
        (folder / "runs" / file).write_text(json.dumps(run))
    seeds, epochs, _ = (KEPT | KEPT_ALSO)[name]
    experiment = replace(EXPERIMENTS.find(name), run=without_picture(EXPERIMENTS.find(name).run))
    backend = json.loads((ROOT / "results" / name / "result.json").read_text())["backend"]
    settings = settings_for(experiment, backend=backend, seeds=seeds, epochs=epochs, from_runs=True)
    with pytest.MonkeyPatch.context() as patch:
        circuits_run_once(patch)
        rows = reproduce(experiment, settings, folder)["checks"]
    return [row for row in rows if not row["what"].startswith(OF_CIRCUITS)]


def without_picture(run: Callable[[Settings], Any]) -> Callable[[Settings], Any]:
    from matplotlib.figure import Figure

    return lambda settings: replace(run(settings), figure=Figure(figsize=(1, 1)))


def untrained(runs: Runs, guess: float | None) -> Runs:
    """Return runs that stay where they were at first, or guess."""

    def still(name: str, values: Any) -> Any:
        if name.endswith("_angle") and isinstance(values, float):
            return 90.0
        if name.endswith("_signs"):
            return [0.5] * len(values)
        if not isinstance(values, list) or not isinstance(values[0], int | float):
            return values
        return [values[0] if guess is None else guess] * len(values)

    return {file: run | {"found": {k: still(k, v) for k, v in run["found"].items()}} for file, run in runs.items()}


def exchanged(runs: Runs) -> Iterator[Runs]:
    """Yield runs in which each method has the results of another one of its kind from the same seed, in some ways."""
    methods = {file.rsplit("-", 1)[0]: kind(run["found"]) for file, run in runs.items()}
    kinds = [[name for name, its in methods.items() if its == one] for one in dict.fromkeys(methods.values())]
    turns: list[Callable[[int], int]] = [lambda n: 1, lambda n: n // 3, lambda n: n // 2, lambda n: n - 1]
    turned = [[names[turn(len(names)) :] + names[: turn(len(names))] for names in kinds] for turn in turns]
    for others in (*turned, [names[::-1] for names in kinds]):
        pairs = zip(kinds, others, strict=True)
        other = {one: another for names, turn in pairs for one, another in zip(names, turn, strict=True)}
        if all(one == another for one, another in other.items()):
            continue
        yield {
            file: run | {"found": runs[f"{other[method]}-{seed}"]["found"]}
            for file, run in runs.items()
            for method, seed in [file.rsplit("-", 1)]
        }


def kind(found: dict[str, Any]) -> str:
    """Return which kind of run it is, in experiments that have several."""
    return next((key for key in ("nse", "cost", "samples") if key in found), "")


@pytest.mark.parametrize("name", KEPT)
def test_a_check_fails_for_untrained_networks_or_exchanged_results(name: str, tmp_path: Path) -> None:
    runs = kept(name)
    empty = [untrained(runs, KEPT[name][2]), *exchanged(runs)]
    found = [checked(name, altered, tmp_path / str(k)) for k, altered in enumerate(empty)]
    always = [rows[0]["what"] for rows in zip(*found, strict=True) if all(row["ok"] for row in rows)]
    assert [what for what in always if BY_LABEL not in what] == [], "these hold whatever was learned"


@pytest.mark.parametrize("name", [*KEPT, *KEPT_ALSO])
def test_the_committed_result_is_that_of_the_committed_runs(name: str, tmp_path: Path) -> None:
    committed = json.loads((ROOT / "results" / name / "result.json").read_text())["checks"]
    again = checked(name, kept(name), tmp_path)
    known = [row for row in committed if BY_LABEL not in row["what"] and not row["what"].startswith(OF_CIRCUITS)]
    assert [row for row in again if BY_LABEL not in row["what"]] == known


def test_the_committed_feedback_weights_are_those_of_the_committed_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All checks of lansdell-estimator are tried but those of bias and variance, whose circuits keep no runs."""
    name = "lansdell-estimator"
    monkeypatch.setitem(KEPT, name, (3, None, None))
    monkeypatch.setattr(estimator, "biases", lambda *_: ([1e-3] * 4, [1e-5] * 4))
    monkeypatch.setattr(estimator, "variance", lambda units, *_: (units + 1.0, 1.0))
    committed = json.loads((ROOT / "results" / name / "result.json").read_text())["checks"]
    again = checked(name, kept(name), tmp_path)
    assert again[:17] == committed[:17]


# ---- what is committed ---------------------------------------------------------------------------------------------

#: How many checks of a committed result fail. A result that changes is looked at, and changed here and in the change log.
FAILING = {
    "amit-protocols": 4,
    "amit-simpnet": 15,
    "amit-training": 1,
    "amit-untied": 8,
    "baldi-ablations": 4,
    "baldi-cifar": 5,
    "baldi-equivalence": 1,
    "baldi-mnist": 1,
    "baldi-quantized": 2,
    "cameron-cifar": 3,
    "cameron-mnist": 2,
    "lansdell-autoencoder": 4,
    "lansdell-cnn": 5,
    "lansdell-estimator": 3,
    "lansdell-mnist": 2,
    "lansdell-noise": 5,
    "lillicrap-autoencoder": 3,
    "lillicrap-deep-fields": 1,
    "lillicrap-mnist": 5,
    "lillicrap-online": 2,
    "lillicrap-relu": 2,
    "lillicrap-switch": 1,
    "lillicrap-xor": 2,
}
RESULTS = sorted(path.parent.name for path in (ROOT / "results").glob("*/result.json"))


@pytest.mark.parametrize("name", RESULTS)
def test_a_committed_result_is_a_full_run_whose_failing_checks_are_known(name: str) -> None:
    result = json.loads((ROOT / "results" / name / "result.json").read_text())
    assert (result["id"], result["quick"]) == (name, False)
    assert all(set(row) == CHECK for row in result["checks"]), "it is of an earlier form: run it again"
    assert result["id"] in EXPERIMENTS and (ROOT / "results" / name / "figure.png").is_file()
    for row in result["checks"]:
        if row["value"] is not None:
            assert Check(row["what"], row["value"], row["relation"], row["target"]).ok is row["ok"]
    assert sum(not row["ok"] for row in result["checks"]) == FAILING.get(name, 0)


# ---- circuits that do not learn ------------------------------------------------------------------------------------

#: Checks that hold without learning and should: they speak of starts, of a reference or a formula, of what is conserved or
#: does not learn, or of what no learning reaches.
NOT_OF_LEARNING = {
    "amit-epsilon": ("backpropagation from zero weights",),
    "amit-theory": ("SciPy", "outside of the modes", "decay of e against D, relative"),
    "baldi-chains": ("SciPy:", "begin in the unstable region"),
    "baldi-equivalence": ("SciPy:",),
    "baldi-field": ("arrows, each of one presentation", "points on the hyperbolas"),
    "baldi-matrix": ("random starts", "SciPy:"),
    "baldi-nonlinear": ("random starts", "SciPy:"),
    "baldi-width": ("random starts", "SciPy:"),
    "cameron-noise": ("by noise",),
    "cameron-pseudoinverse": ("the best run",),
    "cameron-recursion": (", the best", ", the least"),
    "lansdell-estimator": ("bias of the estimate", "variance of the estimate"),
    "lillicrap-alignment": ("angles before",),
    "lillicrap-fields": ("initial:",),
    "lillicrap-nonconservative": ("as printed is wrong",),
    "lillicrap-pseudoinverse": ("at some look closer",),
    "lillicrap-theorem1": ("random T and B", "SciPy:", "at the start"),
}
#: Experiments without learning: the output circuit alone, and operations that are counted.
WITHOUT_LEARNING = ("amit-circuit", "baldi-cost")
#: Experiments of which a quick run takes longer than a second.
LONG = (
    "amit-deepernet", "amit-deepnet", "amit-protocols", "amit-theory", "baldi-equivalence", "lansdell-estimator",
    "lillicrap-circuits", "lillicrap-frozen", "lillicrap-theorem2",
)  # fmt: skip
TRIED = [name for name in EXPERIMENTS if name not in (*KEPT, *WITHOUT_LEARNING)]


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] if n in LONG else []) for n in TRIED])
def test_a_check_fails_without_learning(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a quick run of circuits from which all operations that learn are left out."""
    monkeypatch.undo()  # the true data
    monkeypatch.setattr(lower, "learning", lambda *_: [])
    experiment = replace(EXPERIMENTS.find(name), run=without_picture(EXPERIMENTS.find(name).run))
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # means of nothing
        rows = reproduce(experiment, settings_for(experiment, quick=True), tmp_path)["checks"]
    still = [row["what"] for row in rows if row["ok"]]
    assert [what for what in still if not any(text in what for text in NOT_OF_LEARNING.get(name, ()))] == []


def test_the_facts_about_updates_fail_without_learning(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(row.ok for row in checks("", [*facts._signs(Settings()), *facts._orthant(Settings())]))
    monkeypatch.setattr(Flow, "_present", lambda *_: None)
    with np.errstate(all="ignore"):
        assert not any(row.ok for row in checks("", [*facts._signs(Settings()), *facts._orthant(Settings())]))


# ---- the rule ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "paper", "better", "bad", "ok"),
    [
        (97.0, 97.9, "higher", False, True),
        (96.8, 97.9, "higher", False, False),
        (99.0, 97.9, "higher", False, True),
        (99.0, 97.9, "higher", True, False),
        (2.9, 2.0, "lower", False, True),
        (3.1, 2.0, "lower", False, False),
        (0.5, 2.0, "lower", False, True),
        (0.5, 2.0, "lower", True, False),
    ],
)
def test_a_value_is_met_within_a_margin_or_better_and_a_bad_one_on_both_sides(value, paper, better, bad, ok) -> None:
    check = met("x", value, paper, 1.0, better, bad=bad)
    assert check.ok is ok and check.row()["paper"] == f"{paper:g}"


def test_a_ratio_has_a_fifth_as_its_margin_and_no_value_without_learning() -> None:
    assert factor("x", 4.2, 3.5, "lower", bad=True).ok and not factor("x", 4.3, 3.5, "lower").ok
    assert not factor("x", of_learned(0.4, 0.5, 0.95), 0.48, "lower").ok
    assert factor("x", of_learned(0.4, 0.5, 0.2), 0.48, "lower").ok


def test_neighbours_tell_a_digit_where_digits_lie_apart() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 400)
    differences = np.stack([labels % 4, labels // 4], axis=1) + 0.01 * rng.normal(size=(400, 2))
    assert from_neighbours(differences, labels) == 1.0
    assert from_neighbours(rng.normal(size=(400, 2)), labels) < 0.2


def test_runs_are_kept_or_listed_as_not_kept(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="baldi-chains keeps none"):
        settings_for(EXPERIMENTS.find("baldi-chains"), from_runs=True)
    with pytest.raises(UsageError, match="A quick run keeps none"):
        settings_for(EXPERIMENTS.find("baldi-mnist"), from_runs=True, quick=True)
    with pytest.raises(UsageError, match="there are no runs in"):
        reproduce(
            EXPERIMENTS.find("lansdell-mnist"),
            settings_for(EXPERIMENTS.find("lansdell-mnist"), from_runs=True),
            tmp_path,
        )
    runs = kept("lansdell-cnn")
    runs.pop("BP-0.json")
    (tmp_path / "runs").mkdir()
    for file, run in runs.items():
        (tmp_path / "runs" / file).write_text(json.dumps(run))
    experiment = EXPERIMENTS.find("lansdell-cnn")
    settings = settings_for(experiment, backend="cpp", seeds=1, epochs=4, from_runs=True)
    rows = reproduce(experiment, settings, tmp_path)["checks"]
    assert len(rows) == 3 and not any("BP:" in row["what"] for row in rows)
    with pytest.raises(RecircuitError, match="is of a run with other settings"):
        reproduce(experiment, replace(settings, epochs=5), tmp_path)


@pytest.mark.parametrize("name", sorted(KEPT))
def test_runs_of_one_method_alone_are_checked_or_refused(name: str, tmp_path: Path) -> None:
    """Where methods are run together, one that is missing is told in words; others are checked without it."""
    runs, experiment = kept(name), EXPERIMENTS.find(name)
    method = next(iter(runs)).rpartition("-")[0]
    alone = {file: run for file, run in runs.items() if file.rpartition("-")[0] == method}
    if experiment.methods and name != "amit-training":  # whose shrinkages are always needed
        assert len(checked(name, alone, tmp_path)) < len(checked(name, runs, tmp_path / "all"))
    else:
        with pytest.raises(RecircuitError, match="--from-runs: .* is not there"):
            checked(name, alone, tmp_path)


@pytest.mark.parametrize("name", sorted(name for name in KEPT if EXPERIMENTS.find(name).methods))
def test_a_method_can_be_chosen_and_its_runs_have_to_be_kept(name: str, tmp_path: Path) -> None:
    experiment, (seeds, epochs, _) = EXPERIMENTS.find(name), KEPT[name]
    files = sorted((ROOT / "results" / name / "runs").glob("*.json"))
    backend = json.loads((ROOT / "results" / name / "result.json").read_text())["backend"]
    (tmp_path / "runs").mkdir()
    for file in files:
        (tmp_path / "runs" / file.name).write_text(file.read_text())
    method = next(
        m for m in experiment.methods if re.sub("[^A-Za-z0-9.+-]+", "_", f"{m}-0.json") in {f.name for f in files}
    )
    options: Any = dict(backend=backend, epochs=epochs, methods=[method], from_runs=True)
    assert reproduce(experiment, settings_for(experiment, seeds=seeds, **options), tmp_path)["id"] == name
    with pytest.raises(RecircuitError, match=f"no run of {re.escape(method)} is kept with these seeds"):
        reproduce(experiment, settings_for(experiment, seeds=1, first_seed=9, **options), tmp_path)


def test_every_experiment_on_images_keeps_its_runs() -> None:
    for name, experiment in EXPERIMENTS.items():
        assert experiment.keeps or not experiment.data, name


@pytest.mark.parametrize("name", [name for name in RESULTS if EXPERIMENTS.find(name).keeps])
def test_a_committed_result_has_its_runs_beside_it_which_are_checked_again(name: str) -> None:
    assert list((ROOT / "results" / name / "runs").glob("*.json"))
    assert name in (*KEPT, *KEPT_ALSO, "lansdell-estimator"), "see the test of the feedback weights"
