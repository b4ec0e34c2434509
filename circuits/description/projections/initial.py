"""Initial weights. Each function here returns a function of a random generator and the shape of the weights.

The shape is (n_post, n_pre) for all-to-all connections. The shape of another connectivity says how many synapses a unit
receives and how many it sends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from brian2.units import Quantity
from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension, get_unit

from ....arguments import checked_arguments
from ....callables import check_takes
from ....errors import RecircuitError
from ..populations.shown_values import unit_of

#: The synapses of a unit that are counted if weights are scaled by their number.
COUNTING = ("existing", "possible")

Initial = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def fans(shape: tuple[int, ...], counting: str = "existing") -> tuple[float, float]:
    """Return the mean number of synapses into a unit, and from a unit.

    Parameters
    ----------
    shape : tuple of int
        The shape of the weights.
    counting : {"existing", "possible"}
        Whether to count the synapses that exist, or all that would exist if a connectivity left none out at random.

    Raises
    ------
    RecircuitError
        If ``counting`` is another word.
    """
    if counting not in COUNTING:
        raise RecircuitError(f"counting: expected {' or '.join(map(repr, COUNTING))}; got {counting!r}.")
    of_matrix = (shape[-1], shape[0])
    return getattr(shape, "existing" if counting == "existing" else "fans", of_matrix)


def glorot_limit(shape: tuple[int, ...], counting: str = "existing") -> float:
    """Return sqrt(6/(fan_in + fan_out)) (Glorot and Bengio 2010), or 0 if there are no synapses."""
    both = sum(fans(shape, counting))
    return float(np.sqrt(6 / both)) if both else 0.0


def _finite(where: str, *, positive: bool = False, **values: Any) -> None:
    """Refuse a value that is not a finite number, or is below 0 where ``positive`` is given."""
    for name, value in values.items():
        fits = isinstance(value, int | float | np.integer | np.floating) and abs(value) < 1e300
        if not fits or isinstance(value, bool) or (positive and value < 0):
            raise RecircuitError(f"{where}: {name} is a number{' of at least 0' if positive else ''}; got {value!r}.")


@checked_arguments
def glorot(gain: float = 1.0, *, counting: str = "existing") -> Initial:
    """Draw weights uniformly between -limit and limit, with limit = gain*sqrt(6/(fan_in + fan_out)).

    Parameters
    ----------
    gain : float, default 1
        The factor of the limit.
    counting : {"existing", "possible"}
        Whether fan_in and fan_out count the synapses that exist, or all synapses that were possible before a
        connectivity left some out at random.

    Returns
    -------
    function
        A function of (generator, shape), for ``connect(..., weights=glorot())``.

    References
    ----------
    Glorot and Bengio 2010.
    """
    _finite("glorot", positive=True, gain=gain)
    fans((1, 1), counting)

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        limit = gain * glorot_limit(shape, counting)
        return rng.uniform(-limit, limit, shape)

    return draw


@checked_arguments
def normal(sd: float | None = None, *, scaled_by: float = 1.0, counting: str = "existing") -> Initial:
    """Draw weights from a normal distribution with mean zero.

    The standard deviation is ``sd``, or scaled_by/sqrt(fan_in) if no ``sd`` is given. With ``scaled_by=g``, the
    eigenvalues of the weights between the units of one large population lie in a disc of radius g, whatever share of
    the synapses exists.

    Parameters
    ----------
    sd : float, optional
        The standard deviation.
    scaled_by : float, default 1
        The factor g, if no ``sd`` is given.
    counting : {"existing", "possible"}
        The synapses that fan_in counts, as in `glorot`.

    Returns
    -------
    function
        A function of (generator, shape).

    References
    ----------
    Sompolinsky, Crisanti and Sommers 1988.
    """
    _finite("normal", positive=True, sd=0.0 if sd is None else sd, scaled_by=scaled_by)
    fans((1, 1), counting)

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return rng.normal(
            0, abs(scaled_by) / np.sqrt(max(fans(shape, counting)[0], 1e-12)) if sd is None else abs(sd), shape
        )

    return draw


@checked_arguments
def lognormal(median: Any = 1.0, sigma: float = 0.5) -> Initial:
    """Draw values from a log-normal distribution: ``median`` times the exponential of a normally distributed number.

    Parameters
    ----------
    median : float or Quantity, default 1
        The median. The values have the unit of a quantity such as ``10*ms``.
    sigma : float, default 0.5
        The standard deviation of the logarithm.

    Returns
    -------
    function
        A function of (generator, shape).
    """
    number = float(median) if isinstance(median, Quantity) and median.ndim == 0 else median
    _finite("lognormal", positive=True, median=number, sigma=sigma)
    return lambda rng, shape: median * rng.lognormal(0, abs(sigma), shape)  # NumPy refuses -0.


@checked_arguments
def signed(weights: Any, signs: Any) -> Initial:
    """Give weights fixed signs: the absolute values of ``weights`` times the sign of the pre unit (Dale's law).

    Parameters
    ----------
    weights : number, array or function
        The weights, as ``connect`` takes them, for example ``glorot()``.
    signs : array
        1 for an excitatory and -1 for an inhibitory pre unit, of shape (n_pre,) or any shape that fits the weights.

    Returns
    -------
    function
        A function of (generator, shape).
    """
    given = np.asarray(signs)
    if given.dtype.kind not in "if" or not np.isin(given, (-1, 1)).all():
        raise RecircuitError(f"signed: signs are 1 (excitatory) or -1 (inhibitory) for each pre unit; got {signs!r}.")
    return lambda rng, shape: np.abs(draw(weights, rng, shape, "signed")) * given


@checked_arguments
def uniform(low: float, high: float) -> Initial:
    """Draw values uniformly between two numbers.

    Parameters
    ----------
    low, high : float
        The smallest and the largest value.

    Returns
    -------
    function
        A function of (generator, shape).
    """
    _finite("uniform", low=low, high=high)
    if low > high:
        raise RecircuitError(f"uniform: low is at most high; got {low!r} and {high!r}.")
    return lambda rng, shape: rng.uniform(low, high, shape)


def bias_of(weights: Initial, fan_in: int) -> Initial:
    """Draw a bias like one more weight of its unit, from the distribution of weights from ``fan_in`` units."""
    return lambda rng, shape: weights(rng, (shape[0], fan_in))[:, :1]


def draw(
    initial: Any,
    rng: np.random.Generator,
    shape: tuple[int, ...],
    name: str,
    dimension: Dimension = DIMENSIONLESS,
    *,
    by_pre: bool = False,
) -> np.ndarray:
    """Return the weights, or the values of a rule's state, from a function, a number or an array.

    Quantities have the ``dimension``; numbers are in base units. With ``by_pre``, as for states, an array (n_pre,) has one
    value for each pre unit. For weights such an array is refused, since it may be meant for the post units.
    """
    if callable(initial):
        check_takes(initial, ("generator", "shape"), f"{name}, weights")
    value: Any = initial(rng, shape) if callable(initial) else initial
    _check_numbers(value, name, dimension)
    try:
        array = np.broadcast_to(np.asarray(value, dtype=float), shape)
    except (ValueError, TypeError):
        order = " (post, pre)" if len(shape) == 2 else ""
        raise RecircuitError(
            f"{name}: weights of shape {(*shape,)}{order} were expected; got {np.shape(value)}."
        ) from None
    if not by_pre:
        check_dimensions(np.shape(value), shape, name)
    if not np.isfinite(array).all():
        raise RecircuitError(f"{name}: the initial weights hold NaN or infinity.")
    return array


def check_dimensions(given: tuple[int, ...], shape: tuple[int, ...], name: str) -> None:
    """Refuse an array with one dimension for weights with two, which NumPy would take as one value for each pre unit."""
    if len(shape) == 2 and len(given) == 1 and given != (1,):
        raise RecircuitError(
            f"{name}: weights of shape {(*shape,)} (post, pre) were expected; got {given}, which does not say whether it is "
            "for pre or post units. Give values[None, :] for one value of each pre unit, or values[:, None] for one of "
            "each post unit."
        )


def _check_numbers(value: Any, name: str, dimension: Dimension) -> None:
    """Refuse another dimension, texts, truth values, complex numbers and the like, even if NumPy could convert them."""
    try:
        kind = np.asarray(value).dtype.kind
    except ValueError:
        kind = "O"  # lists of different lengths
    if kind not in "uifb" or isinstance(value, bool | np.bool_):
        raise RecircuitError(
            f"{name}: weights are a number, an array of numbers, or a function such as glorot(); got {value!r:.60}."
        )
    plain = isinstance(value, list | tuple) and unit_of(value) is DIMENSIONLESS
    if isinstance(value, Quantity | list | tuple) and not plain and unit_of(value) is not dimension:
        wanted = "plain numbers without a unit" if dimension is DIMENSIONLESS else f"in {get_unit(dimension)}"
        raise RecircuitError(
            f"{name}: the values are {wanted}; got {value!r:.60}. Weights have no unit: it belongs to a parameter of the "
            "equations that read them."
        )
