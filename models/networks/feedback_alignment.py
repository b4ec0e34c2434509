"""Feedback alignment as timed circuits: error neurons, and modulatory neurons (Lillicrap et al. 2016, Supp. Fig. 2-4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Unpack

from brian2.units import Quantity

from ...circuits import Blocks, Circuit, Connectivity, OneToOne, Population, Projection, glorot
from ...circuits.description.projections.initial import bias_of
from ...errors import UsageError
from ...plasticity import Rule
from ...plasticity.registry import as_rule
from .circuit_options import CircuitOptions, new_circuit
from .feedback_alignment_options import Dropout, Labels, Pseudoinverse, Synapses, even
from .layer_options import with_probability
from .modulated_units import LOSS, RESIDUAL, dropped_input, error, modulatory, settling, unit

__all__ = ["Dropout", "Labels", "Pseudoinverse", "Synapses", "even", "feedback_alignment"]

FEEDBACK = ("layers", "none")
TARGETS = ("values", "input")
USUAL_LABELS, NO_DROPOUT, USUAL_SYNAPSES = Labels(), Dropout(), Synapses()


def feedback_alignment(
    sizes: Sequence[int],
    rule: Rule | str = "frfb",
    *,
    feedback: str | Pseudoinverse = "layers",
    transfer: str = "tanh",
    answer: str = "linear",
    target: str | Labels = USUAL_LABELS,
    dropout: Dropout = NO_DROPOUT,
    synapses: Synapses = USUAL_SYNAPSES,
    tau: Quantity | None = None,
    settle: int = 1,
    **circuit: Unpack[CircuitOptions],
) -> Circuit:
    """Make a layered network (`x`, `h1`, ..., `o`) whose error `e` returns by modulators `m1`, ... (Lillicrap et al. 2016).

    ::

        h_l = f(W_l h_(l-1) + c_l)                       feedforward: ``settle`` steps per layer of weights
        e = y* - o, loss = |e|^2/2                       error: two steps
        delta_l = B_l (delta_(l+1) f'_(l+1))             feedback: a step per layer of modulators, and one to deliver
        error_l = delta_l f'_l                           (at the top, delta = e); what the rule reads
        W_l, c_l by the rule                             plasticity: one step

    The error neurons ``e`` receive the output and the target, unit by unit, and send to the output's apical
    compartments. They project through B to the modulators of the highest hidden layer (``e_to_m2``), and these through the
    next B to the modulators of the layer below (``m2_to_m1``). Each modulator projects to one hidden unit, whose f' reaches
    the modulator by a synapse of its own. An evaluation consists of the phase feedforward, and of the phase error too if the
    targets are not labels.

    Parameters
    ----------
    sizes : Sequence[int]
        The numbers of units of the layers, stimulus first.
    rule : Rule | str
        The rule of the forward synapses, or its name. With a rule whose feedback is the transpose (bp, adam: controls), the
        feedback weights are W^T.
    feedback : str | Pseudoinverse
        ``"layers"`` (Supp. Fig. 3 and 4), ``"none"`` (Supp. Fig. 2: only the output learns), or `Pseudoinverse` (Note
        15; a control).
    transfer, answer : str
        The transfer functions of the hidden units and of the output.
    target : str | Labels
        `Labels` (a supervisor ``s``), ``"values"`` (a stimulus ``s``), or ``"input"`` (an autoencoder, whose target is its
        stimulus).
    dropout : Dropout
        The dropout of hidden units and of the stimulus.
    synapses : Synapses
        Which synapses exist, how they begin, and which stay fixed.
    tau : Quantity | None
        The time constant of the rates. None stands for dt, which is step-by-step mode.
    settle : int
        The number of steps that each layer is given.
    circuit : Unpack[CircuitOptions]
        See `CircuitOptions`.

    Raises
    ------
    UsageError
        If sizes, words or numbers make no network, or if the rule changes feedback weights.
    RecircuitError
        If the circuit refuses its arguments.
    """
    rule = as_rule(rule)
    _check(sizes, rule, feedback, target)
    _check_numbers(sizes, dropout, synapses)
    net = new_circuit(circuit)
    dt = net.dt
    plan = _Plan(net, rule, synapses)
    plan.add_layers(sizes, [transfer] * (len(sizes) - 2) + [answer], dt if tau is None else tau, dropout)
    plan.add_forward()
    e = plan.add_error(target, gated=answer != "linear")
    if feedback == "layers":
        plan.add_modulators(e, gated=transfer != "linear")
    elif isinstance(feedback, Pseudoinverse):
        plan.add_settling(e, feedback.pull, gated=transfer != "linear")
    hidden = len(sizes) - 2 if feedback != "none" else 0
    down = 1 + hidden * (2 * feedback.loops if isinstance(feedback, Pseudoinverse) else 1)
    up = (len(sizes) - 1) * settle + (1 if dropout.stimulus else 0)
    steps = {"draw": 1 if dropout.hidden or dropout.stimulus else 0, "feedforward": up, "error": 2, "feedback": down}
    pairs = [part for name, n in (steps | {"plasticity": 1}).items() if n for part in (name, n * dt)]
    net.phases(*pairs, evaluation=["feedforward"] if isinstance(target, Labels) else ["feedforward", "error"])
    return net


@dataclass
class _Plan:
    """What is built, and what its synapses are."""

    net: Circuit
    rule: Rule
    synapses: Synapses
    layers: list[Population] = field(default_factory=list)
    forward: list[Projection] = field(default_factory=list)

    def add_layers(self, sizes: Sequence[int], transfers: Sequence[str], tau: Quantity, dropout: Dropout) -> None:
        lost = dropout.stimulus
        shown: dict[str, Any] = dict(model=dropped_input(lost), clamps="input") if lost else {}
        self.layers.append(self.net.stimulus("x", sizes[0], during="feedforward", **shown))
        for h, (size, f) in enumerate(zip(sizes[1:], transfers, strict=True), 1):
            top = h == len(transfers)
            model = unit(f, tau, 0.0 if top else dropout.hidden)
            self.layers.append(self.net.population("o" if top else f"h{h}", size, model))

    def add_forward(self) -> None:
        """Add W and the biases."""
        one = self.net.constant("one") if self.synapses.bias else None
        weights = self.synapses.weights or glorot(counting="possible")
        for h, (pre, post) in enumerate(pairwise(self.layers), 1):
            rule = None if h in self.synapses.frozen else self.rule.forward
            structure = self.structure() if h > 1 else self.synapses.local
            w = self.net.connect(pre, post, rule=rule, weights=weights, connectivity=structure)
            self.forward.append(w)
            if one is not None:
                self.net.connect(one, post, rule=rule, weights=bias_of(weights, w.shape.fans[0]))

    def add_error(self, target: str | Labels, *, gated: bool) -> Population:
        """Add the error neurons, with the projections to and from them, and return them."""
        net, o = self.net, self.layers[-1]
        e = net.population("e", o.size, error(gated=gated))
        if isinstance(target, Labels):
            s = net.supervisor("s", o.size, on=target.on, off=target.off, during="error")
        else:
            s = net.stimulus("s", o.size, during="error") if target == "values" else self.layers[0]
        self.one_to_one(s, e, "wanted", during="error", sends="input" if "input" in s.variables() else "rate")
        self.one_to_one(o, e, "received", during="error")
        loss = net.population("loss", 1, LOSS)
        net.connect(e, loss, sends="squares", into="squares", weights=0.5, during="error")
        self.one_to_one(e, o, "apical", during="feedback", sends="rate")
        if gated:
            self.one_to_one(o, e, "gain", during="error", sends="slope", name="o_gates_e")
        return e

    def add_modulators(self, e: Population, *, gated: bool) -> None:
        """Add B, from the error neurons down, and one modulator for each hidden unit."""
        above = e
        for h in reversed(range(1, len(self.layers) - 1)):
            m = self.net.population(
                f"m{h}", self.layers[h].size // self.synapses.served, modulatory(gated=gated and h > 1)
            )
            transposed = self.rule.feedback.transpose_of == "w"
            weights = self.forward[h].elsewhere(flipped=True) if transposed else self.synapses.channel or even()
            structure = None if transposed else self.structure()
            self.net.connect(
                above, m, into="drive", sends=_passes(above), weights=weights, connectivity=structure, during="feedback"
            )
            self.modulate(m, self.layers[h])
            above = m

    def add_settling(self, e: Population, pull: float, *, gated: bool) -> None:
        """Add W^T from a residual to the modulators, and W back to it."""
        above = e
        for h in reversed(range(1, len(self.layers) - 1)):
            m = self.net.population(f"m{h}", self.layers[h].size, settling(pull, gated=gated and h > 1))
            r = self.net.population(f"r{h}", above.size, RESIDUAL)
            w = self.forward[h]
            self.one_to_one(above, r, "wanted", during="feedback", sends=_passes(above))
            self.net.connect(r, m, into="drive", weights=w.elsewhere(flipped=True), during="error and feedback")
            self.net.connect(m, r, into="received", weights=w.elsewhere(flipped=False), during="error and feedback")
            self.modulate(m, self.layers[h])
            above = m

    def modulate(self, m: Population, h: Population) -> None:
        paths = OneToOne() if self.synapses.served == 1 else Blocks(m.size)
        self.net.connect(m, h, into="apical", weights=1.0, connectivity=paths, during="feedback", sends="rate")
        if "gain" in m.neuron.compartments:
            self.one_to_one(h, m, "gain", during="feedback", sends="slope", name=f"{h.name}_gates_{m.name}")

    def one_to_one(self, pre: Population, post: Population, into: str, **options: Any) -> None:
        self.net.connect(pre, post, into=into, weights=1.0, connectivity=OneToOne(), **options)

    def structure(self) -> Connectivity:
        return with_probability(self.synapses.connectivity)


def _passes(sender: Population) -> str:
    """Return what goes on down: the signal, times f' where there is one."""
    return "passed" if "passed" in sender.variables() else "rate"


def _check_numbers(sizes: Sequence[int], dropout: Dropout, synapses: Synapses) -> None:
    for name, p in (("hidden", dropout.hidden), ("stimulus", dropout.stimulus)):
        if not 0 <= p < 1:
            raise UsageError(f"dropout, {name}: expected a probability below 1; got {p!r}.")
    if unknown := sorted(set(synapses.frozen) - set(range(1, len(sizes)))):
        raise UsageError(f"frozen: layers of weights are 1 to {len(sizes) - 1}, the lowest is 1; got {unknown}.")
    if synapses.served != 1 and (len(sizes) != 3 or synapses.served < 1 or sizes[1] % synapses.served):
        wanted = "served: expected a number that divides the units of the network's one hidden layer"
        raise UsageError(f"{wanted}; got {synapses.served!r} for the sizes {list(sizes)}.")


def _check(sizes: Sequence[int], rule: Rule, feedback: str | Pseudoinverse, target: str | Labels) -> None:
    for name, word, kind, known in (
        ("feedback", feedback, Pseudoinverse, FEEDBACK),
        ("target", target, Labels, TARGETS),
    ):
        if not isinstance(word, kind) and word not in known:
            words = f"{', '.join(map(repr, known))}, or a {kind.__name__}"
            raise UsageError(f"{name}: expected one of {words}; got {word!r}.")
    if len(sizes) < 2:
        raise UsageError(
            f"sizes: expected two layers or more, stimulus first, as in [784, 1000, 10]; got {list(sizes)}."
        )
    if target == "input" and sizes[0] != sizes[-1]:
        raise UsageError(f"target: an output that is to be the input has as many units; got {list(sizes)}.")
    if rule.feedback.plastic:
        raise UsageError(
            f"The rule {rule.name!r} changes feedback weights, and those from error neurons stay as they are: use a rule "
            "without a feedback equation, such as frfb, or `layered`, where they run between the layers themselves."
        )
