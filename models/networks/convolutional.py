"""Networks for images as circuits: convolutions tied or untied, max pooling, sums, dropout, and their feedback."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from math import prod
from typing import Any, Literal

import numpy as np
from brian2.units import Quantity, ms

from ...circuits import (
    Circuit,
    Connectivity,
    Convolution,
    Dense,
    Local,
    Masked,
    MaxPool,
    OneToOne,
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
from .node_perturbation import announce, compare
from .perturbed_units import Noise, perturbed, reads_noise

__all__ = ["image_network"]

Image = tuple[int, int, int]
ONE = OneToOne()


def image_network(
    model: str,
    image: Sequence[int],
    classes: int,
    rule: Rule | str = "urfb",
    *,
    loss: str | None = None,
    transfer: str | None = None,
    tied: bool | Collection[str] | None = None,
    frozen: Collection[str] = (),
    direct: bool | Literal["pools"] = False,
    gated: bool = True,
    skipped: bool = False,
    clipped: float = 0.0,
    noise: float = 0.01,
    connectivity: float = 1.0,
    weights: Initial | None = None,
    feedback_weights: Initial | None = None,
    columns: int = 1,
    precision: str = "float32",
    dt: Quantity = 1 * ms,
    M: float = 1000.0,
    mu: float | None = None,
    seed: int = 0,
    lowering: str = "dense",
    matmul: str = "full",
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
        loss: "hinge" (the circuit of o, t and s), "softmax" or "mse" (controls); None: the paper's.
        transfer: of hidden units; see `pyramidal`. None: the paper's.
        tied: whether convolutions share their weights over places (a control), or the names of those that do; None: as
            in the paper.
        frozen: layers whose incoming weights, and those of the feedback from there, stay as they are.
        direct: feedback from the output straight to each layer that learns (Baldi's skipped random backpropagation;
            direct feedback alignment), in place of the way back through all layers; "pools": where a layer is pooled, to
            the pool, and from there to its winners (Crafton et al. 2019; Lansdell et al. 2020, C.4).
        gated: whether errors are multiplied by f' (Baldi et al. 2018, section 4.2).
        skipped: with backpropagation, what is passed down is not multiplied by f': errors reach each layer through the
            product of the transposed matrices (Baldi et al. 2018, section 3: SBP).
        clipped: above 0: after each update weights are clipped at so many times Glorot's limit (Amit 2019's code: 1.5).
        noise: its standard deviation, for rules that read it.
        connectivity: probability of each synapse, drawn for forward and feedback separately; all of them to and from the
            output exist (Amit 2019, as in its code).
        weights, feedback_weights: how they begin; None: `glorot`, and feedback as forward.
        columns, precision, dt, seed, lowering, matmul: of the circuit.
        M, mu: of the hinge circuit; None: mu = 1/(classes - 1), so that the wrong classes weigh as much as the right one.

    Raises:
        UsageError: what makes no network. RecircuitError: windows that do not fit the image.
    """
    known = ARCHITECTURES.get(model)
    if known is None and ";" not in model:
        ARCHITECTURES.find(model, "model")
    loss = loss or (known.loss if known else "hinge")
    first: Any = (1, *image) if len(image) == 2 else tuple(image)
    check_image(first, "image_network")
    layers = layers_of(known.line if known else model)
    rule = find(rule) if isinstance(rule, str) else rule
    noisy = reads_noise(rule)
    own = dict(M=M, mu=1 / max(2, classes - 1) if mu is None else mu, appraised=noisy)
    output = output_for(loss, rule.name, **own)
    if noisy and not isinstance(output, AppraisedOutput):
        told = [name for name, kind in OUTPUTS.items() if issubclass(kind, AppraisedOutput)]
        raise UsageError(
            f"loss: the rule {rule.name!r} reads by how much noise raises the loss, which the {loss} circuit does not "
            f"tell; expected {' or '.join(told)}."
        )
    if direct not in (False, True, "pools"):
        raise UsageError(f"direct: expected False, True or 'pools'; got {direct!r}.")
    if skipped and direct:
        raise UsageError(
            "skipped: errors that go straight to each layer skip all others already; leave out one of them."
        )
    net = Circuit(columns, dt, precision=precision, lowering=lowering, seed=seed, matmul=matmul)
    builder = _Builder(
        net, rule, transfer or (known.transfer if known else "clip"),
        (known.tied if known else True) if tied is None else tied, frozenset(frozen), direct, gated,
        skipped, clipped, Noise(noise, during="stir") if noisy else None, connectivity, weights or glorot(),
        feedback_weights or weights or glorot(),
    )  # fmt: skip
    if noisy:
        announce(net)
    builder.build(layers, first, classes, output)
    unknown = sorted({*frozen, *(tied if isinstance(tied, Collection) else ())} - set(net.populations))
    if unknown:
        raise UsageError(f"image_network: there is no layer {unknown[0]!r}; there are {builder.names}.")
    if isinstance(output, AppraisedOutput) and noisy:
        compare(net, output.appraise(net, net.populations["o"]))
    dropout = any(layer.dropped for layer in layers)
    _set_phases(net, builder.depth["o"], output.error_steps, dropout=dropout, noisy=noisy)
    return net


