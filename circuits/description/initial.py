"""How weights begin. Each is a function of a random generator and the weights' shape.

That is (n_post, n_pre) where everything is connected to everything; of other structures it says itself how many synapses
come into a unit and go out of one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from brian2.units import Quantity

from ...door import door
from ...errors import RecircuitError

#: Which synapses of a unit are counted where weights are scaled by their number.
COUNTING = ("existing", "possible")

Initial = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def fans(shape: tuple[int, ...], counting: str = "existing") -> tuple[float, float]:
    """How many synapses come into a unit, and how many go out of one, in the mean over the units.

    Parameters
    ----------
    shape : of the weights
    counting : ``"existing"``: the synapses that there are; ``"possible"``: those that there would be if a connectivity
        left none out at random

    Raises
    ------
    RecircuitError
        for another word
    """
    if counting not in COUNTING:
        raise RecircuitError(f"counting: expected {' or '.join(map(repr, COUNTING))}; got {counting!r}.")
    of_matrix = (shape[-1], shape[0])
    return getattr(shape, "existing" if counting == "existing" else "fans", of_matrix)


def glorot_limit(shape: tuple[int, ...], counting: str = "existing") -> float:
    """sqrt(6/(fan_in + fan_out)) (Glorot and Bengio 2010); of no synapses at all it is 0."""
    both = sum(fans(shape, counting))
    return float(np.sqrt(6 / both)) if both else 0.0


def _finite(where: str, *, positive: bool = False, **values: Any) -> None:
    """Refuse what is no finite number, or, where it must not be, below 0."""
    for name, value in values.items():
        fits = isinstance(value, int | float | np.integer | np.floating) and abs(value) < 1e300
        if not fits or isinstance(value, bool) or (positive and value < 0):
            raise RecircuitError(f"{where}: {name} is a number{' of at least 0' if positive else ''}; got {value!r}.")


@door
def glorot(gain: float = 1.0, *, counting: str = "existing") -> Initial:
    """Uniform in +-gain*`glorot_limit`.

    Parameters
    ----------
    gain : a factor
    counting : which synapses of a unit are counted: those ``"existing"``, or all that were ``"possible"`` before a
        connectivity left some out at random
    """
    _finite("glorot", positive=True, gain=gain)
    fans((1, 1), counting)

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        limit = gain * glorot_limit(shape, counting)
        return rng.uniform(-limit, limit, shape)

    return draw


@door
def normal(sd: float | None = None, *, scaled_by: float = 1.0, counting: str = "existing") -> Initial:
    """Normal with mean zero and standard deviation ``sd``, or scaled_by/sqrt(fan_in) where none is given.

    With ``scaled_by=g``, the eigenvalues of the weights between the units of one large population lie in a disc of the
    radius g, whatever the share of the synapses that exist (Sompolinsky, Crisanti and Sommers 1988).

    Parameters
    ----------
    sd : the standard deviation
    scaled_by : g, where no ``sd`` is given
    counting : which synapses come into a unit, as in `glorot`
    """
    _finite("normal", positive=True, sd=0.0 if sd is None else sd, scaled_by=scaled_by)
    fans((1, 1), counting)

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return rng.normal(0, scaled_by / np.sqrt(max(fans(shape, counting)[0], 1e-12)) if sd is None else sd, shape)

    return draw


@door
def lognormal(median: Any = 1.0, sigma: float = 0.5) -> Initial:
    """Log-normal: ``median`` times the exponential of a normal number with the standard deviation ``sigma``.

    Parameters
    ----------
    median : a number, or a quantity such as ``10*ms``, whose unit the drawn values have
    sigma : the standard deviation of the logarithm
    """
    number = float(median) if isinstance(median, Quantity) and median.ndim == 0 else median
    _finite("lognormal", positive=True, median=number, sigma=sigma)
    return lambda rng, shape: median * rng.lognormal(0, sigma, shape)


@door
def signed(weights: Any, signs: Any) -> Initial:
    """Weights with fixed signs: the absolute values of ``weights``, times the sign of the pre unit (Dale's law).

    Parameters
    ----------
    weights : a number, an array, or a function such as ``glorot()``
    signs : 1 for an excitatory and -1 for an inhibitory pre unit, shape (n_pre,); or of any shape that fits the weights'
    """
    given = np.asarray(signs)
    if given.dtype.kind not in "if" or not np.isin(given, (-1, 1)).all():
        raise RecircuitError(f"signed: signs are 1 (excitatory) or -1 (inhibitory) for each pre unit; got {signs!r}.")
    return lambda rng, shape: np.abs(draw(weights, rng, shape, "signed")) * given


@door
def uniform(low: float, high: float) -> Initial:
    """Uniform between low and high."""
    _finite("uniform", low=low, high=high)
    if low > high:
        raise RecircuitError(f"uniform: low is at most high; got {low!r} and {high!r}.")
    return lambda rng, shape: rng.uniform(low, high, shape)


def bias_of(weights: Initial, fan_in: int) -> Initial:
    """A bias as one more weight of its unit: drawn as those that come from ``fan_in`` units are."""
    return lambda rng, shape: weights(rng, (shape[0], fan_in))[:, :1]


def draw(initial: Any, rng: np.random.Generator, shape: tuple[int, ...], name: str) -> np.ndarray:
    """The weights that ``initial`` (a function, a number or an array) stands for."""
    value: Any = initial(rng, shape) if callable(initial) else initial
    try:
        array = np.broadcast_to(np.asarray(value, dtype=float), shape)
    except (ValueError, TypeError):
        order = " (post, pre)" if len(shape) == 2 else ""
        raise RecircuitError(
            f"{name}: weights of shape {(*shape,)}{order} were expected; got {np.shape(value)}."
        ) from None
    if not np.isfinite(array).all():
        raise RecircuitError(f"{name}: the initial weights hold NaN or infinity.")
    return array
