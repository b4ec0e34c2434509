"""Random backpropagation and its family as timed circuits (Baldi, Sadowski and Lu 2018, sections 2 to 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np

from ...circuits import Circuit, Population, Projection, SoftmaxOutput
from ...circuits.description.projections.initial import Initial, fans
from ...errors import UsageError
from ...plasticity import Rule, SynapticEquation
from ...plasticity.modifiers import quantisation
from ...plasticity.rules.feedback_per_synapse import feedback_per_synapse
from ...plasticity.rules.quantised_updates import quantised_updates
from ...plasticity.rules.random_backpropagation import arbp, rbp
from ...plasticity.rules.resampled_feedback import resampled, sign_concordant
from .circuit_options import CircuitOptions, new_circuit
from .learning_channel_units import channel_unit, relay
from .learning_channel_variant import ALGORITHMS, Variant

__all__ = ["ALGORITHMS", "Variant", "channel_matrix", "random_backpropagation", "scaled"]


def random_backpropagation(
    sizes: Sequence[int],
    variant: Variant | str = "rbp",
    **circuit: Unpack[CircuitOptions],
) -> Circuit:
    """Make a layered network (`x`, `h1`, ..., softmax output `o`) whose error returns through a learning channel.

    The phase feedforward has one step per layer of weights, and error the steps of the output circuit. The phase feedback
    has a step per hidden layer, or a single step where the channel skips layers. The phase plasticity has one step. Dropout is
    drawn in the phase `draw`, which is the last step of `error`.

    Projections are called `x_to_h1`, ..., and those of the channel `h2_to_h1` or, where it skips layers, `o_to_h1`. There
    are no biases (Eq. 2 and 14). Circuits of variants that differ only in numbers can share one program
    (`Circuit.take_over`).

    Parameters
    ----------
    sizes : Sequence[int]
        The numbers of units of the layers, stimulus first; at least three.
    variant : Variant | str
        A `Variant`, or the name of an algorithm.
    circuit
        Options of the `Circuit`, as of `layered`; ``batch_size`` is the size of the minibatch.

    Raises
    ------
    UsageError
        If there is no hidden layer.
    """
    variant = Variant(variant) if isinstance(variant, str) else variant
    if len(sizes) < 3:
        raise UsageError(f"random_backpropagation: expected at least one hidden layer; got the sizes {list(sizes)}.")
    net = new_circuit(circuit)
    layers = [net.stimulus("x", sizes[0])]
    for h, n in enumerate(sizes[1:-1], start=1):
        layers.append(net.population(f"h{h}", n, channel_unit(variant, net.dt)))
    output = SoftmaxOutput(largest="m" if variant.shifted else "")
    layers.append(net.population("o", sizes[-1], output))
    if variant.redrawn == "per synapse":
        _send_errors(net, layers[-1])
    forward = [_forward(net, variant, layers, h) for h in range(1, len(layers))]
    _channel(net, variant, layers, forward)
    _set_phases(net, variant, len(forward), output.error_steps)
    return net


def scaled(mean: float = 0.0, *, uniform: bool = False) -> Initial:
    """Draw weights with the variance 2/(n_pre + n_post), and a mean in units of the standard deviation."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        unit = rng.uniform(-np.sqrt(3), np.sqrt(3), shape) if uniform else rng.standard_normal(shape)
        return _sd(shape) * (mean + unit)

    return draw


def channel_matrix(variant: Variant) -> Initial:
    """Return the initial weights of the channel."""
    if variant.matrix != "sparse":
        return scaled(variant.mean, uniform=variant.matrix == "uniform")
    size = 1.0 if variant.skips or variant.n == 0 else 1 / np.sqrt(variant.n)
    return lambda rng, shape: size * (rng.random(shape) < variant.n / fans(shape, "possible")[1])


def _sd(shape: tuple[int, ...]) -> float:
    return float(np.sqrt(2 / sum(fans(shape, "possible"))))


def _forward(net: Circuit, variant: Variant, layers: list[Population], h: int) -> Projection:
    """Return the projection into layer h, with its rule."""
    pre, post = layers[h - 1 : h + 1]
    top = h == len(layers) - 1
    rule = _rule(variant, h, top, (post.size, pre.size), layers[-1].size)
    states = {}
    if rule is not None and not top and variant.redrawn == "per synapse":
        sd = _sd((post.size, layers[-1].size))
        states = dict.fromkeys(rule.state, lambda rng, shape: sd * rng.standard_normal(shape))
    return net.connect(pre, post, rule=rule, weights=scaled(), states=states)


def _rule(variant: Variant, h: int, top: bool, shape: tuple[int, int], outputs: int) -> SynapticEquation | None:
    """Return the rule of the synapses into layer h; None if their weights are fixed."""
    if variant.algorithm == "top" and not top:
        return None
    rule = rbp
    if variant.update_bits is not None:
        rule = _quantised(variant.update_bits, variant.update_alpha, variant.update_of)
    elif variant.redrawn == "sign-concordant" and h > 1:
        rule = sign_concordant.with_parameters(sd=_sd(shape))
    elif variant.redrawn == "per synapse" and not top:
        rule = feedback_per_synapse(outputs)
    rate = 0.0 if h in variant.frozen else variant.rate
    return rule.with_parameters(rate=rate).with_rate_decay(variant.rate_decay).forward


def _quantised(bits: int, alpha: float, of: str) -> Rule:
    """Return the rule whose updates have this number of bits."""
    if of == "minibatch":
        return rbp.modified(quantisation(bits, alpha))
    return quantised_updates(bits).with_parameters(alpha=alpha)


def _channel(net: Circuit, variant: Variant, layers: list[Population], forward: list[Projection]) -> None:
    """Connect the projections that bring errors to the hidden layers."""
    if variant.algorithm == "top" or variant.redrawn == "per synapse":
        return
    for h in reversed(range(1, len(layers) - 1)):
        post, above = layers[h : h + 2]
        pre = layers[-1] if variant.skips else above
        sends = "passed" if "passed" in pre.variables() else "error"
        rule, weights = None, channel_matrix(variant)
        if variant.transposes:
            weights = forward[h].T
        elif variant.redrawn == "sign-concordant":
            weights = forward[h].transposed(sign_concordant.feedback.transpose_of)
        elif variant.redrawn == "at random":
            rule = resampled.with_parameters(sd=_sd((post.size, pre.size))).feedback
        elif variant.algorithm in ("arbp", "asrbp"):
            rule = arbp.with_parameters(rate=variant.rate).with_rate_decay(variant.rate_decay).feedback
        net.connect(pre, post, into="apical", sends=sends, rule=rule, weights=weights)


def _send_errors(net: Circuit, o: Population) -> None:
    """Declare each output's error as a broadcast, `error0`, `error1`, ..."""
    for k in range(o.size):
        unit = net.population(f"e{k}", 1, relay())
        net.connect(o, unit, into="drive", sends="error", weights=np.eye(o.size)[k : k + 1], during="feedback")
        net.broadcast(unit, f"error{k}", during="plasticity")


def _set_phases(net: Circuit, variant: Variant, depth: int, error: int) -> None:
    down = 1 if variant.skips or variant.algorithm == "top" else depth - 1
    ends = np.cumsum([depth, error, down, 1])
    names = ("feedforward", "error", "feedback", "plasticity")
    windows: dict[str, Any] = {
        name: (begin * net.dt, end * net.dt) for name, begin, end in zip(names, [0, *ends], ends, strict=False)
    }
    draw = (ends[1] - 1) * net.dt, ends[1] * net.dt
    net.phases(**windows, draw=draw, evaluation=["feedforward"])
