"""The conversion of the arguments of ``connect`` to the connectivity, weights and rule that a projection keeps."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import DIMENSIONLESS

from ....errors import RecircuitError
from ....plasticity import Rule, SynapticEquation, find
from ....plasticity.modifiers.weight_limit import POLARITY, keeps_signs
from ....plasticity.names import LATE
from ....plasticity.values import Values as Numbers
from ...connectivity import Connectivity, Given, NoAutapses
from ...connectivity.given import is_listing, is_sparse
from ..naming import check_member
from ..neurons.neuron import Neuron
from ..populations.population import Population, Values
from .checks import check_delay_shape, check_rule, check_transpose, checked_connectivity
from .initial import draw, glorot
from .meaning import check_meaning
from .projection import Projection, Transposed

#: The population that sends, and the one that receives.
Ends = tuple[Population, Population]


def equation_of(
    rule: Any, into: str, name: str, pre: Population, post: Population, step: float
) -> SynapticEquation | None:
    """Return the equation that a rule, or the rule of a name, has for a projection into this compartment."""
    rule = find(rule) if isinstance(rule, str) else rule
    if rule is None or isinstance(rule, SynapticEquation):
        return rule and rule.with_step(step)
    if not isinstance(rule, Rule):
        raise RecircuitError(f"connect {name}: rule is a Rule, its name, or one of its equations; got {rule!r}.")
    side, other = ("feedback", "forward") if into == "apical" else ("forward", "feedback")
    equation = getattr(rule, side)
    if not equation.plastic and not equation.transpose_of:
        raise RecircuitError(
            f"connect {name}: into {into!r} a rule stands for its {side} equation, and {rule.name!r} has none, so that "
            f"the weights would never change. Give its {other} equation, as rule=my_rule.{other}; or rule=None for "
            "weights that stay as they are."
        )
    opposite = getattr(rule, other)
    if opposite.plastic and not lacking(opposite, pre, post) and lacking(equation, pre, post):
        raise RecircuitError(
            f"connect {name}: into {into!r} the rule {rule.name!r} stands for its {side} equation, which reads what "
            f"{pre.name!r} and {post.name!r} do not have. Its {other} equation fits: give rule=my_rule.{other}."
        )
    return equation.with_step(step)


def with_delays_of_synapses(
    equation: SynapticEquation | None, delay: int | np.ndarray, name: str
) -> tuple[SynapticEquation | None, dict[str, np.ndarray]]:
    """Return the equation and its new states: if it reads what arrives, a state holds the delay of each synapse."""
    if equation is None or not equation.reads_arriving or isinstance(delay, int):
        return equation, {}
    if LATE in {*equation.parameters, *equation.state, *equation.traces, *equation.broadcasts, *equation.locals}:
        raise RecircuitError(
            f"connect {name}: the rule {equation.rule!r} has a name '{LATE}' of its own. With delays of single synapses, this "
            "name stands for the delay of a synapse in steps. Use another name in the rule."
        )
    return replace(equation, state=Numbers({**equation.state, LATE: 0.0})), {LATE: delay.astype(float)}


def unused_name(name: str | None, pre: str, post: str, used: Iterable[str]) -> str:
    """Return the name of a projection: the given one, or one made from its two populations.

    Raises
    ------
    RecircuitError
        If none is given, and there is such a projection already.
    """
    usual = f"{pre}_to_{post}"
    if not name and usual in used:
        raise RecircuitError(
            f"connect: the name {usual!r} is used already, by another projection between these populations. Give this one a "
            f"name of its own, as in connect(..., name='{usual}_2')."
        )
    return name or usual


def lacking(equation: SynapticEquation, pre: Population, post: Population) -> list[str]:
    """Return what an equation reads that its two populations do not have."""
    found = [f"{v}_pre" for v in sorted(equation.reads_pre - {*pre.variables()})]
    return found + [f"{v}_post" for v in sorted(equation.reads_post - {*post.variables()})]


def listed_synapses(weights: Any, connectivity: Any, autapses: bool | None, name: str) -> tuple[Any, Any]:
    """Return weights and connectivity, where an array or a sparse matrix may say which synapses there are."""
    if autapses is not None and not isinstance(autapses, bool | np.bool_):
        raise RecircuitError(f"connect {name}: autapses is True or False; got {autapses!r}.")
    if is_sparse(weights):
        connectivity = Given(weights) if connectivity is None else connectivity
        weights = weights.toarray()
    if is_listing(connectivity):
        connectivity = Given(connectivity)
    return weights, connectivity


def first_weights(
    weights: Any, connectivity: Any, equation: SynapticEquation | None, partner: Callable[[], Projection]
) -> Any:
    """Return the given weights, or those with which the rule or the connectivity begins, or `glorot`."""
    if weights is not None:
        return weights
    if equation is not None and equation.transpose_of:
        return partner().transposed(equation.transpose_of)
    initial = getattr(connectivity, "initial", None)
    return glorot() if initial is None else initial


def check_ends(network: Values, pre: Any, post: Any) -> None:
    """Refuse what is not a population of this circuit."""
    for side, population in (("pre", pre), ("post", post)):
        check_member(population, network, f"connect: {side}")


def what_is_sent(sends: str | None, into: str, pre: Population, post: Population, name: str) -> str:
    """Return the variable that is sent, the usual one if none is given; refuse one, or a compartment, that does not exist."""
    if into not in post.neuron.compartments:
        raise RecircuitError(
            f"connect {name}: {post.name!r} has no compartment {into!r}; it has {post.neuron.compartments}. "
            f"Declare one in its equations as '{into} : 1 (compartment)'."
        )
    if sends is None:
        sends = "error" if into == "apical" and "error" in pre.variables() else "rate"
    if sends not in pre.variables():
        raise RecircuitError(f"connect {name}: {pre.name!r} has no {sends!r} to send; it has {pre.variables()}.")
    return sends


def which_synapses(
    weights: Any, connectivity: Any, autapses: bool | None, ends: Ends, equation: SynapticEquation | None, name: str
) -> Connectivity:
    """Return the connectivity of a projection; that of a transpose is the connectivity of the projection with the weights."""
    pre, post = ends
    if isinstance(weights, Transposed):
        check_transpose(weights, pre, post, equation, connectivity, name)
        if autapses is False:
            raise RecircuitError(
                f"connect {name}: these synapses are those of {weights.of.name!r}, and so are their autapses. Omit autapses."
            )
        return weights.of.connectivity
    return _without_autapses(checked_connectivity(connectivity, pre, post, name), autapses, ends, name)


def _without_autapses(connectivity: Connectivity, autapses: bool | None, ends: Ends, name: str) -> Connectivity:
    """Return the connectivity, without the synapses of a unit to itself if the user asks for that."""
    if autapses is not False:
        return connectivity
    pre, post = ends
    if pre is not post:
        raise RecircuitError(
            f"connect {name}: autapses are the synapses of a unit to itself, and {pre.name!r} is not {post.name!r}. "
            "Leave autapses out."
        )
    try:
        return NoAutapses(connectivity)
    except RecircuitError as problem:
        raise RecircuitError(f"connect {name}: {problem}") from None


def check_projection(projection: Projection, broadcasts: set[str], batch_size: int) -> None:
    """Refuse a projection whose rule, delays or initial values do not fit the rest of the circuit."""
    check_rule(projection, broadcasts)
    check_meaning(projection, batch_size)
    check_delay_shape(projection)
    _check_arrays(projection)


def _check_arrays(projection: Projection) -> None:
    """Refuse weights and states of another shape than the projection's; those of a function are checked later."""
    for what, value in {"weights": projection.weights, **projection.states}.items():
        if not isinstance(value, Transposed) and not callable(value):
            name, dimension = f"connect {projection.name}", DIMENSIONLESS
            if what != "weights" and projection.equation is not None:
                name, dimension = f"{name}, {what}", projection.equation.dimension(what)
            draw(value, np.random.default_rng(0), projection.shape, name, dimension, by_pre=what != "weights")


