"""Networks for images as circuits: convolutions tied or untied, max pooling, sums, dropout, and their feedback."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from math import prod
from typing import Any, Literal, Unpack

import numpy as np

from ...circuits import (
    Circuit,
    Connectivity,
    Convolution,
    Dense,
    Local,
    Masked,
    MaxPool,
    OneToOne,
    OutputCircuit,
    Population,
    Projection,
    glorot,
    pyramidal,
)
from ...circuits.connectivity.images import check_image
from ...circuits.description.initial import Initial, glorot_limit
from ...circuits.library.outputs import OUTPUTS, AppraisedOutput, output_for
from ...errors import UsageError
from ...plasticity import Rule, find
from .architectures import ARCHITECTURES, Layer, layers_of
from .circuit_options import CircuitOptions, new_circuit
from .node_perturbation import announce, compare
from .perturbed_units import Noise, perturbed, reads_noise

__all__ = ["Feedback", "Synapses", "image_network"]

Image = tuple[int, int, int]
ONE = OneToOne()


@dataclass(frozen=True)
class Feedback:
    """The way of the errors in a network for images.

    Parameters
    ----------
    direct : feedback from the output straight to each layer that learns (Baldi's skipped random backpropagation; direct
        feedback alignment), in place of the way back through all layers; ``"pools"``: where a layer is pooled, to the
        pool, and from there to its winners (Crafton et al. 2019; Lansdell et al. 2020, C.4)
    gated : whether errors are multiplied by f' (Baldi et al. 2018, section 4.2)
    skipped : with backpropagation, what is passed down is not multiplied by f': errors reach each layer through the
        product of the transposed matrices (Baldi et al. 2018, section 3: SBP)
    """

    direct: bool | Literal["pools"] = False
    gated: bool = True
    skipped: bool = False

    def __post_init__(self) -> None:
        if self.direct not in (False, True, "pools"):
            raise UsageError(f"direct: expected False, True or 'pools'; got {self.direct!r}.")
        if self.skipped and self.direct:
            raise UsageError(
                "skipped: errors that go straight to each layer skip all others already; leave out one of them."
            )


@dataclass(frozen=True)
class Synapses:
    """The synapses of a network for images: which exist, share a weight or stay, and how they begin.

    Parameters
    ----------
    tied : whether convolutions share their weights over places (a control), or the names of those that do; None: as in
        the paper
    frozen : layers whose incoming weights, and those of the feedback from there, stay as they are
    connectivity : probability of each synapse, drawn for forward and feedback separately; all of them to and from the
        output exist (Amit 2019, as in its code)
    weights, feedback_weights : how they begin; None: `glorot`, and feedback as forward
    clipped : above 0: after each update weights are clipped at so many times Glorot's limit (Amit 2019's code: 1.5)
    """

    tied: bool | Collection[str] | None = None
    frozen: Collection[str] = ()
    connectivity: float = 1.0
    weights: Initial | None = None
    feedback_weights: Initial | None = None
    clipped: float = 0.0

    @property
    def first(self) -> Initial:
        """How the forward weights begin."""
        return self.weights or glorot(counting="possible")

    @property
    def first_feedback(self) -> Initial:
        """How the feedback weights begin."""
        return self.feedback_weights or self.first


def image_network(
    model: str,
    image: Sequence[int],
    classes: int,
    rule: Rule | str = "urfb",
    *,
    loss: str | OutputCircuit | None = None,
    transfer: str | None = None,
    synapses: Synapses = Synapses(),
    feedback: Feedback = Feedback(),
    noise: float = 0.01,
    **circuit: Unpack[CircuitOptions],
) -> Circuit:
    """A stimulus `x`, layers `conv1`, `pool1`, `sum1`, `full1`, ... as a line names them, and an output `o`.

    Feedback runs from each layer to the one below, by synapses of its own with the transposed connectivity; what a pool
    receives goes on to the latched winners, and what a sum receives to both that it adds. A presentation: `whole`, `draw`
    (of dropout), `feedforward` and `feedback` with a step per layer, `error`, `plasticity`. There are no biases.

    Args:
        model: one of `ARCHITECTURES`, or a line of layers (see `architectures.layers_of`).
        image: channels, height and width of a stimulus; or height and width of one channel.
        classes: units of the output.
        rule: a rule or its name; its forward and feedback equations.
        loss: "hinge" (the circuit of o, t and s, with mu = 1/(classes - 1), so that the wrong classes weigh as much as the
            right one), that circuit itself, "softmax" or "mse" (controls); None: the paper's.
        transfer: of hidden units; see `pyramidal`. None: the paper's.
        synapses, feedback: which synapses there are, and the way of the errors.
        noise: its standard deviation, for rules that read it.
        circuit: see `CircuitOptions`.

    Raises:
        UsageError: what makes no network. RecircuitError: windows that do not fit the image.
    """
    known = ARCHITECTURES.get(model)
    if known is None and ";" not in model:
        ARCHITECTURES.find(model, "model")
    first: Any = (1, *image) if len(image) == 2 else tuple(image)
    check_image(first, "image_network")
    layers = layers_of(known.line if known else model)
    rule = find(rule) if isinstance(rule, str) else rule
    noisy = reads_noise(rule)
    loss = loss or (known.loss if known else "hinge")
    output = _output(loss, classes, rule, noisy)
    if synapses.tied is None:
        synapses = replace(synapses, tied=known.tied if known else True)
    net = new_circuit(circuit)
    builder = _Builder(
        net, rule, transfer or (known.transfer if known else "clip"), synapses, feedback,
        Noise(noise, during="stir") if noisy else None,
    )  # fmt: skip
    if noisy:
        announce(net)
    builder.build(layers, first, classes, output)
    tied = synapses.tied if isinstance(synapses.tied, Collection) else ()
    unknown = sorted({*synapses.frozen, *tied} - set(net.populations))
    if unknown:
        raise UsageError(f"image_network: there is no layer {unknown[0]!r}; there are {builder.names}.")
    if isinstance(output, AppraisedOutput) and noisy:
        compare(net, output.appraise(net, net.populations["o"]))
    dropout = any(layer.dropped for layer in layers)
    _set_phases(net, builder.depth["o"], output.error_steps, dropout=dropout, noisy=noisy)
    return net


def _output(loss: str | OutputCircuit, classes: int, rule: Rule, noisy: bool) -> OutputCircuit:
    """The output circuit of a loss."""
    output = output_for(loss, rule.name, mu=1 / max(2, classes - 1), appraised=noisy)
    if noisy and not isinstance(output, AppraisedOutput):
        told = [name for name, kind in OUTPUTS.items() if issubclass(kind, AppraisedOutput)]
        raise UsageError(
            f"loss: the rule {rule.name!r} reads by how much noise raises the loss, which the {loss} circuit does not "
            f"tell; expected {' or '.join(told)}."
        )
    return output


@dataclass
class _Builder:
    """What is known while layer follows layer."""

    net: Circuit
    rule: Rule
    transfer: str
    synapses: Synapses
    feedback: Feedback
    noise: Noise | None
    names: list[str] = field(default_factory=list)
    images: dict[str, Image] = field(default_factory=dict)
    depth: dict[str, int] = field(default_factory=dict)

    def build(self, layers: Sequence[Layer], image: Image, classes: int, output: Any) -> None:
        lower = self.net.stimulus("x", prod(image))
        self._note("x", image, 0)
        forward: list[Projection] = []
        for layer, above_it in zip_longest(layers, layers[1:]):
            structure = self._structure(layer, lower)
            name = self._name(layer)
            size = classes if layer.kind == "output" else self._units(layer, structure, lower)
            above = structure.above if isinstance(structure, Local | MaxPool) else self.images[lower.name]
            model = output if layer.kind == "output" else self._unit(layer, above_it)
            upper = self.net.population(name, size, model)
            below = [self.net.populations[self.names[-2]], lower] if layer.kind == "sum" else [lower]
            self._note(name, above, 1 + max(self.depth[p.name] for p in below))
            forward += [self._connect(layer, pre, upper, structure) for pre in below]
            lower = upper
        for projection in reversed(forward):
            self._back(projection)

    def _note(self, name: str, image: Image, depth: int) -> None:
        self.names.append(name)
        self.images[name], self.depth[name] = image, depth

    def _tied(self, layer: Layer) -> bool:
        tied = self.synapses.tied
        return self._name(layer) in tied if isinstance(tied, Collection) else bool(tied)

    def _name(self, layer: Layer) -> str:
        if layer.kind == "output":
            return "o"
        word = {"maxpool": "pool"}.get(layer.kind, layer.kind)
        return f"{word}{1 + sum(name.rstrip('0123456789') == word for name in self.names)}"

    def _structure(self, layer: Layer, lower: Population) -> Connectivity:
        image = self.images[lower.name]
        if layer.kind == "conv":
            kind = Convolution if self._tied(layer) else Local
            return kind(image, layer.maps, layer.kernel, layer.stride, layer.padding, float(self.synapses.connectivity))
        if layer.kind == "maxpool":
            return MaxPool(image, layer.kernel, layer.stride, layer.padding)
        if layer.kind == "sum":
            return ONE
        return (
            Masked(self.synapses.connectivity) if layer.kind == "full" and self.synapses.connectivity < 1 else Dense()
        )

    def _units(self, layer: Layer, structure: Connectivity, lower: Population) -> int:
        if isinstance(structure, Local | MaxPool):
            return prod(structure.above)
        if layer.kind == "sum":
            added = self.images[self.names[-2]], self.images[lower.name]
            if added[0] != added[1]:
                raise UsageError(f"model: SUM adds two layers of one shape; got {added[0]} and {added[1]}.")
            return lower.size
        return layer.maps

    def _unit(self, layer: Layer, above: Layer | None) -> Any:
        """A unit; with noise, if there is any and feedback of their own reaches units of this layer."""
        transfer = self.transfer if layer.kind in ("conv", "full") else "linear"
        reached = layer if self.feedback.direct is True else above
        if self.noise is not None and reached is not None and reached.kind in ("conv", "full", "output"):
            return perturbed(transfer, self.net.dt, self.noise, gated=self.feedback.gated, dropped=layer.dropped)
        return pyramidal(transfer, self.net.dt, dropped=layer.dropped, gated=self.feedback.gated)

    def _connect(self, layer: Layer, pre: Population, post: Population, structure: Connectivity) -> Projection:
        if layer.kind in ("sum", "maxpool"):
            return self.net.connect(pre, post, connectivity=structure, weights=1.0)
        rule = None if post.name in self.synapses.frozen else self._rule_for(pre, post, structure).forward
        return self.net.connect(pre, post, connectivity=structure, rule=rule, weights=self.synapses.first)

    def _rule_for(self, pre: Population, post: Population, structure: Connectivity) -> Rule:
        """The rule; where weights are clipped, with their limit."""
        if not self.synapses.clipped:
            return self.rule
        return self.rule.with_weight_limit(self.synapses.clipped * glorot_limit(structure.shape(pre.size, post.size)))

    def _back(self, forward: Projection) -> None:
        """What brings errors to the lower side of a forward projection."""
        lower, upper, structure = forward.pre, forward.post, forward.connectivity
        if self.feedback.direct is True:
            if any(p.plastic for p in self._into(lower)):
                self._learned_back(self.net.populations["o"], lower, Dense())
            return
        if not self._needs_error(lower):
            return
        if isinstance(structure, OneToOne):
            self.net.connect(upper, lower, into="apical", weights=1.0, connectivity=ONE, sends=self._sent(upper))
        elif isinstance(structure, MaxPool):
            self.net.connect(upper, lower, into="apical", weights=forward.T, sends=self._sent(upper))
        elif self.feedback.direct:
            self._learned_back(self.net.populations["o"], lower, Dense())
        else:
            self._learned_back(upper, lower, structure)

    def _sent(self, upper: Population) -> str:
        """What a population hands down."""
        return "apical" if self.feedback.skipped and "apical" in upper.variables() else "error"

    def _learned_back(self, upper: Population, lower: Population, structure: Connectivity) -> None:
        if any(p.pre is upper and p.post is lower for p in self.net.projections.values()):
            return  # a layer of a sum has two forward projections
        own = self.rule.feedback.weights == "own"
        back = structure.T if isinstance(structure, Local) else structure
        rule = None if upper.name in self.synapses.frozen and own else self._rule_for(upper, lower, back).feedback
        ways: dict[str, Any] = dict(connectivity=back, weights=self.synapses.first_feedback) if own else {}
        self.net.connect(upper, lower, into="apical", rule=rule, sends=self._sent(upper), **ways)

    def _needs_error(self, population: Population) -> bool:
        """Whether anything that learns lies below a population, or at it."""
        return any(p.plastic or self._needs_error(p.pre) for p in self._into(population))

    def _into(self, population: Population) -> list[Projection]:
        return [p for p in self.net.projections.values() if p.post is population and p.into == "basal"]


def _set_phases(net: Circuit, layers: int, error: int, *, dropout: bool, noisy: bool) -> None:
    """A step per layer up, and down; with noise first the window with it, then the clean one, which an evaluation shows.

    In both windows the loss is told, and compared, in two steps more; together they are `feedforward`.
    """
    steps = {"whole": int(dropout or noisy), "draw": int(dropout), "stir": int(noisy)}
    steps |= {"perturbed": layers + 2, "clean": layers + 2} if noisy else {"feedforward": layers}
    steps |= {"error": error, "feedback": layers - 1, "plasticity": 1}
    ends = np.cumsum([*steps.values()])
    windows: dict[str, Any] = {
        k: ((end - n) * net.dt, end * net.dt) for (k, n), end in zip(steps.items(), ends, strict=True) if n
    }
    shown = "feedforward"
    if noisy:
        shown, windows["feedforward"] = "clean", (windows["perturbed"][0], windows["clean"][1])
    net.phases(evaluation=["whole", shown] if "whole" in windows else [shown], **windows)
