"""The tests that every rule must pass: `check_rule(my_rule)`, in pytest, a notebook or a script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from recircuit.arguments import checked_arguments
from recircuit.circuits import Circuit, Neuron
from recircuit.circuits.backends import choose_backend
from recircuit.circuits.backends.divergence import Diverged
from recircuit.circuits.lowering.variables import split_key
from recircuit.errors import RecircuitError
from recircuit.models.analysis.circuit_comparison import (
    Data,
    Make,
    State,
    distance,
    element_differences,
    form_differences,
    law_differences,
)  # fmt: skip
from recircuit.models.networks.rule_test_circuits import Draw, bench, bench_data, data_for, network, variables_of
from recircuit.plasticity import Rule
from recircuit.plasticity.incoming import summing_sides
from recircuit.plasticity.locality import Scope, prove
from recircuit.report import Found, Report, Row, RuleFails, attempt

__all__ = ["EXACT", "Report", "Row", "RuleFails", "check_rule", "distance"]
__all__ += ["element_differences", "form_differences", "law_differences"]

#: Equal in float64, except for the order in which numbers are added.
EXACT = 1e-12
#: On another backend, whose exponential is another.
NEARLY = 1e-10
#: In float32.
SINGLE = 1e-4
BATCH_SIZE, SHOWN = 3, 8
PRE = -1  # the axis of the pre units


@checked_arguments
def check_rule(
    rule: Rule,
    backends: str | Iterable[str] = ("numpy",),
    *,
    hidden: Neuron | None = None,
    circuit: Make | None = None,
    silent_at_zero_error: bool | str | Sequence[str] = False,
    values: Mapping[str, Draw] | None = None,
    seed: int = 0,
) -> Report:
    """Check a rule as every rule of recircuit is checked. It takes two seconds, and about 15 more for each compiled backend.

    On a *bench*, in which all that the rule reads is drawn at random, nothing becomes infinite; other units and other
    synapses change nothing; its matrix products do what plain Brian2 `Synapses` do, to 1e-12 in float64; three batch
    elements, the last ones not all filled, do what circuits of one batch element do, with the mean taken statement by
    statement; float32 does it to 1e-4; the other backends do it. Then it trains a small *network* (stimulus, hidden
    layer, hinge circuit), which equals plain Brian2 too.

    Parameters
    ----------
    rule : Rule
        Your rule.
    backends : str or iterable of str
        The backends on which it is to run: ``"numpy"``, ``"cpp"``, ``"cuda"``.
    hidden : Neuron, optional
        The equations of the network's hidden units, for a rule that reads variables that pyramidal units lack.
    circuit : Make, optional
        A function that makes a circuit of yours with the rule, given Circuit's options (batch_size, lowering, seed). It
        is tried in place of the network, for phases and broadcasts of your own.
    silent_at_zero_error : bool, str or sequence of str
        Whether it claims to change nothing where the variable `error` is zero; or the names of the variables and
        broadcasts that are zero then, as in ("loss",).
    values : mapping of str to Draw, optional
        How a variable is drawn where the usual values (from 1/2 to 2, of either sign) do not suit the rule: a pair
        (low, high), or a function of (generator, shape).
    seed : int
        The seed of all that is drawn.

    Returns
    -------
    Report
        The report, which is printed as a table.

    Raises
    ------
    RuleFails
        If checks fail. It is an AssertionError that lists them; its `report` has all checks.
    """
    if not isinstance(rule, Rule):
        raise RecircuitError(f"check_rule: expected a Rule; got {rule!r}.")
    on_bench, given = _Bench(rule, dict(values or {}), seed), [backends] if isinstance(backends, str) else backends
    compiled = [choose_backend(name)[0] for name in given if name != "numpy"]
    rows = [_proved(rule), *on_bench.rows(compiled, silent_at_zero_error)]
    rows += _in_circuit(circuit, compiled, seed) if circuit else _in_network(rule, hidden, seed)
    report = Report(rule, rows)
    if not report.ok:
        raise RuleFails(report)
    return report


def _proved(rule: Rule) -> Row:
    """Prove the rule local once more, since a rule that is unpickled was not proved here."""

    def find() -> Found:
        for equation in (rule.forward, rule.feedback):
            where = f"Rule {rule.name!r}, {equation.direction} equation"
            scope = Scope(where, equation.parameters, equation.state, equation.broadcasts, equation.traces)
            prove(equation.statements, scope)
        return None, "" if rule.local else "its equations are, but it says of itself that it is not: a control"

    return attempt("local, without units", None, find)


@dataclass(frozen=True)
class _Bench:
    """A rule on the bench."""

    rule: Rule
    values: Mapping[str, Draw]
    seed: int

    def rows(self, compiled: Sequence[str], claimed: bool | str | Sequence[str]) -> list[Row]:
        """Return the results of all checks on the bench; only the first one where something becomes infinite."""
        found = [attempt("finite", None, self.finite)]
        if not found[0].ok:
            return found
        found += [
            attempt("others change nothing", EXACT, self.others),
            attempt("matrix products = plain Brian2", EXACT, self.lowered),
            attempt(f"{BATCH_SIZE} batch elements = mean of circuits", EXACT, self.elements),
            attempt("float32 = float64", SINGLE, lambda: self.against(precision="float32")),
        ]
        found += [attempt(f"{b} = numpy", NEARLY, lambda b=b: self.against(backend=b)) for b in compiled]
        names = ["error"] if isinstance(claimed, bool) else [claimed] if isinstance(claimed, str) else list(claimed)
        silent = attempt("silent at zero error", 0.0, lambda: self.silent(names))
        return [*found, silent if claimed else Row("silent at zero error", None, note="not claimed")]

    def make(self, **options: Any) -> Circuit:
        return bench(self.rule.forward, self.rule.feedback, seed=self.seed, **options)

    def data(self, net: Circuit, seed: int = 0) -> Data:
        return bench_data(net, SHOWN, self.seed + seed, self.values)

    def learned(
        self, *, backend: str = "numpy", data: Data | None = None, start: State | None = None, **options: Any
    ) -> State:
        """Return the synapses after a run."""
        net = self.make(**options)
        net.set_state(start or {})
        net.run(data or self.data(net), backend=backend)
        found = _synapses(net)
        net.close()
        return found

    def finite(self) -> Found:
        """Check that what is learned stays finite, and that something is learned."""
        try:
            before, after = _synapses(self.make()), self.learned(lowering="reference")
        except Diverged:
            raise RecircuitError(
                "The rule becomes NaN or infinite for values from 1/2 to 2, with either sign. Give the range of its values, as "
                "in values=dict(x=(0, 1)), or add a small number to what it divides by."
            ) from None
        plastic = [e.direction for e in (self.rule.forward, self.rule.feedback) if e.plastic]
        still = [d for d in plastic if np.array_equal(before[f"{d}.w"], after[f"{d}.w"])]
        if still:
            raise RecircuitError(
                f"The {' and '.join(still)} weights do not change, so that there is nothing to compare. Give values "
                "that change them, as in values=dict(x=(0, 100))."
            )
        return None, f"{SHOWN} presentations, {' and '.join(plastic)}"

    def others(self) -> Found:
        """Check that a unit's variables change only its own synapses, and that a synapse does not change others."""
        usual, net = self.learned(), self.make()
        start, data, again = _synapses(net), self.data(net), self.data(net, seed=1)
        differences = {}
        for side, axes in (("below", (1, 0)), ("above", (0, 1))):
            mine = {k: v.copy() for k, v in data.items()}
            for key in (k for k in data if k.startswith(f"{side}_")):
                mine[key][:, 0] = again[key][:, 0]
            for key, value in self.learned(data=mine).items():
                axis = axes[key.startswith("feedback.")] - 2
                if self.sums(key, "post" if axis == PRE else "pre"):  # the other synapses of a unit are its own
                    continue
                differences[f"{key}, by {side}"] = distance(np.delete(value, 0, axis), np.delete(usual[key], 0, axis))
        for value in start.values():
            value.flat[0] += 0.25
        after = self.learned(start=start)
        for key, value in after.items():  # in the same row or column others may change, where the rule sums over it
            rows, columns = (int(not self.sums(key, side)) for side in ("pre", "post"))
            (others := np.ones(value.shape[-2:], bool))[: rows or None, : columns or None] = False
            differences[key] = distance(value[..., others], usual[key][..., others])
        return _worst(differences)

    def sums(self, key: str, side: str) -> bool:
        """Return whether the equation of a projection's variable reads a sum over the synapses of the unit of one side."""
        return side in summing_sides(getattr(self.rule, split_key(key)[0]).statements)

    def lowered(self) -> Found:
        return _worst(form_differences(self.make, self.data(self.make())))

    def elements(self) -> Found:
        """Check batch elements by the law; and the noise, which they share, by batch elements that show the same."""
        one, many = self.make(), self.make(batch_size=BATCH_SIZE)
        data, rows = self.data(one), np.arange(SHOWN)[:, None]
        differences: dict[str, float] = {}
        for equation in (self.rule.forward, self.rule.feedback):
            if equation.plastic:
                differences |= law_differences(equation, data, BATCH_SIZE, self.seed)
                separate = law_differences(equation, data, BATCH_SIZE, self.seed, own_states=True)
                differences |= {f"{k}, circuits with their own state": v for k, v in separate.items()}
        one.run(data, order=rows)
        many.run(data, order=np.repeat(rows, BATCH_SIZE, axis=1))
        alike = _synapses(many)
        return _worst(
            differences | {f"{k}, all showing the same": distance(alike[k], v) for k, v in _synapses(one).items()}
        )

    def against(self, **options: Any) -> Found:
        """Compare what is learned with another precision or backend."""
        usual, other = self.learned(batch_size=BATCH_SIZE), self.learned(batch_size=BATCH_SIZE, **options)
        return _worst({k: distance(other[k], v) for k, v in usual.items()})

    def silent(self, names: Sequence[str]) -> Found:
        """Find how far the weights move where these are zero."""
        net = self.make()
        if not set(names) & {*variables_of(net).values()}:
            raise RecircuitError(
                f"The rule reads no {' and no '.join(names)}. Name what is zero where there is no error, as in "
                "silent_at_zero_error=('loss',)."
            )
        quiet = replace(self, values={**self.values, **{name: (0.0, 0.0) for name in names}})
        before, after = _synapses(net), quiet.learned(batch_size=BATCH_SIZE)
        moved = max(float(np.abs(after[k] - v).max()) for k, v in before.items() if split_key(k)[1] == "w")
        return moved, f"{' = '.join(names)} = 0"


