"""Weights to and from mappings of arrays, as PyTorch keeps them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import ArrayLike

import recircuit as rc
from recircuit.errors import RecircuitError


class Tensor:
    """A stand-in for a tensor of PyTorch on a device, within a graph: NumPy reads it only after detach and cpu."""

    def __init__(self, values: ArrayLike, steps: tuple[str, ...] = ()) -> None:
        self.values, self.steps = np.asarray(values), steps

    def detach(self) -> Tensor:
        return self._after("detach")

    def cpu(self) -> Tensor:
        return self._after("cpu")

    def _after(self, step: str) -> Tensor:
        return self if step in self.steps else Tensor(self.values, (*self.steps, step))

    def __array__(self, dtype: object = None, copy: bool | None = None) -> np.ndarray:
        assert self.steps == ("detach", "cpu")
        return self.values

    def size(self) -> tuple[int, ...]:
        """Return the shape, which is a method in PyTorch."""
        return self.values.shape


RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(10, 4)), RNG.integers(0, 3, 10)
STATE = {
    "0.weight": Tensor(RNG.normal(size=(5, 4))),
    "0.bias": Tensor(RNG.normal(size=5)),
    "2.weight": Tensor(RNG.normal(size=(3, 5))),
}


def net(**options: object) -> rc.Circuit:
    return rc.layered([4, 5, 3], "urfb", precision="float64", transfer="tanh", **options)


def test_a_state_dict_makes_the_same_network() -> None:
    circuit = net()
    circuit.load_weights(STATE, names={"0.weight": "x_to_h1", "2.weight": "h1_to_o"})
    x = RNG.normal(size=(7, 4))
    expected = np.tanh(x @ STATE["0.weight"].values.T) @ STATE["2.weight"].values.T
    np.testing.assert_allclose(circuit.outputs(x), expected, atol=1e-12)


class MapStyle:
    """A stand-in for a data set of PyTorch that is no iterable: its items are samples."""

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, k: int) -> tuple[Tensor, Tensor]:
        if not 0 <= k < len(X):
            raise IndexError(k)
        return Tensor(X[k]), Tensor(Y[k])


def in_batches(size: int) -> Iterator[list[Tensor]]:
    for begin in range(0, len(X), size):
        yield [Tensor(X[begin : begin + size]), Tensor(Y[begin : begin + size])]


def test_tensors_and_data_sets_of_pytorch_are_data() -> None:
    expected = net()
    rc.train(expected, (X, Y), backend="numpy", progress=False)
    forms = [
        (Tensor(X), Tensor(Y)),
        MapStyle(),
        in_batches(4),
        ([Tensor(x), Tensor(y)] for x, y in zip(X, Y, strict=True)),
    ]
    for form in forms:
        circuit = net()
        rc.train(circuit, form, backend="numpy", progress=False)
        assert np.array_equal(circuit["x_to_h1.w"], expected["x_to_h1.w"])


def test_batches_of_samples_without_labels_are_data() -> None:
    circuit, x = net(), Tensor(X)
    assert np.array_equal(circuit.outputs([batch] for batch, _ in in_batches(4)), circuit.outputs(x))


def test_a_tensor_is_a_value() -> None:
    circuit, values = net(), RNG.normal(size=(5, 4))
    circuit["x_to_h1.w"] = Tensor(values)
    assert np.array_equal(circuit["x_to_h1.w"], values)
    circuit.set_state({"x_to_h1.w": Tensor(-values)})
    assert np.array_equal(circuit["x_to_h1.w"], -values)


def test_weights_go_out_and_come_back() -> None:
    one, other = net(seed=1), net(seed=2)
    other.load_weights(one.weights())
    assert all(np.array_equal(other.weights()[name], w) for name, w in one.weights().items())
    one.weights()["x_to_h1"][:] = 0
    assert np.array_equal(other["x_to_h1.w"], one["x_to_h1.w"])
    assert "o_to_h1" not in rc.layered([4, 5, 3], "bp").weights()


def test_synapses_that_do_not_exist_stay_away() -> None:
    circuit = net(connectivity=0.5)
    circuit.load_weights({"x_to_h1": np.ones((5, 4))})
    assert np.array_equal(circuit["x_to_h1.w"], circuit["x_to_h1.mask"]) and not circuit["x_to_h1.mask"].all()


@pytest.mark.parametrize(
    ("weights", "names", "message"),
    [
        ({"x_to_h": np.ones((5, 4))}, None, "no projection 'x_to_h'.*`x_to_h1`"),
        ({"x_to_h1": np.ones((4, 5))}, None, r"the shape \(5, 4\); got \(4, 5\)"),
        ({"h1_to_o": np.ones((3, 5)), "x_to_h1": np.full((5, 4), np.nan)}, None, "NaN"),
        ({"0.weight": np.ones((5, 4))}, {"1.weight": "x_to_h1"}, "no weights '1.weight'.*`0.weight`"),
    ],
)
def test_what_does_not_fit_changes_nothing(weights: dict, names: dict | None, message: str) -> None:
    circuit = net()
    before = circuit.weights()
    with pytest.raises(RecircuitError, match=message):
        circuit.load_weights(weights, names=names)
    assert all(np.array_equal(w, before[name]) for name, w in circuit.weights().items())
