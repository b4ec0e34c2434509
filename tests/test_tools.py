"""The tools that choose rates, and that compare readings of a paper."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import recircuit as rc
from recircuit.models.data import Dataset
from recircuit.models.experiments.lillicrap2016.image_training import Plan
from tools.choose_rates import TABLES, Table, best, choose, held_out
from tools.quantised_readings import ALPHA, RATE, SCALE, WHAT, ZERO, Net, accuracies, complete, update

RESULTS = Path(__file__).resolve().parents[1] / "results"


def some_images(count: int) -> Dataset:
    """Return images of 28 x 28 pixels of which a stripe tells the class."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 10, count)
    x = rng.integers(0, 60, (count, 28, 28), dtype=np.uint8)
    x[np.arange(count), 2 * y] += 150
    return Dataset.from_arrays("stripes", x, y, x[:10], y[:10], classes=10)


@pytest.mark.parametrize("scale", SCALE)
@pytest.mark.parametrize("zero", ZERO)
@pytest.mark.parametrize("what", WHAT)
def test_an_update_of_one_bit_is_that_of_its_definition(what: str, zero: int, scale: str) -> None:
    rng = np.random.default_rng(0)
    x = np.maximum(rng.normal(size=(7, 5)), 0).astype(np.float32)
    error = rng.normal(size=(7, 3)).astype(np.float32)
    products = x[:, :, None] * error[:, None, :]
    products = products.mean(axis=0, keepdims=True) if what == "minibatch" else products
    signs = np.where(products == 0, zero, np.sign(products))
    factor = {"alpha": RATE * ALPHA, "alpha with the rate in it": ALPHA}.get(scale, RATE * np.abs(products).mean())
    wanted = factor * (signs.sum(axis=0) if what.endswith("sum") else signs.mean(axis=0))
    np.testing.assert_allclose(update(x, error, what, zero, scale), wanted, rtol=1e-4)


def test_the_errors_of_the_network_are_the_gradient() -> None:
    net, data = Net("BP", 0), some_images(20)
    net.W, x = [w.astype(float) for w in net.W], data.x_train / 255.0
    rates = net.forward(x)
    gradient = rates[1].T @ net.errors(rates, data.y_train)[1]

    def loss() -> float:
        return float(np.log(net.forward(x)[-1][np.arange(20), data.y_train]).sum())

    before, step = net.W[1][3, 5], 1e-5
    net.W[1][3, 5] = before + step
    above = loss()
    net.W[1][3, 5] = before - step
    assert gradient[3, 5] == pytest.approx((above - loss()) / (2 * step), rel=1e-3)


def test_a_reading_that_does_not_learn_ends_early() -> None:
    data = some_images(2000)
    assert len(accuracies("BP", ("each sample, sum", 1, "alpha with the rate in it"), data, 6)) == 3
    assert accuracies("BP", ("minibatch", 0, "mean size in the layer"), data, 6)[-1] > 90


def test_a_run_is_complete_with_all_its_epochs_or_where_it_did_not_learn() -> None:
    assert complete([60.0, 70.0, 80.0, 85.0], 4) and complete([10.0, 10.0, 10.0], 15)
    assert not complete([60.0, 70.0, 80.0], 4) and not complete([], 4)


def test_each_method_has_its_best_rate_or_all_have_the_one_that_is_best_on_average() -> None:
    errors = {"a": {"0.1": 5.0, "0.01": 7.0}, "b": {"0.1": 9.0, "0.01": 6.0}}
    assert best(errors, common=False) == {"a": 0.1, "b": 0.01}
    assert best(errors, common=True) == {"a": 0.01, "b": 0.01}


def test_what_validates_is_neither_learned_nor_tested(monkeypatch: pytest.MonkeyPatch) -> None:
    data = some_images(12_500)
    part = held_out(data)
    assert np.array_equal(part.x_train, data.x_train[:10_000]) and np.array_equal(
        part.x_test, data.x_train[10_000:12_000]
    )


def test_a_choice_that_was_stopped_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.choose_rates.error", lambda plan, data: 100 * plan.rate)
    table = Table({"FA": Plan("frfb", (30,), 9, 0.0)}, (0.01, 0.1), 2)
    file = tmp_path / "choice.json"
    file.write_text(json.dumps({"validation_error": {"FA": {"0.01": 50.0}}}))
    choose(table, rc.load("digits"), file)
    found = json.loads(file.read_text())
    assert found["validation_error"] == {"FA": {"0.01": 50.0, "0.1": 10.0}} and found["rates"] == {"FA": 0.1}


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*/choice.json")), ids=lambda path: path.parent.name)
def test_an_experiment_has_the_rates_that_were_chosen_for_it(path: Path) -> None:
    chosen, table = json.loads(path.read_text()), TABLES[path.parent.name]
    assert chosen["rates"] == best(chosen["validation_error"], table.common)
    assert chosen["rates"] == {name: plan.rate for name, plan in table.plans.items()}