def _in_network(rule: Rule, hidden: Neuron | None, seed: int) -> list[Row]:
    """Check that the rule trains a small network."""

    def make(**options: Any) -> Circuit:
        return network(rule, hidden, **{"seed": seed, **options})

    try:
        net = make()
    except RecircuitError as problem:
        return [Row("in a network", False if hidden else None, note=str(problem))]
    data = data_for(net, 2 * BATCH_SIZE, seed)
    rows = [attempt("in a network: dense = plain Brian2", EXACT, lambda: _worst(form_differences(make, data)))]
    learning = [p.equation for p in net.projections.values() if p.plastic and p.equation is not None]
    if all(len(e.statements) == 1 and not e.random for e in learning):
        rows.append(
            attempt("in a network: batch elements", EXACT, lambda: _worst(element_differences(make, data, BATCH_SIZE)))
        )
    return rows


def _in_circuit(make: Make, compiled: Sequence[str], seed: int) -> list[Row]:
    """Check the rule in a circuit of the user's own."""

    def after(backend: str) -> State:
        net = make(batch_size=BATCH_SIZE, seed=seed)
        net.run(data_for(net, SHOWN, seed), backend=backend)
        found = net.state(weights_only=True)
        net.close()
        return found

    def lowered() -> Found:
        one = {"batch_size": 1, "seed": seed}
        return _worst(form_differences(lambda **options: make(**one, **options), data_for(make(**one), SHOWN, seed)))

    def against(backend: str) -> Found:
        usual, other = after("numpy"), after(backend)
        return _worst({k: distance(other[k], v) for k, v in usual.items()})

    rows = [attempt("in the circuit: dense = plain Brian2", EXACT, lowered)]
    return rows + [attempt(f"in the circuit: {b} = numpy", NEARLY, lambda b=b: against(b)) for b in compiled]


def _worst(differences: Mapping[str, float]) -> Found:
    """Return the largest difference, and where it is, if it is one to speak of."""
    name = max(differences, key=lambda k: differences[k])
    return differences[name], name if differences[name] > EXACT else ""


def _synapses(net: Circuit) -> State:
    """Return the weights and the state of the bench's two projections."""
    kept = {f"{name}.{v}" for name in ("forward", "feedback") for v in ("w", *_state(net, name))}
    return {key: value for key, value in net.state(weights_only=True).items() if key in kept}


def _state(net: Circuit, projection: str) -> Mapping[str, float]:
    equation = net.projections[projection].equation
    return {} if equation is None else equation.state | equation.traces
