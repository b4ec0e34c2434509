"""What a rule is lowered to equals its law: evaluate in every batch element, average, then go on.

The law is computed here directly, with arrays of shape (batch elements, n_post, n_pre); the steps by a small
interpreter that gives each kind of step only the names it may read; and the plain Brian2 code by Brian2.
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recircuit.plasticity import Rule, SynapticEquation, bp, frfb, hinge, lower, urfb
from recircuit.plasticity.steps import Elementwise, Fused, Product, Step, drives

BATCH_SIZE, N_POST, N_PRE = 5, 3, 4
UNIT_VARIABLES = ("x", "error", "basal", "target", "noise", "theta", "a", "b")
PARAMETERS = dict(rate=0.5, decay=0.01, theta=0.3, b1=0.9, b2=0.99, eps=1e-3, sigma=0.2, p=1.3, q=0.7)

RULES: dict[str, dict[str, Any]] = {
    "hebb": dict(forward="dw = rate*x_post*x_pre"),
    "kolen-pollack": dict(forward="dw = rate * (error_post * x_pre - decay * w)"),
    "oja": dict(forward="dw = rate*x_post*(x_pre - x_post*w)"),
    "bcm": dict(forward="dw = rate*x_post*(x_post - theta_post)*x_pre"),
    "momentum": dict(forward="v = b1*v + rate*error_post*x_pre; dw = v", state=("v",)),
    "nesterov": dict(forward="v = b1*v + rate*error_post*x_pre; dw = b1*v + rate*error_post*x_pre", state=("v",)),
    "adam": dict(
        state=("m", "s"),
        forward="""
            g = error_post*x_pre
            m = b1*m + (1 - b1)*g
            s = b2*s + (1 - b2)*g**2
            dw = rate*(m/(1 - b1**(updates + 1)))/(sqrt(s/(1 - b2**(updates + 1))) + eps)
        """,
    ),
    "mean of squares": dict(forward="s = b2*s + (1-b2)*(error_post*x_pre)**2; dw = sqrt(s)", state=("s",)),
    "quantised": dict(forward="dw = rate*clip(x_pre*error_post, -1, 1)"),
    "quantised, decaying": dict(forward="dw = rate*sign(x_pre*error_post) - decay*w"),
    "ratio": dict(forward="dw = rate*x_pre/(x_pre + x_post)"),
    "ratio that splits": dict(forward="dw = rate*x_pre/(theta_post*a_pre)/2"),
    "broadcast": dict(forward="dw = rate*loss*error_post*x_pre", broadcasts=("loss",)),
    "broadcast and pre": dict(forward="dw = rate*loss*x_pre", broadcasts=("loss",)),
    "node perturbation": dict(forward="dw = -rate*loss*noise_post/sigma**2*x_pre", broadcasts=("loss",)),
    "two broadcasts": dict(forward="dw = (loss - old)*noise_post*x_pre", broadcasts=("loss", "old")),
    "covariance": dict(forward="dw = rate*(x_post - theta_post)*(x_pre - theta_pre)"),
    "sums of two sides": dict(forward="dw = rate*(x_post - x_pre)**2 + 1"),
    "soft bound": dict(forward="dw = rate*(1 - w)*x_post*x_pre"),
    "several products": dict(forward="dw = rate*(error_post*x_pre + theta*a_post*b_pre) - decay*w"),
    "same product twice": dict(forward="dw = x_post*x_pre - theta*x_pre*x_post"),
    "assigned": dict(forward="w = (1 - rate)*w + rate*x_post*x_pre"),
    "assigned anew": dict(forward="w = x_post*x_pre"),
    "assigned with a sign": dict(forward="w = (x_pre + w)**2 - w"),
    "clipped": dict(forward="dw = rate*error_post*x_pre; w = clip(w, -.5, .5)"),
    "in order": dict(forward="dw = x_post*x_pre; v += w*x_pre; dw = v", state={"v": 0.5}),
    "scaled rate": dict(forward="eta = rate/(1 + decay*updates); dw = eta*error_post*x_pre"),
    "scalar twice": dict(forward="w += w; w = w*rate + w*x_post + w"),
    "one side": dict(forward="dw = rate*basal_post"),
    "no unit": dict(forward="dw = -decay*w + rate"),
    "drive of a drive": dict(forward="g = x_post*x_pre; k = g*x_pre; dw = k*g"),
    "drive called as a variable": dict(forward="error = x_post*x_pre; dw = error*error_post"),
    "name of a parameter": dict(forward="dw = tanh(theta*theta_post)*x_pre + theta*theta_pre"),
    "parameter in a unit's factor": dict(forward="dw = tanh(eps*x_post)*exp(-x_pre/sigma)"),
    "hysteresis of the weight": dict(forward="dw = rate*int(w > 0 and x_post > theta)*x_pre"),
    "too many terms": dict(forward="dw = (a_post + a_pre)**4*(b_post + b_pre)**2"),
    "as deep as may be": dict(forward="dw = " + "x_post*x_pre + " * 10 + "(" * 48 + "w" + "+1)" * 48),
    "noise": dict(forward="dw = rate*error_post*x_pre + sigma*randn()"),
    "noise times": dict(forward="dw = rate*randn()*error_post*x_pre"),
    "noise within": dict(forward="dw = clip(error_post*x_pre + rand(), -1, 1)"),
    "noise expanded": dict(forward="dw = (x_post + randn())*(x_pre + w)"),
    "noise kept": dict(forward="n = randn(); k = randn(); dw = n*x_post + k*n"),
}


def make(keywords: Mapping[str, Any], name: str = "r") -> SynapticEquation:
    used = set(re.findall(r"\w+", keywords["forward"]))
    parameters = {k: v for k, v in PARAMETERS.items() if k in used}
    return Rule(name, **{"source": "test", "parameters": parameters, **keywords}).forward


EQUATIONS = {name: make(keywords, name) for name, keywords in RULES.items()} | {
    "bp": bp.forward,
    "frfb": frfb.forward,
    "urfb forward": urfb.forward,
    "urfb feedback": urfb.feedback,
    "hinge": hinge.forward,
    "urfb with everything": urfb.with_momentum(0.9).with_weight_decay(1e-2).with_rate_decay(0.1).feedback,
}


# --- A world of arrays, the law, and the steps ------------------------------------------------------------------------


@dataclass
class World:
    """What there is to read: (batch elements, n) for units, (batch elements,) for broadcasts, (n_post, n_pre) for synapses."""

    pre: dict[str, np.ndarray]
    post: dict[str, np.ndarray]
    broadcasts: dict[str, np.ndarray]
    synapse: dict[str, np.ndarray]
    scalars: dict[str, float]
    seed: int = 0


def world(equation: SynapticEquation, seed: int = 0, batch_size: int = BATCH_SIZE, signed: bool = True) -> World:
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray:
        sign = rng.choice([-1, 1], shape) if signed else 1
        return sign * rng.uniform(0.5, 2, shape)

    state = {name: np.full((N_POST, N_PRE), value) for name, value in equation.state.items()}
    return World(
        {name: draw(batch_size, N_PRE) for name in UNIT_VARIABLES},
        {name: draw(batch_size, N_POST) for name in UNIT_VARIABLES},
        {name: draw(batch_size) for name in equation.broadcasts},
        {"w": draw(N_POST, N_PRE)} | state,
        dict(equation.parameters) | {"updates": 3, "pi": np.pi, "e": np.e},
        seed,
    )


def law(equation: SynapticEquation, world: World) -> dict[str, np.ndarray]:
    """Return what each right-hand side gives in every batch element, averaged; later statements read the average."""
    names: dict[str, Any] = world.scalars | dict(world.synapse)
    names |= {name: value[:, None, None] for name, value in world.broadcasts.items()}
    names |= {f"{name}_pre": value[:, None, :] for name, value in world.pre.items()}
    names |= {f"{name}_post": value[:, :, None] for name, value in world.post.items()}
    noise = np.random.default_rng(world.seed)
    for statement in equation.statements:
        value = evaluate(statement.expression, names, noise)
        mean = value.mean(axis=0) if np.ndim(value) == 3 else value
        old = names[statement.target] if statement.operator == "+=" else 0
        names[statement.target] = old + np.broadcast_to(mean, (N_POST, N_PRE))
    return {name: names[name] for name in world.synapse}


def interpret(steps: tuple[Step, ...], world: World) -> dict[str, np.ndarray]:
    """Carry out the steps, each of which may read only what its kind may."""
    arrays = dict(world.synapse) | {name: np.full((N_POST, N_PRE), np.nan) for name in drives(steps)}
    noise = np.random.default_rng(world.seed)
    for step in steps:
        match step:
            case Product():
                scalars = {name: world.scalars[name] for name in (*step.scalars, "pi", "e")}
                post = evaluate(step.post, scalars | unit(world.post, world.broadcasts))
                pre = evaluate(step.pre, scalars | unit(world.pre))
                batch_size = len(world.pre["x"])
                post, pre = np.broadcast_to(post, (batch_size, N_POST)), np.broadcast_to(pre, (batch_size, N_PRE))
                accumulate(arrays, step, post.T @ pre / batch_size, world)
            case Fused():
                names = {f"{name}_pre": value[:, None, :] for name, value in world.pre.items()}
                names |= {f"{name}_post": value[:, :, None] for name, value in world.post.items()}
                names |= {name: value[:, None, None] for name, value in world.broadcasts.items()}
                value = evaluate(step.expression, world.scalars | arrays | names)
                accumulate(arrays, step, value.mean(axis=0), world)
            case Elementwise():
                temporaries: dict[str, Any] = {}
                for line in step.code.splitlines():
                    target, operator, expression = line.split(" ", 2)
                    names = world.scalars | arrays | temporaries
                    value = evaluate(expression, names, noise) + (names[target] if operator == "+=" else 0)
                    where = arrays if target in arrays else temporaries
                    where[target] = np.broadcast_to(value, (N_POST, N_PRE))
    return {name: arrays[name] for name in world.synapse}


def unit(variables: Mapping[str, np.ndarray], broadcasts: Mapping[str, np.ndarray] | None = None) -> dict:
    return dict(variables) | {name: value[:, None] for name, value in (broadcasts or {}).items()}


def accumulate(arrays: dict, step: Product | Fused, mean: np.ndarray, world: World) -> None:
    keep, scale = evaluate(step.keep, world.scalars), evaluate(step.scale, world.scalars)
    kept = keep * arrays[step.target] if keep else 0
    arrays[step.target] = np.broadcast_to(kept + scale * mean, (N_POST, N_PRE))


OPERATORS = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide, ast.Mod: np.mod,
    ast.Pow: np.float_power, ast.USub: np.negative, ast.UAdd: np.positive, ast.Not: np.logical_not,
    ast.And: np.logical_and, ast.Or: np.logical_or, ast.Lt: np.less, ast.LtE: np.less_equal,
    ast.Gt: np.greater, ast.GtE: np.greater_equal, ast.Eq: np.equal, ast.NotEq: np.not_equal,
}  # fmt: skip


def evaluate(expression: str | ast.AST, names: Mapping[str, Any], noise: Any = None) -> Any:
    """Return the value of an expression, by its grammar."""
    node = ast.parse(expression, mode="eval").body if isinstance(expression, str) else expression
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return names[name]
        case ast.UnaryOp(op=op, operand=operand):
            return OPERATORS[type(op)](evaluate(operand, names, noise))
        case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
            return OPERATORS[type(op)](evaluate(left, names, noise), evaluate(right, names, noise))
        case ast.BoolOp(op=op, values=values):
            return OPERATORS[type(op)].reduce(np.broadcast_arrays(*(evaluate(v, names, noise) for v in values)))
        case ast.Call(func=ast.Name(id="randn")):
            return noise.standard_normal((N_POST, N_PRE))
        case ast.Call(func=ast.Name(id="rand")):
            return noise.random((N_POST, N_PRE))
        case ast.Call(func=ast.Name(id="int"), args=[argument]):
            return np.trunc(np.asarray(evaluate(argument, names, noise), float))
        case ast.Call(func=ast.Name(id=function), args=arguments):
            return getattr(np, function)(*(evaluate(a, names, noise) for a in arguments))
    raise AssertionError(ast.dump(node))


def assert_same(got: Mapping[str, np.ndarray], wanted: Mapping[str, np.ndarray], scale: float = 1.0) -> None:
    for name, value in wanted.items():
        np.testing.assert_allclose(got[name], value, rtol=1e-12, atol=1e-12 * scale, err_msg=name)


# --- Equality ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, BATCH_SIZE])
@pytest.mark.parametrize("name", EQUATIONS)
def test_steps_equal_the_law(name: str, batch_size: int) -> None:
    equation = EQUATIONS[name]
    here = world(equation, seed=3, batch_size=batch_size)
    assert_same(interpret(lower(equation), here), law(equation, here))


@pytest.mark.parametrize("name", [name for name, equation in EQUATIONS.items() if not equation.random])
def test_fused_equals_splitting(name: str) -> None:
    """A whole statement as one loop, which is how an unsplittable one runs, gives the same."""
    equation = EQUATIONS[name]
    here = world(equation, seed=4)
    fused = tuple(
        Fused(target=s.target, keep=str(int(s.operator == "+=")), expression=f"{s.expression} + 0*x_pre*x_post")
        for s in equation.statements
    )
    known = {"w", *equation.state}
    fused = tuple(replace(step, drives=() if step.target in known else (step.target,)) for step in fused)
    assert_same(interpret(lower(equation), here), interpret(fused, here))


@pytest.mark.parametrize("name", [name for name, equation in EQUATIONS.items() if not equation.random])
def test_plain_code_is_the_law_of_one_batch_element(name: str) -> None:
    equation = EQUATIONS[name]
    here = world(equation, seed=5, batch_size=1)
    assert_same(in_brian2(equation, here), law(equation, here))


def in_brian2(equation: SynapticEquation, here: World) -> dict[str, np.ndarray]:
    """Make one update by Brian2's own `Synapses`."""
    import brian2

    units = "\n".join(f"{name} : 1" for name in (*UNIT_VARIABLES, *here.broadcasts))
    with_numpy = dict(codeobj_class=brian2.codegen.runtime.numpy_rt.NumpyCodeObject)
    pre, post = (brian2.NeuronGroup(n, units, **with_numpy) for n in (N_PRE, N_POST))
    for group, values in ((pre, here.pre), (post, here.post)):
        for name, value in values.items():
            getattr(group, name)[:] = value[0]
    for name, value in here.broadcasts.items():
        getattr(post, name)[:] = value[0]
    names = equation.plain_names
    arrays = {names.get(name, name): value for name, value in here.synapse.items()}
    scalars = {names.get(name, name): here.scalars[name] for name in (*equation.parameters, "updates")}
    own = [f"{name} : 1" for name in arrays] + [f"{name} : 1 (shared)" for name in scalars]
    synapses = brian2.Synapses(pre, post, "\n".join(own), namespace={}, **with_numpy)
    synapses.connect()
    i, j = synapses.i[:], synapses.j[:]
    for name, value in arrays.items():
        getattr(synapses, name)[:] = value[j, i]
    for name, value in scalars.items():
        setattr(synapses, name, value)
    synapses.run_regularly(equation.plain_code(), dt=1 * brian2.ms, codeobj_class=with_numpy["codeobj_class"])
    brian2.Network(pre, post, synapses).run(1 * brian2.ms)
    result = {name: np.empty((N_POST, N_PRE)) for name in here.synapse}
    for name, value in result.items():
        value[j, i] = getattr(synapses, names.get(name, name))[:]
    return result


