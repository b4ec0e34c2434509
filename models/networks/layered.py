"""Layered networks, of any depth, as circuits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Unpack

import numpy as np
from brian2.units import Quantity

from ...arguments import checked_arguments
from ...circuits import Circuit, OutputCircuit, glorot, pyramidal
from ...circuits.description.projections.connecting import lacking
from ...circuits.library.outputs import output_for
from ...errors import UsageError
from ...plasticity import Rule
from ...plasticity.registry import as_rule
from .circuit_options import CircuitOptions, new_circuit
from .layer_options import settling_steps, with_probability

__all__ = ["layered", "unlearned"]


@checked_arguments
def layered(
    sizes: Sequence[int],
    rule: Rule | str = "urfb",
    *,
    loss: str | OutputCircuit = "hinge",
    transfer: str = "clip",
    tau: Quantity | None = None,
    settling: float = 5.0,
    connectivity: float = 1.0,
    output_connectivity: float | None = None,
    weights: Callable[..., Any] | None = None,
    **circuit: Unpack[CircuitOptions],
) -> Circuit:
    """Make a layered network: a stimulus `x`, hidden layers `h1`, `h2`, ..., an output `o`, and feedback between layers.

    ::

        h_l = W_l x_(l-1),  x_l = f(h_l)          feedforward: one step per layer of weights
        error of o                                error: the output circuit's own cycle
        error_l = f'(h_l) R_l error_(l+1)         feedback: one step per hidden layer
        W_l and R_l by their rule                 plasticity: one step

    If a rule has no feedback equation, the feedback weights stay fixed (frfb), or they are the transpose of the forward
    weights (bp). A hidden layer that lacks a variable which the forward equation reads (the target, in the rule
    `hinge`) keeps its weights, and gets no feedback: `recircuit.models.networks.layered.unlearned` names it.

    Parameters
    ----------
    sizes : sequence of int
        The numbers of units of the layers, stimulus first; two or more.
    rule : Rule or str, default "urfb"
        A rule or its name. The rate of most rules is 1, which suits means over 10 batch elements or more; fewer need a
        smaller rate, as in ``rc.urfb.with_parameters(rate=.1*batch_size)``.
    loss : str or OutputCircuit, default "hinge"
        ``"hinge"`` (the circuit of o, t and s), ``"softmax"``, ``"logistic"`` or ``"mse"`` (controls), that of an
        installed package, or an output circuit with parameters of its own, as in ``HingeOutput(S=2, mu=.3)``. For the
        hinge circuit, abs(h) of the output must stay below M; `o.beyond` counts how often it does not.
    transfer : str, default "clip"
        The transfer function of the hidden units; see `pyramidal`.
    tau : Quantity, optional
        The time constant of the hidden rates. None is step-by-step mode (tau = dt).
    settling : float, default 5
        With tau above dt, the time of each layer in the phase feedforward, in units of tau.
    connectivity : float, default 1
        The probability of each synapse, drawn for forward and feedback projections separately.
    output_connectivity : float, optional
        The probability of the synapses to and from the output; the default is ``connectivity``.
    weights : function, optional
        The initial W and R, as a function of (generator, shape). The default is `glorot`.
    circuit
        Options of the `Circuit`: ``batch_size``, ``dt``, ``precision`` (here ``"float32"`` by default), ``seed``,
        ``lowering`` and ``matmul``.

    Returns
    -------
    Circuit
        The network.

    Raises
    ------
    UsageError
        If the sizes or the loss make no network.
    RecircuitError
        If the circuit, its output circuit or its rule refuses the arguments.

    References
    ----------
    Amit 2019; Lillicrap et al. 2016.

    Examples
    --------
    >>> import recircuit as rc
    >>> net = rc.layered([64, 100, 10], "urfb", loss="softmax", batch_size=20)
    >>> [*net.populations]
    ['x', 'h1', 'o', 'z', 's']
    """
    rule = as_rule(rule)
    sizes = _checked_sizes(sizes)
    output = output_for(loss, rule.name)
    rule = _fitted(rule, output)
    net = new_circuit(circuit)
    draw = weights or glorot(counting="possible")
    layers = [net.stimulus("x", sizes[0])]
    layers += [
        net.population(f"h{i}", n, pyramidal(transfer, net.dt if tau is None else tau))
        for i, n in enumerate(sizes[1:-1], 1)
    ]
    layers += [net.population("o", sizes[-1], output)]
    top = with_probability(connectivity if output_connectivity is None else output_connectivity)
    structures = [*[with_probability(connectivity)] * (len(sizes) - 2), top]
    pairs = list(zip(layers, layers[1:], structures, strict=False))
    learning = {post.name for pre, post, _ in pairs if post is layers[-1] or not lacking(rule.forward, pre, post)}
    for pre, post, structure in pairs:
        equation = rule.forward if post.name in learning else None
        net.connect(pre, post, rule=equation, connectivity=structure, weights=draw)
    back = [pair for pair in pairs[1:] if pair[0].name in learning]
    for lower, upper, structure in back:
        own = rule.feedback.transpose_of == ""
        net.connect(
            upper, lower, into="apical", rule=rule.feedback, connectivity=structure, weights=draw if own else None
        )
    _set_phases(net, len(sizes) - 1, output.error_steps, len(back), settling_steps(tau, net.dt, settling))
    return net


def unlearned(circuit: Circuit) -> list[str]:
    """Return the populations into whose basal compartment nothing learns, though others learn; pools and sums do not count."""
    joins = ("largest", "one_to_one")
    basal = [p for p in circuit.projections.values() if p.into == "basal" and p.connectivity.kind not in joins]
    learning = {p.post.name for p in basal if p.plastic}
    return [name for name in dict.fromkeys(p.post.name for p in basal) if name not in learning]


def _checked_sizes(sizes: Sequence[int]) -> list[int]:
    sizes = list(sizes)
    if len(sizes) < 2:
        raise UsageError(f"layers: expected two sizes or more, stimulus first, as in 784-500-10; got {sizes}.")
    wrong = [n for n in sizes if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1]
    if wrong:
        raise UsageError(f"layers: a layer has a whole number of units, at least 1; got {wrong[0]} in {sizes}.")
    return [int(n) for n in sizes]


def _fitted(rule: Rule, output: OutputCircuit) -> Rule:
    """Give a rule that is the gradient of the loss the parameters of the output circuit, since they are the same thing."""
    return rule.with_parameters(**output.rule_parameters) if rule.name == output.own_rule else rule


def _set_phases(net: Circuit, forward: int, error: int, feedback: int, settling: int) -> None:
    dt = net.dt
    phases: list[Any] = ["feedforward", forward * settling * dt, "error", error * dt]
    phases += ["feedback", feedback * dt] if feedback else []
    net.phases(*phases, "plasticity", dt)