def warn_of_signs(projection: Projection) -> None:
    """Warn that a rule which keeps the signs of weights will set initial weights of the other sign to zero."""
    equation = projection.equation
    if equation is None or not keeps_signs(equation) or isinstance(projection.weights, Transposed):
        return
    rng, polarity = np.random.default_rng(0), projection.states.get(POLARITY, 1.0)
    weights = draw(projection.weights, rng, projection.shape, projection.name)
    signs = draw(polarity, rng, projection.shape, projection.name, by_pre=True)
    wrong = int((weights * signs < 0).sum())
    if wrong:
        which = "" if POLARITY in projection.states else ", which was not given and is 1"
        warnings.warn(
            f"connect {projection.name}: the rule {equation.rule!r} keeps the signs of weights, and about {wrong} of the "
            f"{weights.size} initial weights have another sign than their polarity{which}. The first update will "
            "set them to 0. Give weights=signed(..., signs) and states={'polarity': signs}.",
            stacklevel=4,
        )


def warn_of_autapses(projection: Projection, autapses: bool | None) -> None:
    """Warn that synapses of a unit to itself will learn although their given weights are 0."""
    weights = projection.weights
    square = isinstance(weights, np.ndarray) and weights.ndim == 2 and weights.shape[0] == weights.shape[1] > 1
    if autapses is not None or projection.pre is not projection.post or not projection.plastic or not square:
        return
    if projection.connectivity.masked or weights.diagonal().any() or not weights.any():
        return
    warnings.warn(
        f"connect {projection.name}: the weights of the units to themselves begin at 0, and the rule will change them. "
        "Say autapses=False if there are no such synapses, or autapses=True if there are.",
        stacklevel=4,
    )


def all_states(states: Mapping[str, Any] | None, late: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the initial values of a rule's states that a user gave, with those of delays."""
    if not isinstance(states, Mapping | None):
        raise RecircuitError(
            f"connect {name}: states is a mapping from the names of the rule's states to values; got a "
            f"{type(states).__name__}."
        )
    return {**(states or {}), **late}


def arrives_as(pre: Population, post: Population, into: str, name: str, there: Iterable[Projection]) -> str:
    """Return the last part of a field's name: the pre population, or for further projections from it the projection."""
    into_post = [p for p in there if p.post is post]
    second = any(p.pre is pre and p.into == into for p in into_post)
    arrives = name if second else pre.name
    taken = {p.field for p in into_post} | set(post.neuron.dimensions)
    if f"{into}_{arrives}" in taken:
        raise RecircuitError(
            f"connect {name}: what arrives here would be stored as {into}_{arrives}, and {post.name!r} has a "
            "variable of this name already. Choose another name for the projection."
        )
    return arrives


def read_constant(equation: SynapticEquation | None, pre: Population, constants: Mapping[str, Any]) -> None:
    """Let a rule read any variable of a constant: each variable has the constant's value, so that it can be a bias."""
    if equation is None or f"{pre.name}.rate" not in constants:
        return
    absent = sorted(equation.reads_pre - set(pre.variables()))
    if absent:
        pre.set_neuron(Neuron("\n".join([pre.neuron.text, *(f"{variable} = rate : 1" for variable in absent)])))
