"""The units of circuits with node perturbation (Lansdell, Prakash and Kording 2020, sections 2.1-2.3)."""

from __future__ import annotations

from dataclasses import dataclass

from brian2.units import Quantity

from ...circuits import Neuron, pyramidal
from ...circuits.library.transfer import transfer as find_transfer
from ...plasticity import Rule

__all__ = [
    "COMPARE",
    "COMPARE_MEAN",
    "COMPARE_NOTHING",
    "COMPARE_TWO",
    "LOSS",
    "Noise",
    "hidden_unit",
    "jittered_input",
    "output_unit",
    "perturbed",
    "reads_noise",
    "twin_unit",
]

#: The windows in which rates move; without noise there is only the clean one.
WINDOWS = "usually during perturbed and feedforward"

#: Its rate is the loss, at once.
LOSS = Neuron(f"squares : 1 (compartment)\nrate = squares : 1 ({WINDOWS})")

#: By how much the noise raised the loss: that of the perturbed window is kept, and that of the clean one subtracted.
COMPARE = Neuron(
    """
    loss   : 1 (compartment)
    before = loss          : 1 (during perturbed)
    rate   = before - loss : 1 (during error)
    """
)

#: The same without the loss of the clean window: nothing is subtracted, or a running mean of the loss of all presentations.
COMPARE_NOTHING = Neuron(
    """
    loss   : 1 (compartment)
    before = loss   : 1 (during perturbed)
    rate   = before : 1 (during error)
    """
)
COMPARE_MEAN = Neuron(
    """
    loss   : 1 (compartment)
    before = loss                            : 1 (during perturbed)
    usual  = usual + pace*(before - usual)   : 1 (shared, during plasticity)
    rate   = before - usual                  : 1 (during error)
    """,
    pace=0.05,
)

#: The same for two circuits side by side, each with its loss.
COMPARE_TWO = Neuron(
    """
    noisy : 1 (compartment)
    loss  : 1 (compartment)
    rate  = noisy - loss : 1 (during error)
    """
)

#: What the units of a layer read of its lateral synapses P: gain = P e, leverage = e^T P e (plasticity.rules).
LATERAL = """
    gain     : 1 (compartment)
    leverage : 1 (compartment)
    energy   = error*gain : 1
    stride   = gain/(1 + leverage) : 1
"""


@dataclass(frozen=True)
class Noise:
    """The noise that is added to the somas of a layer.

    Parameters
    ----------
    c : float
        The standard deviation of the noise.
    draw : str
        An expression with mean 0 and variance 1 that draws, such as ``randn()``.
    own : bool
        Whether the noise is added to the unit itself. If not, it is sent to the unit's twin.
    during : str
        The phase in which the noise is drawn.
    """

    c: float = 0.01
    draw: str = "randn()"
    own: bool = True
    during: str = "draw"

    def trace(self) -> str:
        """Return the equations of the noise, which is drawn once per presentation, and of the unit's estimate of it.

        estimate = -difference*noise/c^2, minus the gradient of the loss by the rate (Eq. 2).
        """
        return f"""
        difference : 1 (broadcast)
        noise    = c*{self.draw} : 1 (during {self.during})
        estimate = -difference*noise/c**2 : 1
        """


def reads_noise(rule: Rule) -> bool:
    """Return whether a rule reads the noise and the change of the loss that it makes."""
    read = set().union(*(e.reads_pre | e.reads_post for e in (rule.forward, rule.feedback)))
    return bool(read & {"estimate", "noise"}) or "difference" in rule.broadcasts


def perturbed(transfer: str, tau: Quantity, noise: Noise, *, gated: bool = True, dropped: float = 0.0) -> Neuron:
    """Return a `pyramidal` unit with noise in its soma in the phase ``perturbed``; dropped units have none."""
    soma = "noise*in_perturbed"
    return pyramidal(transfer, tau, gated=gated, dropped=dropped, added=soma, more=noise.trace(), c=noise.c)


def hidden_unit(transfer: str, tau: Quantity, noise: Noise | None = None, *, lateral: bool = False) -> Neuron:
    """Return a pyramidal unit: error = apical f'(basal), latched in ``feedback`` (section 2.1).

    With noise: tau drate/dt = f(basal) + noise - rate in the phase ``perturbed`` (section 2.2), without it in
    ``feedforward``; the noise is drawn once a presentation, in ``draw``, and kept as a trace; and
    estimate = -difference*noise/c^2, minus the gradient of the loss by the rate (Eq. 2).
    """
    f, slope = find_transfer(transfer)
    own = f"""
        apical   : 1 (compartment)
        error    = apical*{slope} : 1 (usually during feedback)
    """
    return _unit(f, slope, tau, noise, own, lateral)


def output_unit(transfer: str, tau: Quantity, noise: Noise | None = None, *, lateral: bool = False) -> Neuron:
    """Return a unit of the output.

    Its error is (target - rate) f'(basal), latched in ``error``: minus the gradient of half the squared error by the basal
    field. It sends the squared difference of target and rate to the loss. Its noise is that of `hidden_unit`.
    """
    f, slope = find_transfer(transfer)
    own = f"""
        supervision : 1 (compartment)
        squares  = (supervision - rate)**2 : 1
        error    = (supervision - rate)*{slope} : 1 (during error)
    """
    return _unit(f, slope, tau, noise, own, lateral)


def twin_unit(transfer: str, tau: Quantity) -> Neuron:
    """Return a unit of the circuit with noise that runs side by side with the circuit without noise.

    It receives the noise, the error and the rate of its twin by synapses of their own. Its rule reads the error and the rate,
    so that its weights change as those between the units without noise do.
    """
    f, _ = find_transfer(transfer)
    return Neuron(
        f"""
        basal       : 1 (compartment)
        swayed      : 1 (compartment)
        taught      : 1 (compartment)
        seen        : 1 (compartment)
        supervision : 1 (compartment)
        drate/dt    = ({f} + swayed - rate)/tau : 1 (during feedforward)
        squares     = (supervision - rate)**2 : 1
        error       = taught : 1
        x           = seen : 1
        """,
        tau=tau,
    )


def jittered_input(sd: float) -> Neuron:
    """Return the neuron of a stimulus that has noise during training, and none in evaluations (denoising, section 4.2).

    The noise is drawn in the phase ``draw`` and ends after ``plasticity``; an evaluation has neither phase.
    """
    return Neuron(
        f"""
        input  : 1
        jitter = sd*in_draw*randn() : 1 (during draw and plasticity)
        rate   = input + jitter     : 1 ({WINDOWS})
        """,
        sd=sd,
    )


def _unit(f: str, slope: str, tau: Quantity, noise: Noise | None, own: str, lateral: bool) -> Neuron:
    added = " + noise*in_perturbed" if noise is not None and noise.own else ""
    lines = [
        "basal : 1 (compartment)",
        f"drate/dt = ({f}{added} - rate)/tau : 1 ({WINDOWS})",
        own,
        LATERAL if lateral else "",
    ]
    if noise is None:
        return Neuron("\n".join(lines), tau=tau)
    lines += [noise.trace(), f"slope    = {slope} : 1"]
    return Neuron("\n".join(lines), tau=tau, c=noise.c)
