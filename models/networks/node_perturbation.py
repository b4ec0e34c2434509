"""Layered circuits whose feedback weights learn from noise (Lansdell, Prakash and Kording 2020), and their controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Unpack

import numpy as np
from brian2.units import Quantity

from ...circuits import Circuit, Neuron, OneToOne, Population, Projection
from ...circuits.description.projections.initial import bias_of
from ...errors import UsageError
from ...plasticity import Rule
from ...plasticity.registry import as_rule
from ...plasticity.rules.node_perturbation import inverse_correlation
from .circuit_options import CircuitOptions, new_circuit
from .node_perturbation_options import Perturbation, Synapses, Weights, scaled_normal
from .perturbed_units import (
    COMPARE,
    COMPARE_MEAN,
    COMPARE_NOTHING,
    COMPARE_TWO,
    LOSS,
    Noise,
    hidden_unit,
    jittered_input,
    output_unit,
    reads_noise,
    twin_unit,
)

__all__ = ["Perturbation", "Synapses", "announce", "compare", "node_perturbation", "scaled_normal"]

BASELINES = {"clean": COMPARE, "mean": COMPARE_MEAN, "nothing": COMPARE_NOTHING}
USUAL_PERTURBATION, USUAL_SYNAPSES = Perturbation(), Synapses()
NORM = Neuron("energy : 1 (compartment)\nrate = energy : 1 (during gain)")


def node_perturbation(
    sizes: Sequence[int],
    rule: Rule | str = "node_perturbation",
    *,
    feedback: str = "layers",
    transfer: str | Sequence[str] = "logistic",
    answer: str = "linear",
    target: str = "labels",
    perturbation: Perturbation = USUAL_PERTURBATION,
    synapses: Synapses = USUAL_SYNAPSES,
    tau: Quantity | None = None,
    settling: int = 1,
    **circuit: Unpack[CircuitOptions],
) -> Circuit:
    """Make a layered network (`x`, `h1`, ..., `o`, target `s`, `loss`) that learns from noise in its somas.

    In a presentation the stimulus is shown, and each hidden unit draws its noise. In one window the noise is added to all
    somas at once. In the next window there is no noise, and the rates stay as they are at its end. The unit ``compare``
    broadcasts by how much the noise raised the loss. Then errors are sent down, and all weights learn. The phases of noise
    exist for rules that read it (node_perturbation, reinforcement). The same call makes controls (frfb, bp, matching, adam),
    which have no such phases. An evaluation consists of the window without noise.

    Parameters
    ----------
    sizes : sequence of int
        The numbers of units of the layers, stimulus first.
    rule : Rule or str
        A rule or its name.
    feedback : {"layers", "direct", "activations"}
        Feedback runs from each layer to the one below (section 4.1), from the output to each hidden layer (section 4.3), or
        from each hidden layer to itself, from weights of 0, and carries rates (section 2.4).
    transfer : str or sequence of str
        The transfer function of the hidden units, or one for each hidden layer.
    answer : str
        The transfer function of the output.
    target : {"labels", "values"}
        The target is a supervisor, or a stimulus with rows of its own.
    perturbation : Perturbation
        The noise.
    synapses : Synapses
        The weights.
    tau : Quantity, optional
        The time constant of the rates. None stands for dt, which is step-by-step mode.
    settling : int
        The number of steps that each layer is given.
    circuit : Unpack[CircuitOptions]
        See `CircuitOptions`.

    Raises
    ------
    UsageError
        If sizes or words make no network, or if the ridge form has more than one batch element.
    RecircuitError
        If the circuit refuses its arguments.
    """
    rule = as_rule(rule)
    hidden = [transfer] * (len(sizes) - 2) if isinstance(transfer, str) else list(transfer)
    _check(
        sizes, hidden, feedback=feedback, windows=perturbation.windows, target=target, baseline=perturbation.baseline
    )
    net = new_circuit(circuit)
    plan = _Plan(net, rule, feedback, perturbation.windows == "side by side", synapses, tau or net.dt)
    if plan.lateral and net.batch_size != 1:
        raise UsageError(
            f"The ridge form presents one sample at a time, and got batch_size={net.batch_size}. Use batch_size=1."
        )
    noise = Noise(perturbation.c, perturbation.noise, own=not plan.twins)
    plan.add_layers(sizes, [*hidden, answer], noise, perturbation.denoise)
    s = (net.supervisor if target == "labels" else net.stimulus)("s", sizes[-1], during="stimulus")
    loss = plan.add_loss("loss", plan.layers[-1], s)
    if plan.noisy:
        announce(net, COMPARE_TWO if plan.twins else BASELINES[perturbation.baseline])
    plan.add_forward()
    plan.add_feedback()
    if plan.noisy:
        compare(net, loss, "error" if plan.twins else "perturbed and error")
    if plan.twins:
        plan.add_twins([*hidden, answer], s)
    plan.set_phases(settling, 1 if perturbation.denoise else 0)
    return net


def announce(net: Circuit, model: Neuron = COMPARE) -> None:
    """Add a unit ``compare`` whose rate is the increase of the loss by the noise, and broadcast it as ``difference``."""
    net.broadcast(net.population("compare", 1, model), "difference")


def compare(net: Circuit, loss: Population, during: str = "perturbed and error") -> None:
    """Connect the loss to the unit ``compare``.

    This is done after W and B are connected, so that controls draw the same weights.
    """
    net.connect(loss, net.populations["compare"], into="loss", weights=1.0, during=during)


@dataclass
class _Plan:
    """What is built, and what its rule needs."""

    net: Circuit
    rule: Rule
    feedback: str
    twins: bool
    synapses: Synapses
    tau: Quantity
    layers: list[Population] = field(default_factory=list)

    def __post_init__(self) -> None:
        forward, feedback = self.rule.forward, self.rule.feedback
        self.noisy = reads_noise(self.rule)
        self.noisy_output = bool(forward.reads_post & {"estimate", "noise"})
        self.feeds_back = "error" in forward.reads_post or feedback.plastic
        self.lateral = "stride" in feedback.reads_pre
        self.twins = self.twins and self.noisy
        self.moving = "perturbed and feedforward" if self.noisy and not self.twins else "feedforward"

    def add_layers(self, sizes: Sequence[int], transfers: Sequence[str], noise: Noise, denoise: float) -> None:
        jitter: dict[str, Any] = {"model": jittered_input(denoise), "clamps": "input"} if denoise else {}
        self.layers.append(self.net.stimulus("x", sizes[0], during="stimulus", **jitter))
        for i, (size, f) in enumerate(zip(sizes[1:], transfers, strict=True), 1):
            top = i == len(sizes) - 1
            trace = noise if self.noisy_output or (self.noisy and not top) else None
            lateral = self.lateral and (top or (i > 1 and self.feedback == "layers"))
            model = (output_unit if top else hidden_unit)(f, self.tau, trace, lateral=lateral)
            self.layers.append(self.net.population("o" if top else f"h{i}", size, model))

    def add_loss(self, name: str, o: Population, s: Population) -> Population:
        """Add the loss, which is half the sum of the squared errors."""
        loss = self.net.population(name, 1, LOSS)
        self.net.connect(s, o, into="supervision", weights=1.0, connectivity=OneToOne(), during=self.moving)
        self.net.connect(o, loss, into="squares", sends="squares", weights=0.5, during=self.moving)
        return loss

    def add_forward(self) -> None:
        """Add W and the biases."""
        one = self.net.constant("one") if self.synapses.bias else None
        for pre, post in pairwise(self.layers):
            self.connect_forward(pre, post, self.synapses.weights)
            if one is not None:
                self.connect_forward(one, post, bias_of(self.synapses.weights, pre.size))

    def connect_forward(self, pre: Population, post: Population, weights: Weights) -> Projection:
        rule = None if self.synapses.fixed else self.rule.forward
        return self.net.connect(pre, post, rule=rule, weights=weights, during=self.moving)

    def add_feedback(self) -> None:
        """Add B, and for the ridge form P in the layers that send."""
        if not self.feeds_back:
            return
        o, hidden = self.layers[-1], self.layers[1:-1]
        kinds = {"direct": [(o, h) for h in hidden], "activations": [(h, h) for h in hidden]}
        pairs = kinds.get(self.feedback) or list(pairwise(self.layers[:0:-1]))
        own = None if self.rule.feedback.transpose_of == "w" else _transposed(self.synapses.weights)
        for upper, lower in pairs:
            weights = 0.0 if self.lateral or upper is lower else own
            sends = "rate" if upper is lower else "error"
            self.net.connect(upper, lower, into="apical", sends=sends, rule=self.rule.feedback, weights=weights)
        for sender in dict.fromkeys(upper.name for upper, _ in pairs if self.lateral):
            self.add_inverse(self.net.populations[sender], self.synapses.gamma)

    def add_inverse(self, sender: Population, gamma: float) -> None:
        """Add P = (sum e e^T + gamma)^-1 as lateral synapses, and a unit that sends e^T P e to the layer."""
        net, name = self.net, sender.name
        norm = net.population(f"{name}_norm", 1, NORM)
        net.connect(
            sender, sender, into="gain", sends="error", rule=inverse_correlation, during="gain", name=f"{name}_inverse",
            weights=np.eye(sender.size) / gamma,
        )  # fmt: skip
        net.connect(sender, norm, into="energy", sends="energy", weights=1.0, during="gain")
        net.connect(norm, sender, into="leverage", weights=1.0, during="gain")

    def add_twins(self, transfers: Sequence[str], s: Population) -> None:
        """Add the noisy circuit, with the same weights, and one-to-one synapses from each clean unit to its twin."""
        net = self.net
        basal = [(i, p) for i, p in enumerate(net.projections.values()) if p.into == "basal"]
        twins = {
            unit.name: net.population(f"{unit.name}_twin", unit.size, twin_unit(f, self.tau))
            for unit, f in zip(self.layers[1:], transfers, strict=True)
        }
        for index, clean in basal:
            pre = twins.get(clean.pre.name, clean.pre)
            self.connect_forward(pre, twins[clean.post.name], _redrawn(clean.weights, [net.seed, index]))
        noisy = self.add_loss("loss_twin", twins["o"], s)
        net.connect(noisy, net.populations["compare"], into="noisy", weights=1.0, during="error")
        for unit in self.layers[1:]:
            self.connect_twin(unit, twins[unit.name])

    def connect_twin(self, unit: Population, twin: Population) -> None:
        signals = {
            "swayed": ("noise", "feedforward"),
            "taught": ("error", "plasticity"),
            "seen": ("rate", "plasticity"),
        }
        for into, (sends, during) in signals.items():
            if sends in unit.variables():
                self.net.connect(
                    unit, twin, into=into, sends=sends, during=during, weights=1.0, connectivity=OneToOne(),
                    name=f"{unit.name}_{into}",
                )  # fmt: skip

    def set_phases(self, settling: int, lead: int) -> None:
        """Declare one phase each to show, to draw and to compare, and windows of ``settling`` steps a layer and the
        loss's steps.
        """
        up, dt = lead + (len(self.layers) - 1) * settling, self.net.dt
        steps = {"stimulus": 1}
        if self.noisy or lead:
            steps["draw"] = 1
        if self.noisy and not self.twins:
            steps["perturbed"] = up + 2
        steps |= {"feedforward": up + 1, "error": 1}
        if self.feeds_back and len(self.layers) > 2:
            steps["feedback"] = len(self.layers) - 2 if self.feedback == "layers" else 1
        if self.lateral:
            steps["gain"] = 3
        pairs = [part for name, n in steps.items() for part in (name, n * dt)]
        self.net.phases(*pairs, "plasticity", dt, evaluation=("stimulus", "feedforward"))


def _transposed(weights: Weights) -> Weights:
    return lambda rng, shape: weights(rng, shape[::-1]).T


def _redrawn(weights: Weights, seed: list[int]) -> Weights:
    return lambda _, shape: weights(np.random.default_rng(seed), shape)


def _check(sizes: Sequence[int], hidden: Sequence[str], **words: str) -> None:
    known = {
        "feedback": ("layers", "direct", "activations"), "windows": ("in turn", "side by side"),
        "target": ("labels", "values"), "baseline": tuple(BASELINES),
    }  # fmt: skip
    for name, word in words.items():
        if word not in known[name]:
            raise UsageError(f"{name}: expected one of {', '.join(map(repr, known[name]))}; got {word!r}.")
    if len(sizes) < 2 or len(hidden) != len(sizes) - 2:
        raise UsageError(
            f"sizes: expected two layers or more, stimulus first, and a transfer function for each of the hidden ones; "
            f"got {list(sizes)} and {list(hidden)}."
        )
