"""Variants of random backpropagation: what brings the error to the hidden layers (Baldi et al. 2018, sections 2 to 6)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from ...errors import UsageError

__all__ = ["ALGORITHMS", "SIGNALS", "Variant"]

#: The signal as an expression of J, which is the sum of the input of a unit through the channel.
SIGNALS = {
    "": "apical",
    "quantised": (
        "alpha*sign(apical)*2.0**floor(clip(log(abs(apical)/alpha + 1e-30)/log(2.0), 1 - bits, 0) + 0.5)"  # Eq. 19
    ),
    "sign": "alpha*sign(apical)",
    "magnitude": "abs(apical)",
    "dropout": "kept*apical",
}
ALGORITHMS = ("bp", "sbp", "rbp", "srbp", "arbp", "asrbp", "top")
CHOICES = {
    "algorithm": ALGORITHMS,
    "matrix": ("normal", "uniform", "sparse"),
    "redrawn": ("", "at random", "sign-concordant", "per synapse"),
    "signal": tuple(SIGNALS),
    "update_of": ("presentation", "minibatch"),
}


@dataclass(frozen=True)
class Variant:
    """A variant of random backpropagation: which weights bring the error to the hidden layers, and how it is changed there.

    Parameters
    ----------
    algorithm : str
        ``rbp`` sends the error down from layer to layer through random weights (Eq. 7), and ``srbp`` from the output
        directly to each hidden layer. In ``arbp`` and ``asrbp`` these weights learn. ``bp`` uses the transposes (a control);
        ``sbp`` does too, but what is passed down is not multiplied by f' (section 3). In ``top`` only the last layer learns.
    derivative : bool
        Whether errors are multiplied by f'.
    transfer : str
        The transfer function of the hidden units: ``tanh``, ``logistic``, ``relu``, ``linear`` or an expression of
        ``basal``.
    matrix : str
        How the channel's weights are drawn: ``normal`` or ``uniform``, with variance 2/(n_pre + n_post); or ``sparse``,
        1 with probability n/n_post and 0 otherwise (Fig. 3), in a chain divided by sqrt(n) (Fig. 4).
    mean : float
        The mean of the channel's weights, in standard deviations (section 4.2, item 3).
    n : float
        For ``sparse``: the mean number of synapses from one unit to a layer.
    redrawn : str
        How the channel's weights are redrawn at every update: ``at random`` or ``sign-concordant`` (section 4.2, items 1 and
        2; rbp only). With ``per synapse``, each synapse and output has a weight of its own (item 7; srbp only).
    signal : str
        How J is changed before it is multiplied by f' in each hidden unit and sent on: ``""`` (not at all), ``quantised``
        (Eq. 17 and 19), ``sign`` (only its sign), ``magnitude`` (only its size), or ``dropout``.
    bits, alpha : int, float
        The bits and alpha of ``quantised``; ``sign`` has the size alpha.
    dropped : float
        The probability of ``dropout``, drawn once a presentation for each unit and batch element. What is left is
        divided by 1 - dropped.
    update_bits, update_alpha : int or None, float
        The bits and alpha with which updates are quantised (section 5.2). With ``update_bits=None`` they are not.
    update_of : str
        What is quantised: the update of each ``presentation``, before the mean over batch elements and the rate; or that
        of a ``minibatch``, which is this mean times the rate, so that alpha is the most that a weight changes by.
    shifted : bool
        Whether the largest field inhibits all outputs before the softmax (``SoftmaxOutput(largest="m")``), which is
        needed where fields grow beyond 80.
    frozen : tuple[int, ...]
        The layers whose weights stay as they are; the lowest is 1 (section 4.2, item 4).
    rate, rate_decay : float
        After n updates the learning rate is rate/(1 + rate_decay*n).
    """

    algorithm: str = "rbp"
    derivative: bool = True
    transfer: str = "tanh"
    matrix: str = "normal"
    mean: float = 0.0
    n: float = 8.0
    redrawn: str = ""
    signal: str = ""
    bits: int = 5
    alpha: float = 2.0**-3
    dropped: float = 0.5
    update_bits: int | None = None
    update_alpha: float = 2.0**-6
    update_of: str = "presentation"
    shifted: bool = False
    frozen: tuple[int, ...] = ()
    rate: float = 0.1
    rate_decay: float = 1e-6

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise UsageError(f"Variant: {name} is one of {known}; got {getattr(self, name)!r}.")
        if self.redrawn and self.algorithm != ("srbp" if self.redrawn == "per synapse" else "rbp"):
            raise UsageError(
                f"Variant: weights that are redrawn {self.redrawn!r} do not go with the algorithm {self.algorithm!r}."
            )
        if self.redrawn and self.update_bits is not None:
            raise UsageError(
                f"Variant: weights that are redrawn {self.redrawn!r} and quantised updates do not go together."
            )
        if min(self.bits, self.update_bits or 1) < 1:
            raise UsageError(f"Variant: bits are at least 1; got {self.bits!r} and {self.update_bits!r}.")
        if not 0 <= self.dropped < 1:
            raise UsageError(f"Variant: dropped is a probability below 1; got {self.dropped!r}.")

    @property
    def skips(self) -> bool:
        """Whether the output projects straight to each hidden layer."""
        return self.algorithm in ("srbp", "asrbp")

    @property
    def transposes(self) -> bool:
        """Whether the channel has no weights of its own."""
        return self.algorithm in ("bp", "sbp")

    def differences(self) -> dict[str, Any]:
        """Return the values that differ from the defaults, by name, for messages and files."""
        return {f.name: v for f in fields(self) if (v := getattr(self, f.name)) != f.default}

    def with_(self, **changes: Any) -> Variant:
        """Return a changed copy."""
        return replace(self, **changes)
