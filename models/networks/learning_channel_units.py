"""The hidden units of the learning channel: what they compute from the error that reaches them (Baldi et al. 2018)."""

from __future__ import annotations

from brian2.units import Quantity

from ...circuits import Neuron
from ...circuits.library.transfer import transfer as find_transfer
from .learning_channel_variant import SIGNALS, Variant

__all__ = ["channel_unit", "relay"]

#: f' of named transfer functions, by the rate O = f(S).
SLOPES = {"tanh": "1 - rate**2", "logistic": "rate*(1 - rate)", "relu": "int(rate > 0)", "linear": "1.0"}


def channel_unit(variant: Variant, tau: Quantity) -> Neuron:
    """Return a hidden unit of a variant.

    Its rate is f(basal). Its signal is what the channel computes from J = apical (Eq. 17). Its synapses learn from
    error = signal f' (Eq. 18), which it also sends on. In backpropagation it sends on `passed`, which has no f' in SBP. With
    ``gate`` = 0 there is no f' at all (section 4.2). Dropout is drawn in the phase `draw`.

    Parameters
    ----------
    variant : Variant
        The variant.
    tau : Quantity
        The time constant of the rate.
    """
    f, slope = find_transfer(variant.transfer)
    lines = [
        "basal    : 1 (compartment)",
        "apical   : 1 (compartment)",
        f"drate/dt = ({f} - rate)/tau : 1 (usually during feedforward)",
        f"slope    = {SLOPES.get(variant.transfer, slope)} : 1",
        f"signal   = {SIGNALS[variant.signal]} : 1",
        "error    = signal*(1 - gate + gate*slope) : 1 (usually during feedback)",
    ]
    parameters = {"tau": tau, "gate": float(variant.derivative)}
    if variant.transposes:
        lines.append("passed   = signal*(1 - through + through*slope) : 1 (usually during feedback)")
        parameters["through"] = float(variant.derivative and variant.algorithm == "bp")
    if variant.signal in ("quantised", "sign"):
        parameters["alpha"] = variant.alpha
    if variant.signal == "quantised":
        parameters["bits"] = variant.bits
    if variant.signal == "dropout":
        lines.append("kept     = int(rand() >= dropped)/(1 - dropped) : 1 (usually during draw)")
        parameters["dropped"] = variant.dropped
    return Neuron("\n".join(lines), **parameters)


def relay() -> Neuron:
    """Return a unit whose rate is its input, in the phase `feedback`."""
    return Neuron("drive : 1 (compartment)\nrate = drive : 1 (usually during feedback)")
