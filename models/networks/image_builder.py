"""The construction of a network for images: one population, and its projections, for each layer of the model."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from math import prod
from typing import Any

from ...circuits import (
    Circuit,
    Connectivity,
    Convolution,
    Dense,
    Local,
    MaxPool,
    OneToOne,
    Population,
    Projection,
    pyramidal,
)
from ...circuits.description.projections.initial import glorot_limit
from ...errors import UsageError
from ...plasticity import Rule
from .architectures import Layer
from .image_options import Feedback, Synapses
from .layer_options import with_probability
from .perturbed_units import Noise, perturbed

__all__ = ["ImageNetworkBuilder"]

Image = tuple[int, int, int]
ONE = OneToOne()


@dataclass
class ImageNetworkBuilder:
    """The part of a network for images that has been built so far."""

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
        return with_probability(self.synapses.connectivity) if layer.kind == "full" else Dense()

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
        """Return a unit; with noise, if there is any and feedback of their own reaches units of this layer."""
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
        """Return the rule; where weights are clipped, with their limit."""
        if not self.synapses.clipped:
            return self.rule
        return self.rule.with_weight_limit(self.synapses.clipped * glorot_limit(structure.shape(pre.size, post.size)))

    def _back(self, forward: Projection) -> None:
        """Connect what brings errors to the lower side of a forward projection."""
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
        """Return what a population hands down."""
        return "apical" if self.feedback.skipped and "apical" in upper.variables() else "error"

    def _learned_back(self, upper: Population, lower: Population, structure: Connectivity) -> None:
        if any(p.pre is upper and p.post is lower for p in self.net.projections.values()):
            return  # a layer of a sum has two forward projections
        own = self.rule.feedback.transpose_of == ""
        back = structure.T if isinstance(structure, Local) else structure
        rule = None if upper.name in self.synapses.frozen and own else self._rule_for(upper, lower, back).feedback
        ways: dict[str, Any] = dict(connectivity=back, weights=self.synapses.first_feedback) if own else {}
        self.net.connect(upper, lower, into="apical", rule=rule, sends=self._sent(upper), **ways)

    def _needs_error(self, population: Population) -> bool:
        """Return whether anything that learns lies below a population, or at it."""
        return any(p.plastic or self._needs_error(p.pre) for p in self._into(population))

    def _into(self, population: Population) -> list[Projection]:
        return [p for p in self.net.projections.values() if p.post is population and p.into == "basal"]