# --- Any expression ---------------------------------------------------------------------------------------------------

LEAVES = st.sampled_from(["a_pre", "b_pre", "a_post", "b_post", "loss", "w", "v", "p", "q", "updates", "2", "0.5"])


def _positive(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(inner, inner)
    return st.one_of(
        pairs.map(lambda ab: f"({ab[0]} + {ab[1]})"),
        pairs.map(lambda ab: f"{ab[0]}*{ab[1]}"),
        pairs.map(lambda ab: f"{ab[0]}/({ab[1]})"),
        st.tuples(inner, st.sampled_from([2, 3])).map(lambda an: f"({an[0]})**{an[1]}"),
        st.tuples(st.sampled_from(["sqrt", "tanh", "log1p", "abs"]), inner).map(lambda fa: f"{fa[0]}({fa[1]})"),
        pairs.map(lambda ab: f"(1 + int({ab[0]} > {ab[1]} or not {ab[0]} < 1))"),
        st.tuples(inner, inner, inner).map(lambda abc: f"clip({abc[0]}, {abc[1]}, {abc[1]} + {abc[2]})"),
    )


def _signed(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(inner, inner)
    return st.one_of(
        pairs.map(lambda ab: f"({ab[0]} - {ab[1]})"),
        pairs.map(lambda ab: f"({ab[0]} + {ab[1]})"),
        pairs.map(lambda ab: f"{ab[0]}*{ab[1]}"),
        inner.map(lambda a: f"(-{a})"),
        st.tuples(inner, POSITIVE).map(lambda ab: f"{ab[0]}/({ab[1]})"),
        st.tuples(inner, st.sampled_from([2, 3])).map(lambda an: f"({an[0]})**{an[1]}"),
    )


POSITIVE = st.recursive(LEAVES, _positive, max_leaves=4)
EXPRESSIONS = st.recursive(POSITIVE, _signed, max_leaves=7)
STATEMENTS = st.tuples(st.sampled_from(["dw = ", "w = ", "v = ", "v += ", "g = "]), EXPRESSIONS)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(STATEMENTS, min_size=1, max_size=3), st.integers(0, 99))
def test_steps_of_any_rule_equal_the_law(statements: list[tuple[str, str]], seed: int) -> None:
    """Numbers are positive, and errors are relative to the sum of what is added and subtracted."""
    names = [f"g{i} = " if target == "g = " else target for i, (target, _) in enumerate(statements)]
    lines = [name + expression for name, (_, expression) in zip(names, statements)]
    drives_read = [f"dw = {name[:-3]}*x_post" for name in names if name.startswith("g")]
    text = "\n".join([*lines, *drives_read])
    used = set(re.findall(r"\w+", text))
    kept: dict[str, Any] = {
        "state": {"v": 0.8} if "v" in used else (),
        "broadcasts": ("loss",) if "loss" in used else (),
    }
    equation = make(dict(forward=text, **kept))
    here = world(equation, seed, signed=False)
    bound = law(make(dict(forward=text.replace("-", "+"), **kept)), here)
    largest = max(float(np.max(value)) for value in bound.values())
    if largest < 1e6:
        assert_same(interpret(lower(equation), here), law(equation, here), scale=max(1.0, largest))


def test_hinge_is_equation_4() -> None:
    """The rule is compared with the cases as Amit prints them, with the thresholds among the fields."""
    equation = hinge.with_parameters(mu=0.25).forward
    here = world(equation, batch_size=60)
    target, field, x = here.post["target"], here.post["basal"], here.pre["x"]
    target[:], field[:] = np.sign(target), np.resize([-2, -1, -0.5, 0, 0.5, 1, 2], field.shape)
    change = np.zeros((N_POST, N_PRE))
    for element in range(60):
        for c in range(N_POST):
            if target[element, c] == 1 and field[element, c] <= 1:
                change[c] += x[element] / 60
            elif target[element, c] == -1 and field[element, c] >= -1:
                change[c] -= 0.25 * x[element] / 60
    assert_same(interpret(lower(equation), here), {"w": here.synapse["w"] + change})


# --- What it is lowered to --------------------------------------------------------------------------------------------


def test_fixed_weights_have_no_steps() -> None:
    assert lower(frfb.feedback) == lower(bp.feedback) == ()


def test_updated_feedback_is_one_product_each_way() -> None:
    assert lower(urfb.forward) == (Product(target="w", scale="rate", post="error", pre="x"),)
    assert lower(urfb.feedback) == (Product(target="w", scale="rate", post="x", pre="error"),)


def test_hinge_is_one_product() -> None:
    (step,) = lower(hinge.forward)
    assert isinstance(step, Product)
    assert (step.target, step.keep, step.scale, step.pre) == ("w", "1", "rate", "x")
    assert step.scalars == ("S", "mu")


@pytest.mark.parametrize(
    ("name", "kinds"),
    {
        "kolen-pollack": "P",
        "bcm": "P",
        "oja": "PEP",
        "momentum": "PE",
        "adam": "PE",
        "mean of squares": "PE",
        "quantised": "F",
        "quantised, decaying": "F",
        "ratio": "F",
        "ratio that splits": "P",
        "node perturbation": "P",
        "covariance": "P",
        "several products": "PP",
        "same product twice": "P",
        "soft bound": "PE",
        "assigned": "P",
        "clipped": "PE",
        "scaled rate": "P",
        "no unit": "E",
        "name of a parameter": "F",
        "parameter in a unit's factor": "P",
        "too many terms": "F",
        "noise": "EP",
        "noise within": "EF",
        "urfb with everything": "PE",
    }.items(),
)
def test_kinds_of_steps(name: str, kinds: str) -> None:
    assert "".join(type(step).__name__[0] for step in lower(EQUATIONS[name])) == kinds


def test_sums_within_one_unit_stay_whole() -> None:
    (step,) = lower(make(dict(forward="dw = rate*(a_post + b_post)*x_pre")))
    assert step == Product(target="w", scale="rate", post="a + b", pre="x")


def test_decay_is_what_is_kept() -> None:
    (step,) = lower(EQUATIONS["kolen-pollack"])
    assert step == Product(target="w", keep="1 - rate*decay", scale="rate", post="error", pre="x")


def test_of_several_products_the_first_keeps() -> None:
    first, second = lower(EQUATIONS["several products"])
    assert isinstance(first, Product) and isinstance(second, Product)
    assert (first.keep, second.keep) == ("1 - decay", "1")
    assert (first.scale, second.scale) == ("rate", "rate*theta")


def test_drives_are_named() -> None:
    assert drives(lower(EQUATIONS["adam"])) == ("g",)
    assert drives(lower(EQUATIONS["oja"])) == ("drive_0",)
    assert drives(lower(EQUATIONS["momentum"])) == ()
    assert drives(lower(EQUATIONS["noise"])) == ()


def test_noise_is_drawn_once_per_synapse_and_only_elementwise() -> None:
    for equation in EQUATIONS.values():
        for step in lower(equation):
            assert isinstance(step, Elementwise) or "rand" not in str(step)
    draws = [line for step in lower(EQUATIONS["noise expanded"]) for line in str(step).split("randn()")]
    assert len(draws) == len(lower(EQUATIONS["noise expanded"])) + 1
