"""Max pooling in the reference form: the input of each tap is summed alone, and the unit's equations compare them."""

from __future__ import annotations

from ...description.network import Network
from ...description.projections.projection import Projection
from ...description.reads import pools_into
from ...description.schedules.open_phases import projection_steps
from ..equations.state_equations import statements_of
from ..kernels import Elementwise, Term
from ..operations import PROPAGATE, Operation
from .kernels import Summed


def scratch(network: Network, population: str) -> list[str]:
    """Return the variables that a population keeps: the argmax, the input of each tap, and whether a tap exists."""
    pools = pools_into(network, population)
    return [*(p.argmax for p in pools), *(name for p in pools for pair in taps(p) for name in pair)]


def taps(projection: Projection) -> list[tuple[str, str]]:
    """Return, for each tap, the variables of its input and of whether it has a synapse."""
    count = projection.connectivity.numbers()["taps"]
    return [(f"{projection.field}_tap{k}", f"{projection.field}_there{k}") for k in range(count)]


def _sums(projection: Projection, signal: str) -> dict[str, str]:
    """Return, for each variable of the post unit, the expression that each synapse adds to it."""
    owner = projection.owner
    if owner is not projection:
        return {projection.field: f"w*{signal}_pre*int({owner.argmax}_pre == tap)"}
    pairs = list(enumerate(taps(projection)))
    found = {arriving: f"w*{signal}_pre*int(tap == {k})" for k, (arriving, _) in pairs}
    return found | {there: f"1.0*int(tap == {k})" for k, (_, there) in pairs}


def pooling(network: Network, projection: Projection, signal: Term, synapses: int) -> list[Operation]:
    """Return the sums of all taps and the choice of the largest; in the opposite direction, the signals to the argmax."""
    owner, post, name = projection.owner, projection.post, projection.name
    back = owner is not projection
    steps = projection_steps(network.phased(), projection)
    reads = {signal.key, f"{owner.name}.w"} | ({f"{projection.pre.name}.{owner.argmax}"} if back else set())
    sums = _sums(projection, signal.variable)
    made = [
        Operation(
            name=f"propagate_{name}_{variable}", owner=name, slot=PROPAGATE, steps=steps, kernel=Summed(name, variable, code),
            reads=frozenset(reads), writes=frozenset({f"{post.name}.{variable}"}), work=synapses,
        )
        for variable, code in sums.items()
    ]  # fmt: skip
    if back:
        return made
    read = frozenset(f"{post.name}.{v}" for v in sums)
    written = frozenset({f"{post.name}.{projection.field}", f"{post.name}.{projection.argmax}"})
    compare = Elementwise(post.name, tuple(statements_of(_compare(projection))))
    return [*made, Operation(f"compare_{name}", post.name, PROPAGATE, steps, compare, read, written)]


def _compare(projection: Projection) -> str:
    """Return the code that compares the taps one after the other: a later tap wins only if its input is larger."""
    lines = ["_best_0 = -1e30", "_which_0 = 0.0"]
    for k, (arriving, there) in enumerate(taps(projection)):
        lines += [
            f"_more_{k} = int({there} > 0 and {arriving} > _best_{k})",
            f"_best_{k + 1} = _more_{k}*{arriving} + (1 - _more_{k})*_best_{k}",
            f"_which_{k + 1} = _more_{k}*{k} + (1 - _more_{k})*_which_{k}",
        ]
    last = len(taps(projection))
    return "\n".join([*lines, f"{projection.field} = _best_{last}", f"{projection.argmax} = _which_{last}"])
