"""Options of networks with node perturbation: their noise and their synapses (Lansdell, Prakash and Kording 2020)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["Perturbation", "Synapses", "Weights", "scaled_normal"]

Weights = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def scaled_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Draw weights from a normal distribution with mean 0 and standard deviation sqrt(2/n_pre)."""
    return rng.normal(0, np.sqrt(2 / shape[-1]), shape)


@dataclass(frozen=True)
class Perturbation:
    """The noise from which a network learns.

    Parameters
    ----------
    c : float
        The standard deviation of the noise.
    noise : str
        The expression that draws the noise with variance 1.
    windows : {"in turn", "side by side"}
        With ``"in turn"``, a presentation has a window with noise and a window without it. With ``"side by side"``, a twin of
        the circuit with noise runs at the same time; its weights begin and change as those of the circuit without noise.
    denoise : float
        The standard deviation of noise that is added to the stimulus during training.
    baseline : {"clean", "mean", "nothing"}
        What is subtracted from the loss with noise: the loss without noise, a running mean of the loss, or nothing.
    """

    c: float = 0.01
    noise: str = "randn()"
    windows: str = "in turn"
    denoise: float = 0.0
    baseline: str = "clean"


@dataclass(frozen=True)
class Synapses:
    """The weights of a network with node perturbation.

    Parameters
    ----------
    weights : function
        The initial W, as a function of (generator, shape). B is drawn as W^T is, and a bias as a weight of its unit.
    bias : bool
        Whether the units have biases, which are weights from a unit ``one`` whose rate is always 1.
    fixed : bool
        Whether the feedforward weights stay as they are.
    gamma : float
        For the ridge form: its lateral weights P begin at 1/gamma, and its feedback weights at 0.
    """

    weights: Weights = scaled_normal
    bias: bool = True
    fixed: bool = False
    gamma: float = 0.1