@dataclass
class _Builder:
    """What is known while layer follows layer."""

    net: Circuit
    rule: Rule
    transfer: str
    tied: bool | Collection[str]
    frozen: frozenset[str]
    direct: bool | Literal["pools"]
    gated: bool
    skipped: bool
    clipped: float
    noise: Noise | None
    connectivity: float
    weights: Initial
    feedback_weights: Initial
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

    def _name(self, layer: Layer) -> str:
        if layer.kind == "output":
            return "o"
        word = {"maxpool": "pool"}.get(layer.kind, layer.kind)
        return f"{word}{1 + sum(name.rstrip('0123456789') == word for name in self.names)}"

    def _structure(self, layer: Layer, lower: Population) -> Connectivity:
        image = self.images[lower.name]
        if layer.kind == "conv":
            tied = self.tied if isinstance(self.tied, bool) else self._name(layer) in self.tied
            kind = Convolution if tied else Local
            return kind(image, layer.maps, layer.kernel, layer.stride, layer.padding, float(self.connectivity))
        if layer.kind == "maxpool":
            return MaxPool(image, layer.kernel, layer.stride, layer.padding)
        if layer.kind == "sum":
            return ONE
        return Masked(self.connectivity) if layer.kind == "full" and self.connectivity < 1 else Dense()

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
        reached = layer if self.direct is True else above
        if self.noise is not None and reached is not None and reached.kind in ("conv", "full", "output"):
            return perturbed(transfer, self.net.dt, self.noise, gated=self.gated, dropped=layer.dropped)
        return pyramidal(transfer, self.net.dt, dropped=layer.dropped, gated=self.gated)

    def _connect(self, layer: Layer, pre: Population, post: Population, structure: Connectivity) -> Projection:
        if layer.kind in ("sum", "maxpool"):
            return self.net.connect(pre, post, structure=structure, weights=1.0)
        rule = None if post.name in self.frozen else self._rule_for(pre, post, structure).forward
        return self.net.connect(pre, post, structure=structure, rule=rule, weights=self.weights)

    def _rule_for(self, pre: Population, post: Population, structure: Connectivity) -> Rule:
        """The rule; where weights are clipped, with their limit."""
        if not self.clipped:
            return self.rule
        return self.rule.with_weight_limit(self.clipped * glorot_limit(structure.shape(pre.size, post.size)))

    def _back(self, forward: Projection) -> None:
        """What brings errors to the lower side of a forward projection."""
        lower, upper, structure = forward.pre, forward.post, forward.structure
        if self.direct is True:
            if any(p.plastic for p in self._into(lower)):
                self._learned_back(self.net.populations["o"], lower, Dense())
            return
        if not self._needs_error(lower):
            return
        if isinstance(structure, OneToOne):
            self.net.connect(upper, lower, into="apical", weights=1.0, structure=ONE, sends=self._sent(upper))
        elif isinstance(structure, MaxPool):
            self.net.connect(upper, lower, into="apical", weights=forward.T, sends=self._sent(upper))
        elif self.direct:
            self._learned_back(self.net.populations["o"], lower, Dense())
        else:
            self._learned_back(upper, lower, structure)

    def _sent(self, upper: Population) -> str:
        """What a population hands down."""
        return "apical" if self.skipped and "apical" in upper.variables() else "error"

    def _learned_back(self, upper: Population, lower: Population, structure: Connectivity) -> None:
        if any(p.pre is upper and p.post is lower for p in self.net.projections.values()):
            return  # a layer of a sum has two forward projections
        own = self.rule.feedback.weights == "own"
        back = structure.T if isinstance(structure, Local) else structure
        rule = None if upper.name in self.frozen and own else self._rule_for(upper, lower, back)
        ways: dict[str, Any] = dict(structure=back, weights=self.feedback_weights) if own else {}
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
    windows = {k: ((end - n) * net.dt, end * net.dt) for (k, n), end in zip(steps.items(), ends, strict=True) if n}
    shown = "feedforward"
    if noisy:
        shown, windows["feedforward"] = "clean", (windows["perturbed"][0], windows["clean"][1])
    net.phases(evaluation=["whole", shown] if "whole" in windows else [shown], **windows)
