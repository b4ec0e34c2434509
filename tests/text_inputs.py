"""Functions by which text comes into a circuit, and texts that would write a file if anything executed them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from brian2 import ms

import recircuit as rc
from recircuit.models.data.augment import Augmentation
from recircuit.models.networks.architectures import layers_of
from recircuit.models.networks.convolutional import image_network
from recircuit.models.networks.node_perturbation import node_perturbation
from recircuit.models.networks.recirculation import recirculating
from recircuit.models.runs.config import RunConfig
from recircuit.plasticity import find

TakesText = Callable[[str], object]


def circuit() -> Any:
    """Return a circuit of two populations, a projection, and phases."""
    net = rc.Circuit()
    x, h = net.stimulus("x", 3), net.population("h", 2, rc.pyramidal("tanh"))
    net.connect(x, h, rule=rc.urfb.forward)
    net.phases("feedforward", 1 * ms, "plasticity", 1 * ms)
    return net


def rule(**changes: Any) -> rc.Rule:
    return rc.Rule(**{"name": "mine", "source": "test", "forward": "dw = x_pre", **changes})


def connected(**options: Any) -> object:
    net = rc.Circuit()
    x, h = net.stimulus("x", 3), net.population("h", 2, rc.pyramidal("tanh"))
    net.connect(x, h, **options)
    net.phases("feedforward", 1 * ms)
    return net.run(np.ones((1, 3)))


def opened(name: str) -> object:
    net = rc.Circuit()
    net.population("h", 2, rc.Neuron("rate = 1 : 1 (during " + name + ")"))
    net.phases("feedforward", 1 * ms)
    return net.run(presentations=1)


def assigned(key: str, value: Any) -> None:
    circuit()[key] = value


def unit(line: str) -> rc.Neuron:
    return rc.Neuron(f"basal : 1 (compartment)\n{line}")


#: Functions that take an expression, or a piece of one.
EXPRESSIONS: dict[str, TakesText] = {
    "expression": lambda text: unit(f"rate = {text} : 1"),
    "latch": lambda text: unit(f"rate = {text} : 1 (during p)"),
    "differential equation": lambda text: unit(f"drate/dt = ({text} - rate)/tau : 1"),
    "inside": lambda text: unit(f"rate = tanh(basal + 2*({text})) : 1"),
    "unit": lambda text: unit(f"gain : {text}"),
    "flag": lambda text: unit(f"gain : 1 ({text})"),
    "a whole line": unit,
    "transfer": lambda text: rc.pyramidal(text),
    "derivative": lambda text: rc.pyramidal("basal", derivative=text),
    "derivative of a named one": lambda text: rc.pyramidal("tanh", derivative=text),
    "added": lambda text: rc.pyramidal("tanh", added=text),
    "more": lambda text: rc.pyramidal("tanh", more=f"gain = {text} : 1"),
    "transfer of the output": lambda text: rc.Circuit().population("o", 2, rc.SquaredOutput(transfer=text)),
    "transfer of layers": lambda text: rc.layered([3, 2, 2], transfer=text),
    "transfer of images": lambda text: image_network("conv 2 3x3; output", (4, 4, 1), 2, rc.urfb, transfer=text),
    "transfer of node perturbation": lambda text: node_perturbation([3, 2, 2], transfer=text),
    "transfer of recirculation": lambda text: recirculating([3, 2], transfer=text),
    "transfer of a run": lambda text: RunConfig.of(data="digits", transfer=text),
    "rule": lambda text: rule(forward=f"dw = {text}"),
    "a whole rule": lambda text: rule(forward=text),
    "feedback": lambda text: rule(feedback=f"g = x_pre*({text})\ndw = g"),
}  # fmt: skip

#: Functions that take a name, a number or a word.
WORDS: dict[str, TakesText] = {
    "parameter of a neuron": lambda text: rc.Neuron("rate = a : 1", a=text),
    "name of a parameter": lambda text: rc.Neuron("rate = 1 : 1", **{text: 1.0}),
    "parameter of a rule": lambda text: rule(forward="dw = a*x_pre", parameters={"a": text}),
    "name of a rule's parameter": lambda text: rule(parameters={text: 1.0}),
    "state": lambda text: rule(state=(text,)),
    "broadcast of a rule": lambda text: rule(broadcasts=(text,)),
    "gate": lambda text: rule().with_gate(text),
    "feedback weights": lambda text: rule(local=False, feedback=rc.Transpose(text)),
    "weights": lambda text: connected(weights=text),
    "compartment": lambda text: connected(into=text),
    "sends": lambda text: connected(sends=text),
    "during": lambda text: connected(during=text),
    "connectivity": lambda text: connected(connectivity=text),
    "name of a projection": lambda text: connected(name=text),
    "state of a projection": lambda text: connected(rule=rule(forward="dw = el", state=("el",)).forward, states={"el": text}),
    "population": lambda text: rc.Circuit().population(text, 2, rc.pyramidal()),
    "clamped": lambda text: rc.Circuit().stimulus("x", 2, clamps=text),
    "broadcast": lambda text: circuit().broadcast(rc.Circuit().constant("one"), text),
    "phase": opened,
    "evaluation": lambda text: circuit().phases("feedforward", 1 * ms, evaluation=[text]),
    "record": lambda text: circuit().run(np.ones((1, 3)), record=[text]),
    "record of a population": lambda text: circuit().run(np.ones((1, 3)), record=["h." + text]),
    "read": lambda text: circuit()[text],
    "set": lambda text: assigned("h." + text, 1.0),
    "value": lambda text: assigned("h.rate", text),
    "backend": lambda text: circuit().run(np.ones((1, 3)), backend=text),
    "name of a rule": find,
    "architecture": layers_of,
    "augmentation": Augmentation.of,
    "data": lambda text: rc.load(text),
}  # fmt: skip

PAYLOADS = (
    "sin(\"__import__('pathlib').Path('{0}').touch()\")",
    "__import__('pathlib').Path('{0}').touch()",
    "exec(\"open('{0}', 'w')\")",
    "sin(basal + \"open('{0}', 'w')\")",
    "(lambda: open('{0}', 'w'))()",
    "[open('{0}', 'w') for _ in (1,)][0]",
    "basal.__class__.__mro__[-1].__subclasses__()",
    "f\"{{open('{0}', 'w')}}\"",
    "ｏpen('{0}', 'w')",
    "basal if open('{0}', 'w') else 1",
    "1 : 1\nbasal = \"open('{0}', 'w')\"",
)
