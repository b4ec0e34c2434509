"""Max pooling in the plain form: what comes by each tap is summed by itself, and compared by the unit's own equations."""

from __future__ import annotations

from typing import Any

from brian2 import Synapses

from ...connectivity.pooling import MaxPool
from ...description.projection import Projection, Transposed
from ..assembly import Assembly, weights_owner
from ..operations import PROPAGATE, Operation, Runner
from ..populations import winners
from .shared import INDEX, share_weights


def scratch(circuit: Any) -> dict[str, list[str]]:
    """What populations keep for it: for each tap what came by it, whether anything can, and which was the largest."""
    found = {name: winners(circuit, name) for name in circuit.populations}
    for p in circuit.projections.values():
        if p.structure.kind == "largest" and not isinstance(p.weights, Transposed):
            found[p.post.name] += [name for pair in _taps(p) for name in pair]
    return found


def add_largest(assembly: Assembly, projection: Projection, signal: str) -> None:
    """The synapses, and in each unit the largest; or, the other way round, to the winner alone."""
    owner, pre, post, name = weights_owner(projection), projection.pre, projection.post, projection.name
    back = owner is not projection
    assert isinstance(owner.structure, MaxPool)
    sources, targets, taps = owner.structure.by_tap()
    if back:
        sources, targets = targets, sources
        summed = {projection.field: f"w*{signal}_pre*int({owner.winner}_pre == tap)"}
    else:
        summed = {heard: f"w*{signal}_pre*int(tap == {k})" for k, (heard, _) in enumerate(_taps(projection))}
        summed |= {there: f"1.0*int(tap == {k})" for k, (_, there) in enumerate(_taps(projection))}
    lines = [f"{variable}_post = {code} : 1 (summed)" for variable, code in summed.items()]
    synapses = Synapses(
        assembly.groups[pre.name], assembly.groups[post.name], "\n".join([*lines, f"{INDEX} : integer", "tap : integer"]),
        clock=assembly.clock, name=f"synapses_{name}", namespace={}, codeobj_class=assembly.codeobj_class,
    )  # fmt: skip
    synapses.connect(i=sources, j=targets)
    synapses.tap[:] = taps
    share_weights(assembly, projection, synapses, 0 * taps)
    steps = assembly.schedule.open_steps(projection.during, f"the projection {name!r}")
    reads = {f"{pre.name}.{signal}", f"{name}.w"} | ({f"{pre.name}.{owner.winner}"} if back else set())
    for variable in summed:
        updater = next(o for o in synapses.contained_objects if o.name.endswith(f"_{variable}_post"))
        assembly.operations.append(
            Operation(
                name=f"propagate_{name}_{variable}", slot=PROPAGATE, runner=updater, work=len(sources), steps=steps,
                reads=frozenset(reads), writes=frozenset({f"{post.name}.{variable}"}),
            )
        )  # fmt: skip
    if not back:
        runner = Runner(f"compare_{name}", assembly.groups[post.name], "stateupdate", _compare(projection))
        written = frozenset({f"{post.name}.{projection.field}", f"{post.name}.{projection.winner}"})
        heard = frozenset(f"{post.name}.{v}" for v in summed)
        assembly.add(Operation(runner.name, PROPAGATE, steps=steps, reads=heard, writes=written, runner=runner))


def _taps(projection: Projection) -> list[tuple[str, str]]:
    """For each tap the variables of what comes by it, and of whether there is a synapse."""
    taps = projection.structure.numbers()["taps"]
    return [(f"{projection.field}_tap{k}", f"{projection.field}_there{k}") for k in range(taps)]


def _compare(projection: Projection) -> str:
    """One tap after the other: a later one wins only if it brings more."""
    lines = ["_best_0 = -1e30", "_which_0 = 0.0"]
    for k, (heard, there) in enumerate(_taps(projection)):
        lines += [
            f"_more_{k} = int({there} > 0 and {heard} > _best_{k})",
            f"_best_{k + 1} = _more_{k}*{heard} + (1 - _more_{k})*_best_{k}",
            f"_which_{k + 1} = _more_{k}*{k} + (1 - _more_{k})*_which_{k}",
        ]
    last = len(_taps(projection))
    return "\n".join([*lines, f"{projection.field} = _best_{last}", f"{projection.winner} = _which_{last}"])
