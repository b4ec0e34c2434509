"""The Cameron experiments, quick: their checks hold, and the networks are what they say they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from quick_runs import quick_run

from recircuit.models.data import load
from recircuit.models.experiments import EXPERIMENTS, Settings
from recircuit.models.experiments.cameron import learned_feedback as cameron
from recircuit.models.experiments.cameron.pseudoinverse import white
from recircuit.models.experiments.cameron.pseudoinverse_pairs import trajectory
from recircuit.models.networks.recirculation import chain

THEORY = ("cameron-recursion", "cameron-newton")  # see test_theory.py
CAMERON = [name for name in EXPERIMENTS if name.startswith("cameron-") and name not in THEORY]


def test_there_are_four() -> None:
    assert sorted(CAMERON) == ["cameron-cifar", "cameron-mnist", "cameron-noise", "cameron-pseudoinverse"]


@pytest.mark.parametrize("name", CAMERON)
def test_quick_run_holds_all_its_checks(name: str, tmp_path: Path) -> None:
    quick_run(name, tmp_path)


def test_all_methods_begin_with_the_same_weights() -> None:
    protocol = cameron.Protocol("digits", (7, 6), rate=0.1, decay=0.0, epochs=1, batch_size=4)
    nets = [cameron.build(method, (9, 7, 6, 3), protocol, seed=2) for method in cameron.METHODS]
    for name in ("x_to_h1.w", "h1_to_h2.w", "h2_to_o.w"):
        first, *others = [net[name] for net in nets]
        assert all(np.array_equal(first, other) for other in others)


def test_a_run_that_diverges_ends_with_the_errors_of_guessing_and_is_said_to() -> None:
    protocol = cameron.Protocol("digits", (7, 6), rate=1e6, decay=0.0, epochs=2)
    found = cameron._trained(cameron.POSTER, 0, protocol, load("digits"), Settings())
    assert found["test_error"] == [0.9, 0.9] and found["diverged"]


@pytest.mark.parametrize("place", [0, 1])
def test_a_run_that_diverges_has_no_distance_from_the_pseudoinverse(place: int) -> None:
    def run(error: float, distance: float) -> dict[str, list[float]]:
        return {"train_error": [error] * 2, "test_error": [error] * 2, "h1_pseudoinverse": [distance] * 2}

    curves = {"BP": [run(0.03, 0.9)] * 2, "RF": [run(0.03, 0.2)] * 2, "FA": [run(0.04, 1.3)] * 2}
    for method in ("RF", "FA"):
        runs = [*curves[method]]
        runs[place] = run(0.9, float("nan"))
        found = cameron.compared(curves | {method: runs}, margin=1.0, worst=5.0)
        of = {check.what.split(": ")[1]: check.ok for check in found if "|B - W^+|/|W^+|" in check.what}
        assert of == {"RF": method != "RF", "FA": method != "FA"}


def test_white_rows_are_white_and_centred_samples_have_no_mean() -> None:
    x = white(7, 0)
    assert np.allclose(x.T @ x / len(x), np.eye(7))
    data = cameron.centred(load("digits"))
    assert np.abs(data.x_train.mean(axis=0)).max() < 1e-6 and data.scale == 1
    differences = load("digits").x_test[0] * load("digits").scale - data.x_test[0]
    assert np.allclose(differences, load("digits").x_train.mean(axis=0) * load("digits").scale, atol=1e-6)


def test_a_trajectory_looks_at_every_pair_and_ends_where_the_circuit_is() -> None:
    net = chain((6, 5, 4), batch_size=10)
    first, second = trajectory(net, 50, "numpy", looks=6)
    assert first.at[0] == 0 and first.at[-1] == 50 and len(first.distance) == len(first.at)
    assert first.moved[0] == 0 < first.moved[-1]
    from recircuit.models.analysis.measures import penrose

    assert second.conditions[-1] == pytest.approx(penrose(net["h2_to_h1.w"], net["h1_to_h2.w"]))
