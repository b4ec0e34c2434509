"""Small networks, as in the theorems: many of them side by side in one circuit, each with its own weights.

    h_1 = W_1 x,  h_i = f(W_i h_(i-1)),  y = W_L h_(L-1)         feedforward: L steps
    e = target - y                                               error: one step
    error_i = f'(W_i h_(i-1)) C_i e                              feedback: one step, from the output to every layer
    dW_i = rate error_i h_(i-1)^T,  dW_L = rate e h_(L-1)^T      plasticity, averaged over batch elements

Batch elements share weights, so that a hundred random starts are a hundred networks. Here the networks are blocks of one
circuit and run together. The sources are Baldi, Sadowski and Lu 2018, Eq. 80, with C_i, and Lillicrap et al. 2016, Eq. 2-3,
where A, W and B are W_1, W_2 and C_1. With one hidden layer it makes no difference whether the channel skips layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from brian2.units import ms
from numpy.typing import NDArray

from ...circuits import Blocks, Circuit, Connectivity, Dense, Neuron, OneToOne, Population, pyramidal
from ...errors import RecircuitError
from ...plasticity import Rule, frfb

__all__ = ["OUTPUT", "Networks", "gather", "side_by_side", "spread"]

Array = NDArray[np.floating]

#: The output. Its error is the target, which arrives in a compartment of its own, minus what arrives from below.
OUTPUT = Neuron(
    """
    basal    : 1 (compartment)
    wanted   : 1 (compartment)
    drate/dt = (wanted - basal - rate)/tau : 1 (during error)
    error    = rate : 1
    """,
    tau=1 * ms,
)


@dataclass(frozen=True)
class Networks:
    """The weights of several networks of one shape.

    Parameters
    ----------
    forward : Sequence[Array]
        W_1..W_L, (count, N_i, N_(i-1)).
    channel : Sequence[Array]
        C_1..C_(L-1), (count, N_i, N_L); empty for backpropagation.
    """

    forward: Sequence[Array]
    channel: Sequence[Array]

    @property
    def count(self) -> int:
        """The number of networks."""
        return len(self.forward[0])

    @property
    def sizes(self) -> tuple[int, ...]:
        """N_0..N_L."""
        return (self.forward[0].shape[2], *(w.shape[1] for w in self.forward))

    def named(self) -> dict[str, Array]:
        """Return the weights by the names that they have in the circuit: ``"W1.w"``, ..., ``"C1.w"``, ..."""
        named = {f"W{i}.w": w for i, w in enumerate(self.forward, 1)} | {
            f"C{i}.w": c for i, c in enumerate(self.channel, 1)
        }
        return {name: spread(w) for name, w in named.items()}


def side_by_side(
    networks: Networks,
    rule: Rule = frfb,
    *,
    batch_size: int,
    hidden: Neuron | None = None,
    output: Neuron = OUTPUT,
    biases: bool = False,
) -> Circuit:
    """Make one circuit of several networks side by side: `x`, `h1`, ..., `y` and its `target`, with projections `W1`, `C1`, ...

    Parameters
    ----------
    networks : Networks
        The initial weights.
    rule : Rule
        The rule of the weights. A rule that reads the transpose, such as backpropagation, needs one hidden layer.
    batch_size : int
        The number of stimuli that are presented at a time.
    hidden, output : Neuron
        The neurons of the hidden units and of the output. None stands for linear hidden units.
    biases : bool
        Whether every unit except those of the stimulus has a bias, which begins at 0.

    Raises
    ------
    RecircuitError
        If the rule reads the transpose, and there is more than one hidden layer.
    """
    count, sizes = networks.count, networks.sizes
    transposed = rule.feedback.transpose_of == "w"
    if transposed and len(sizes) != 3:
        raise RecircuitError(f"side_by_side: the rule {rule.name!r} needs one hidden layer; got the sizes {sizes}.")
    net = Circuit(batch_size, 1 * ms)
    layers = [net.stimulus("x", count * sizes[0])]
    layers += [net.population(f"h{i}", count * n, hidden or pyramidal("linear")) for i, n in enumerate(sizes[1:-1], 1)]
    layers.append(net.population("y", count * sizes[-1], output))
    target = net.stimulus("target", count * sizes[-1])
    net.connect(target, layers[-1], into="wanted", weights=1.0, connectivity=OneToOne(), during="error")
    named = networks.named()
    for i, (pre, post) in enumerate(pairwise(layers), 1):
        net.connect(
            pre, post, rule=rule.forward, weights=named[f"W{i}.w"], connectivity=_beside(pre, post, count), name=f"W{i}"
        )
        if biases:
            one = net.constant(f"one{i}", post.size)
            net.connect(one, post, rule=rule.forward, weights=0.0, connectivity=OneToOne(), name=f"b{i}")
    for i, layer in enumerate(layers[1:-1], 1):
        own = None if transposed else named[f"C{i}.w"]
        connectivity = None if transposed else _beside(layers[-1], layer, count)
        net.connect(
            layers[-1], layer, into="apical", rule=rule.feedback, weights=own, connectivity=connectivity, name=f"C{i}"
        )
    L = len(sizes) - 1
    net.phases("feedforward", L * ms, "error", 1 * ms, "feedback", 1 * ms, "plasticity", 1 * ms)
    return net


def spread(w: Array) -> Array:
    """Return weights of networks as the weights of their circuit: block by block, or one by one for single units.

    Parameters
    ----------
    w : array, shape (count, n_post, n_pre)
        The weights of the networks.
    """
    count, n_post, n_pre = w.shape
    if n_post == n_pre == 1:
        return w.reshape(count)
    whole = np.zeros((count, n_post, count, n_pre))
    each = np.arange(count)
    whole[each, :, each, :] = w
    return whole.reshape(count * n_post, count * n_pre)


def gather(w: Array, count: int) -> Array:
    """Return the weights of networks, (count, n_post, n_pre), from those of their circuit; the inverse of `spread`."""
    if w.ndim == 1:
        return w.reshape(count, 1, 1).copy()
    blocks = w.reshape(count, w.shape[0] // count, count, w.shape[1] // count)
    each = np.arange(count)
    return blocks[each, :, each, :]


def _beside(pre: Population, post: Population, count: int) -> Connectivity:
    return OneToOne() if pre.size == post.size == count > 1 else Blocks(count) if count > 1 else Dense()
