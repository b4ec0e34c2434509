"""Networks for images as circuits: convolutions tied or untied, max pooling, sums, dropout, and their feedback."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Unpack

import numpy as np

from ...circuits import Circuit, OutputCircuit
from ...circuits.connectivity.images import check_image
from ...circuits.library.outputs import OUTPUTS, AppraisedOutput, output_for
from ...errors import UsageError
from ...plasticity import Rule
from ...plasticity.registry import as_rule
from .architectures import ARCHITECTURES, layers_of
from .circuit_options import CircuitOptions, new_circuit
from .image_builder import ImageNetworkBuilder
from .image_options import Feedback, Synapses
from .node_perturbation import announce, compare
from .perturbed_units import Noise, reads_noise

__all__ = ["Feedback", "Synapses", "image_network"]

USUAL_SYNAPSES = Synapses()
USUAL_FEEDBACK = Feedback()


def image_network(
    model: str,
    image: Sequence[int],
    classes: int,
    rule: Rule | str = "urfb",
    *,
    loss: str | OutputCircuit | None = None,
    transfer: str | None = None,
    synapses: Synapses = USUAL_SYNAPSES,
    feedback: Feedback = USUAL_FEEDBACK,
    noise: float = 0.01,
    **circuit: Unpack[CircuitOptions],
) -> Circuit:
    """Make a network for images: a stimulus `x`, the layers that a line names (`conv1`, `pool1`, ...), and an output `o`.

    Feedback runs from each layer to the one below, by synapses of its own with the transposed connectivity. What a pool
    receives is sent on to the units that won, and what a sum receives to both layers that it adds. A presentation has the
    phases `whole`, `draw` (of dropout), `feedforward` and `feedback` with a step per layer, `error`, and `plasticity`.
    There are no biases.

    Parameters
    ----------
    model : str
        One of `ARCHITECTURES`, or a line of layers (see `architectures.layers_of`).
    image : Sequence[int]
        Channels, height and width of a stimulus; or height and width of one channel.
    classes : int
        The number of units of the output.
    rule : Rule | str
        A rule or its name.
    loss : str | OutputCircuit | None
        "hinge" (the circuit of o, t and s, with mu = 1/(classes - 1), so that the wrong classes together count as much as
        the right one), that circuit itself, "softmax" or "mse" (controls). None stands for that of the paper.
    transfer : str | None
        The transfer function of hidden units; see `pyramidal`. None stands for that of the paper.
    synapses : Synapses
        Which synapses exist, and how they begin.
    feedback : Feedback
        How errors return.
    noise : float
        The standard deviation of the noise, for rules that read it.
    circuit : Unpack[CircuitOptions]
        See `CircuitOptions`.

    Raises
    ------
    UsageError
        If the arguments make no network.
    RecircuitError
        If windows do not fit the image.
    """
    known = ARCHITECTURES.get(model)
    if known is None and ";" not in model:
        ARCHITECTURES.find(model, "model")
    first: Any = (1, *image) if len(image) == 2 else tuple(image)
    check_image(first, "image_network")
    layers = layers_of(known.line if known else model)
    rule = as_rule(rule)
    noisy = reads_noise(rule)
    loss = loss or (known.loss if known else "hinge")
    output = _output(loss, classes, rule, noisy)
    if synapses.tied is None:
        synapses = replace(synapses, tied=known.tied if known else True)
    net = new_circuit(circuit)
    builder = ImageNetworkBuilder(
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
    """Return the output circuit of a loss."""
    output = output_for(loss, rule.name, mu=1 / max(2, classes - 1), appraised=noisy)
    if noisy and not isinstance(output, AppraisedOutput):
        known = [name for name, kind in OUTPUTS.items() if issubclass(kind, AppraisedOutput)]
        raise UsageError(
            f"loss: the rule {rule.name!r} reads by how much noise raises the loss, which the output circuit of "
            f"{loss!r} does not compute; expected {' or '.join(known)}."
        )
    return output


def _set_phases(net: Circuit, layers: int, error: int, *, dropout: bool, noisy: bool) -> None:
    """Declare the phases: a step per layer up and down.

    With noise, the window with noise comes first, and then the window without it, which an evaluation shows. In both
    windows the loss is computed, and compared, in two more steps. Together the windows are the phase `feedforward`.
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
