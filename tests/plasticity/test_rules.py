"""What a rule is: what it may read, what its messages teach, and how rules are changed, printed and found."""

import copy
import pickle
import re
import string
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recircuit.errors import RecircuitError, UsageError
from recircuit.plasticity import RULES, Rule, Statement, Transpose, bp, find, frfb, hinge, modifiers, urfb
from recircuit.plasticity.names import FUNCTIONS, check_declared
from recircuit.plasticity.parse import parse, show
from recircuit.plasticity.rules import adam

DECLARED = {"parameters": {"rate": 0.1, "theta": 1.0}, "state": ("trace",), "broadcasts": ("loss",)}


def rule(forward: str | None, **keywords: Any) -> Rule:
    """Return a rule with those of some parameters, a state and a broadcast that its equations read."""
    read = set(re.findall(r"\w+", f"{forward} {keywords.get('feedback')}"))
    own = {
        "parameters": {name: value for name, value in DECLARED["parameters"].items() if name in read},  # type: ignore[union-attr]
        "state": tuple({"trace"} & read),
        "broadcasts": tuple({"loss"} & read),
    }
    return Rule(**{"name": "mine", "source": "test", "forward": forward, **own, **keywords})


def refusal(forward: str | None, **keywords: Any) -> str:
    with pytest.raises(RecircuitError) as caught:
        rule(forward, **{**DECLARED, **keywords})
    return str(caught.value)


# --- Locality ---------------------------------------------------------------------------------------------------------

NOT_LOCAL = "a synapse sees only its own two units; sum in a unit's field"

REFUSED = {
    # What a synapse may not read
    "dw = rate*thta": "cannot read `thta`. Did you mean `theta`? It may read NAME_pre and NAME_post",
    "dw = thta*x_pre ": "Did you mean `theta`?",
    "dw = rate*tracee*x_pre": "its state trace; the parameters rate, theta; the broadcasts loss",
    "g = x_pre; dw = gg": "earlier g",
    "dw = eta*x_pre": "are declared as parameters=dict(...)",
    "dw = rate*error*x_pre": "`error` is a variable of a unit, and a synapse has two: read `error_pre`",
    "dw = rate*z*x_pre + z_post": "read `z_pre` (the sender's) or `z_post` (the receiver's)",
    "dw = rate*loss_post*x_pre": "`loss` is a broadcast, the same for every unit; read `loss`",
    "dw = w_post": "the weight belongs to the synapse",
    "dw = i*x_pre": NOT_LOCAL,
    "dw = x_pre*j": NOT_LOCAL,
    "dw = x_pre/N": NOT_LOCAL,
    "dw = x_pre*t": "rules have no clock; use `updates`",
    "dw = x_pre*dt": "rules have no clock",
    "dw = x_pre*N_incoming": "`N_incoming` is not local",
    "dw = i_pre": "is not a variable of a pre unit",
    "dw = N_post": "is not a variable of a post unit",
    "dw = t_post": "is not a variable of a post unit",
    "dw = dt_pre": "is not a variable of a pre unit",
    "dw = _x_pre": "is not a variable of a pre unit",
    "dw = 5*mV*x_pre": "`mV` is a unit; rates and weights have none",
    "dw = g*x_pre; g = 1": "`g` has no value yet",
    "dg = x_pre - g/2; dw = g": 'state=("g",), and write `g += E`',
    "dw = tanh*x_pre": "`tanh` is a function, and must be called",
    # What it may not call
    "dw = sum(x_pre)": NOT_LOCAL,
    "dw = dot(x_pre, w)": NOT_LOCAL,
    "dw = mean(error_post)": NOT_LOCAL,
    "dw = softmax(x_post)": NOT_LOCAL,
    "dw = max(x_pre)": "of two numbers it is max(a, b)",
    "dw = tan_h(x_pre)": "there is no function `tan_h`",
    "dw = tanhh(x_pre)": "Did you mean `tanh`?",
    "dw = sigmoid(x_pre)": "Write 1/(1 + exp(-a)), the logistic function of a. A rule may call max, min,",
    "dw = relu(x_pre, 1)": "`relu` takes 1 numbers",
    "dw = eval('1')": "there is no function `eval`",
    "dw = poisson(x_pre)": "there is no function `poisson`",
    "dw = timestep(x_pre, 1)": "there is no function `timestep`",
    "dw = clip(x_pre)": "`clip` takes 3 numbers, by position",
    "dw = clip(x_pre, a_min=0, a_max=1)": "`clip` takes 3 numbers, by position",
    "dw = rand(3)": "`rand` takes 0 numbers",
    "dw = abs(*x_pre)": "is not arithmetic",
    # What is not arithmetic
    "dw = w.T*x_pre": "reaches through a `.` beyond the synapse",
    "dw = x_pre.__class__": "reaches through a `.` beyond the synapse",
    "dw = np.sum(w)": "reaches through a `.` beyond the synapse",
    "dw = w[0]*x_pre": "picks other synapses or units",
    "dw = x_pre @ x_post": NOT_LOCAL,
    "dw = x_pre // 2": "write floor(a/b)",
    "dw = x_pre ^ 2": "a power is `**`",
    "dw = x_pre & x_post": "write `and`",
    "dw = x_pre | x_post": "write `or`",
    "dw = ~x_pre": "is not arithmetic",
    "dw = x_pre if x_post > 0 else 0": "uses `if`",
    "dw = [x for x in x_pre]": "is not arithmetic",
    "dw = (x_pre, x_post)": "is not arithmetic",
    "dw = {1: 2}": "is not arithmetic",
    "dw = (lambda: 1)()": "is not arithmetic",
    "dw = (y := x_pre)": "is not arithmetic",
    "dw = f'{x_pre}'": "is not arithmetic",
    "dw = 'x'*x_pre": "is not a real number",
    "dw = 2j*x_pre": "is not a real number",
    "dw = None": "is not a real number",
    "dw = True*x_pre": "is not a real number",
    "dw = 1e999*x_pre": "too large",
    "dw = (x_pre > 0)*x_post": "as a number it is int(x_pre > 0)",
    "dw = x_pre and x_post": "as a number it is int(",
    "dw = not x_pre": "as a number it is int(",
    "dw = int(x_pre and x_post > 0)": "must be a comparison",
    "dw = int(0 < x_pre < 1)": "must compare two numbers",
    "dw = int(x_pre is x_post)": "must compare two numbers",
    "dw = x_pre/0": "divides by zero",
    "dw = x_pre % 0.0": "divides by zero",
    # What it may not change
    "x_post = x_pre": "`x_post` belongs to a unit, and a synapse changes only itself",
    "rate = .9*rate": "declared as state instead of a parameter",
    "loss = x_pre": "`loss` cannot be changed by a rule",
    "updates = 0": "`updates` cannot be changed by a rule",
    "g += x_pre; dw = g": "declare it as state to change it",
    "g = x_pre; g = g*x_post; dw = g": "given once",
    "dW = rate*x_pre": "`dW` is given a value that nothing reads",
    "wv = x_pre; dw = 1": "nothing reads",
    "drive_0 = x_pre; dw = drive_0": "what the lowering calls its own arrays",
    "order = x_pre; dw = order": "cannot be the name of a value",
    # Noise
    "dw = randn()*x_pre + randn()": "draws noise twice",
    "g = rand(); dw = g*randn()": "draws both rand() and randn()",
    # What is not a statement
    "": "is empty",
    "# nothing": "is empty",
    "x_pre*x_post": "is not a statement of a rule",
    "dw += x_pre": "is not a statement of a rule",
    "w -= x_pre": "is not a statement of a rule",
    "w[0] = x_pre": "is not a statement of a rule",
    "dw, trace = x_pre": "is not a statement of a rule",
    "dw = trace = x_pre": "is not a statement of a rule",
    "dw: float = 1": "is not a statement of a rule",
    "import os": "is not a statement of a rule",
    "for k in x_pre: dw = 1": "is not a statement of a rule",
    "dw = rate*": "`dw = rate*` cannot be read as an equation",
    "dw = 1\ndw = (x_pre": "`dw = (x_pre` cannot be read",
    "dw = lambda*x_pre": "`lambda` is a word of Python; call it `lambda_`",
    "dw = " + "-" * 5000 + "x_pre": "nested too deeply",
    "dw = " + "1 + " * 20000 + "x_pre": "nested too deeply",
    "dw = " + "1 + " * 70 + "x_pre": "nested too deeply",
}


@pytest.mark.parametrize("equation", REFUSED, ids=lambda text: text[:40])
def test_refused(equation: str) -> None:
    message = refusal(equation)
    assert REFUSED[equation] in message
    assert message.startswith("Rule 'mine', forward equation")
    assert "\n" not in message


@pytest.mark.parametrize(
    "equation",
    [
        "dw = rate*x_post*x_pre",
        "dw = rate*whatever_post*it_is_called_pre",
        "trace = .9*trace + .1*x_pre; dw = rate*trace*loss/(updates + 1)",
        "trace += x_pre\n\n# a comment\ndw = (trace\n    + w)   # over two lines",
        "w = clip(w + x_pre, -1, 1)",
        "dw = int(x_pre > 0 and not (x_post <= theta or w != 0))*sign(x_pre) + int(2.5)",
        "dw = rate_post*rate",
        "dw = pi*e*(-x_pre)**2 % 3",
        "g = randn(); k = randn(); dw = g*k*x_pre",
        "trace = x_post",
        "w = max(w, -theta, min(w, inf))",
        *(f"dw = {name}({', '.join(['x_pre'] * count)})" for name, count in FUNCTIONS.items()),
    ],
)
def test_allowed(equation: str) -> None:
    assert rule(equation).forward.plastic


def test_feedback_is_proved_too() -> None:
    assert refusal(None, feedback="dw = error*x_pre").startswith("Rule 'mine', feedback equation")


NODES = st.recursive(
    st.sampled_from(["x_pre", "error_post", "w", "rate", "loss", "updates", "2", "i", "secret", "x", "w.T", "'s'"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**", "@", "<", "and"]), inner).map(
            lambda abc: f"({' '.join(abc)})"
        ),
        st.tuples(st.sampled_from(["exp", "int", "sum", "open"]), inner).map(lambda fa: f"{fa[0]}({fa[1]})"),
        inner.map(lambda a: f"{a}[0]"),
        inner.map(lambda a: f"[{a}]"),
    ),
    max_leaves=6,
)
FORBIDDEN = ("i", "secret", "x", "w.T", "'s'", "@", "sum(", "open(", "[")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(NODES)
def test_one_forbidden_part_anywhere_is_refused(expression: str) -> None:
    words = expression.replace("(", "( ").replace(")", " )").replace("[", " [ ").replace("]", " ] ").split()
    forbidden = any(part in words for part in FORBIDDEN)
    try:
        rule(f"dw = {expression}")
    except RecircuitError:
        return
    assert not forbidden, expression


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(alphabet=string.printable, max_size=30))
def test_any_text_is_a_rule_or_refused_in_words(text: str) -> None:
    try:
        rule(text)
    except RecircuitError as problem:
        assert str(problem).startswith("Rule 'mine', forward equation")


# --- Declaring --------------------------------------------------------------------------------------------------------


UNFIT = {
    "the synapse has it": ["w", "dw", "updates"],
    "a variable of a unit": ["x_pre", "x_post"],
    "a position": ["i", "j", "N", "t", "dt"],
    "Brian2 refuses it": ["e", "pi", "exp", "lambda", "mV", "second", "2x", "a.b", "_x", "", "a b", "ä"],
    "Brian2 shadows it": ["order", "name", "when", "active", "clock", "state", "indices", "start", "stop", "variables"],
    "the lowering has it": ["drive_3"],
    "it reads as a sum": ["sum"],
}
FIT = ["rate", "decay", "mu", "S", "M", "epsilon", "momentum", "velocity", "trace", "theta", "v", "m", "beta", "drive"]


@pytest.mark.parametrize("name", [name for names in UNFIT.values() for name in names])
def test_names_that_may_not_be_declared(name: str) -> None:
    for keywords in (dict(parameters={name: 1}), dict(state={name: 0}), dict(broadcasts=(name,))):
        assert f"`{name}` cannot be the name of a" in refusal("dw = x_pre", **keywords)


@pytest.mark.parametrize("name", FIT)
def test_names_that_may_be_declared(name: str) -> None:
    check_declared(name, "parameter", "here")


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        (dict(parameters=dict(rate="fast")), "`rate` must be a finite number, but is 'fast'"),
        (dict(parameters=dict(rate=float("nan"))), "`rate` must be a finite number"),
        (dict(parameters=dict(rate=True)), "`rate` must be a finite number"),
        (dict(parameters=["rate"]), "must be a dict"),
        (dict(state=dict(trace=None)), "`trace` must be a finite number"),
        (dict(state="trace"), "must be a tuple of names"),
        (dict(broadcasts="loss"), "must be a tuple of names"),
        (dict(state=("rate",)), "`rate` is declared as a parameter and as a state variable"),
        (dict(broadcasts=("trace",)), "`trace` is declared as a state variable and as a broadcast"),
        (dict(forward=3), "must be a string"),
        (dict(forward=None), "has no equation"),
        (dict(source=""), "Say where the rule is from"),
        (dict(name=""), "the name must be a few words"),
        (dict(feedback=3), "feedback equation must be a string"),
        (dict(forward=Transpose()), "only feedback weights can be the transpose of others"),
        (dict(feedback=Transpose("mirrored"), local=False), "declares no state 'mirrored'"),
        (dict(feedback=Transpose()), "Say local=False"),
    ],
)
def test_wrong_declarations(keywords: dict, message: str) -> None:
    assert message in refusal(**{"forward": "dw = x_pre", **keywords})


def test_local_false_relaxes_nothing() -> None:
    assert NOT_LOCAL in refusal("dw = sum(x_pre)", local=False)
    assert not rule("dw = x_pre", local=False).forward.local


# --- What a rule has --------------------------------------------------------------------------------------------------


def test_an_equation_says_what_it_reads() -> None:
    mine = rule("g = error_post*x_pre*loss; dw = rate*g + randn()", feedback="trace += x_post; dw = trace")
    forward, feedback = mine.forward, mine.feedback
    assert (forward.rule, forward.direction) == ("mine", "forward")
    assert (forward.reads_pre, forward.reads_post) == ({"x"}, {"error"})
    assert (forward.parameters, forward.state, forward.broadcasts) == ({"rate": 0.1}, {}, ("loss",))
    assert (forward.locals, forward.random, forward.plastic) == (("g",), True, True)
    assert (feedback.state, feedback.broadcasts, feedback.random) == ({"trace": 0.0}, (), False)


def test_the_short_form_is_an_increment() -> None:
    (short,), (long,) = rule("dw = x_pre").forward.statements, rule("w += x_pre").forward.statements
    assert short == long
    assert (short.target, short.operator, short.expression, str(short)) == ("w", "+=", "x_pre", "dw = x_pre")


def test_plain_code_hides_no_variable_of_a_unit() -> None:
    mine = rule("g = rate_post*loss; trace = g; dw = rate*trace*g + w/(updates + 1)")
    assert mine.forward.plain_code().splitlines() == [
        "g_syn = rate_post*loss_post",
        "trace_syn = g_syn",
        "w += rate_syn*trace_syn*g_syn + w/(updates + 1)",
    ]


def test_built_in_rules() -> None:
    assert not bp.local and bp.feedback.transpose_of == "w" and not bp.feedback.plastic
    assert frfb.local and frfb.feedback.transpose_of == "" and not frfb.feedback.plastic
    assert str(urfb.feedback) == "dw = rate*error_pre*x_post"
    assert urfb.forward.statements == frfb.forward.statements == bp.forward.statements
    assert hinge.forward.reads_post == {"target", "basal"} and not hinge.feedback.plastic
    assert frfb.feedback.plain_code() == ""


def test_rules_are_values() -> None:
    mine = rule("dw = rate*x_pre")
    assert mine == rule("dw = rate*x_pre") and hash(mine) == hash(rule("dw = rate*x_pre"))
    assert mine != rule("dw = rate*x_post") and mine != mine.with_parameters(rate=2)
    for same in (pickle.loads(pickle.dumps(mine)), copy.deepcopy(mine), copy.copy(mine)):
        assert same == mine and same.forward.reads_pre == {"x"}
    with pytest.raises(FrozenInstanceError):
        mine.name = "yours"  # pyright: ignore
    with pytest.raises(TypeError, match="with_parameters"):
        mine.parameters["rate"] = 2
    with pytest.raises(TypeError, match="with_parameters"):
        mine.parameters.update(rate=2)


# --- Variants ---------------------------------------------------------------------------------------------------------


def test_with_parameters() -> None:
    changed = urfb.with_parameters(rate=0.25)
    assert changed.parameters == {"rate": 0.25} == changed.feedback.parameters
    assert urfb.parameters == {"rate": 1.0}
    with pytest.raises(RecircuitError, match="has no parameter 'rates'. Did you mean `rate`. It has rate."):
        urfb.with_parameters(rates=1)


def test_with_momentum() -> None:
    changed = urfb.with_momentum(0.9)
    assert str(changed.feedback) == "velocity = momentum*velocity + rate*error_pre*x_post\ndw = velocity"
    assert (changed.parameters["momentum"], changed.state) == (0.9, {"velocity": 0})
    assert changed.with_parameters(momentum=0.5).parameters["momentum"] == 0.5
    assert frfb.with_momentum(0.9).feedback == frfb.feedback
    assert bp.with_momentum(0.9).feedback.transpose_of == "w"
    with pytest.raises(RecircuitError, match="has a `momentum` already"):
        changed.with_momentum(0.9)


def test_modifiers_are_values() -> None:
    changed = urfb.modified(modifiers.momentum(0.9), modifiers.weight_decay(1e-6), modifiers.gate("loss"))
    assert changed == urfb.with_momentum(0.9).with_weight_decay(1e-6).with_gate("loss")
    assert urfb.modified() == urfb and modifiers.momentum(0.9) == modifiers.momentum(0.9)
    assert pickle.loads(pickle.dumps(modifiers.weight_decay(0.1))) == modifiers.weight_decay(0.1)
    with pytest.raises(RecircuitError, match=r"takes modifiers, such as momentum\(0.9\), but got 0.9"):
        urfb.modified(0.9)  # type: ignore[arg-type]


def test_a_modifier_of_ones_own() -> None:
    def doubled(equation: modifiers.Equation, where: str) -> modifiers.Equation:
        return tuple(Statement(s.target, s.operator, f"twice*({s.expression})") for s in equation)

    changed = frfb.modified(modifiers.Modifier("doubled", doubled, parameters={"twice": 2.0}))
    assert str(changed.forward) == "dw = twice*(rate*error_post*x_pre)" and changed.parameters["twice"] == 2
    peeking = modifiers.Modifier("peeking", lambda equation, where: (*equation, Statement("w", "+=", "w_other")))
    with pytest.raises(RecircuitError, match="cannot read `w_other`"):
        frfb.modified(peeking)


def test_with_weight_decay() -> None:
    changed = urfb.with_weight_decay(1e-6)
    assert str(changed.forward) == "dw = rate*error_post*x_pre - weight_decay*w"
    assert str(changed.with_momentum(0.9).forward).startswith("velocity = momentum*velocity + rate*error_post*x_pre -")


def test_with_adam() -> None:
    assert str(bp.with_adam().forward).replace("gradient", "g") == str(adam.forward)
    assert dict(bp.with_adam().parameters) == dict(adam.parameters) | {"rate": 1.0}
    learns, follows = (find("node_perturbation").with_adam(epsilon=1e-5), find("node_perturbation"))
    assert learns.feedback == follows.feedback and learns.parameters["epsilon"] == 1e-5
    assert "rate/(1 + rate_decay*updates)*m" in str(bp.with_adam().with_rate_decay(1e-6).forward)
    with pytest.raises(RecircuitError, match="has a `beta1` already"):
        bp.with_adam().with_adam()
    for squared in ("dw = rate**2*x_pre", "dw = x_pre/rate", "dw = x_pre*tanh(rate)"):
        with pytest.raises(RecircuitError, match="ADAM takes `dw = rate\\*G`"):
            rule(squared, parameters={"rate": 1.0}).with_adam()
    with pytest.raises(RecircuitError, match="no parameter 'rate' that could be that of ADAM"):
        rule("dw = x_pre", parameters={}).with_adam()


def test_with_weight_limit() -> None:
    limited = urfb.with_weight_limit(0.5)
    assert str(limited.feedback) == "dw = rate*error_pre*x_post\nw = clip(w, -weight_limit, weight_limit)"
    assert bp.with_weight_limit(0.5).feedback == bp.feedback
    with pytest.raises(RecircuitError, match="a limit of weights is a number above 0; got 0"):
        urfb.with_weight_limit(0)


def test_quantisation() -> None:
    """Every size goes to the nearest power of two, by the logarithm, and small sizes go to the smallest of them."""
    one = urfb.modified(modifiers.quantisation(1, 0.5))
    assert str(one.feedback) == "update = rate*error_pre*x_post\ndw = largest_update*sign(update)"
    assert bp.modified(modifiers.quantisation(1, 0.5)).feedback == bp.feedback
    text = str(urfb.modified(modifiers.quantisation(3, 0.5)).forward).split("dw = ")[1]
    sizes = np.geomspace(1e-3, 3, 200)
    for sign in (-1, 0, 1):
        names = {"update": sign * sizes, "largest_update": 0.5, "sign": np.sign, "abs": abs, "int": np.int64}
        wanted = 0.5 * sign * 2 ** np.round(np.clip(np.log2(sizes / 0.5), -2, 0))
        assert np.array_equal(eval(text, names), wanted)
    for bits, largest in ((0, 1), (1.5, 1), (1, 0), (1, -1)):
        with pytest.raises(RecircuitError, match="quantisation: "):
            modifiers.quantisation(bits, largest)


def test_with_rate_steps() -> None:
    changed = frfb.with_rate_steps(100, 200, factor=0.5)
    passed = "int(updates >= rate_step_1) + int(updates >= rate_step_2)"
    assert str(changed.forward) == f"dw = rate*rate_factor**({passed})*error_post*x_pre"
    assert dict(changed.parameters) == dict(rate=1.0, rate_factor=0.5, rate_step_1=100.0, rate_step_2=200.0)
    with pytest.raises(RecircuitError, match="after how many updates the rate falls"):
        frfb.with_rate_steps()
    with pytest.raises(RecircuitError, match="no parameter 'rate' that could fall"):
        rule("dw = x_pre", parameters={}).with_rate_steps(3)


def test_with_rate_decay() -> None:
    assert str(urfb.with_rate_decay(1e-6).forward) == "dw = rate/(1 + rate_decay*updates)*error_post*x_pre"
    squared = rule("dw = x_pre/rate**2 + rate_post").with_rate_decay(1e-6)
    assert str(squared.forward) == "dw = x_pre/(rate/(1 + rate_decay*updates))**2 + rate_post"
    with pytest.raises(RecircuitError, match="no parameter 'rate' that could decay"):
        rule("dw = x_pre", parameters={}).with_rate_decay(1e-6)


def test_with_gate() -> None:
    changed = urfb.with_gate("loss")
    assert str(changed.feedback) == "dw = loss*(rate*error_pre*x_post)" and changed.broadcasts == ("loss",)
    assert changed.local and not bp.with_gate("loss").local
    assert str(urfb.with_momentum(0.9).with_gate("loss").forward).endswith("dw = loss*(velocity)")
    with pytest.raises(RecircuitError, match="has a `rate` already"):
        urfb.with_gate("rate")


def test_momentum_and_decay_need_one_increment() -> None:
    clipped = rule("dw = rate*x_pre; w = clip(w, -1, 1)").with_momentum(0.9)
    assert str(clipped.forward).splitlines()[-1] == "w = clip(w, -1, 1)"
    for equation, found in {"w = x_pre": "is none", "dw = x_pre; w += x_post": "are dw = x_pre; dw = x_post"}.items():
        with pytest.raises(RecircuitError, match=found):
            rule(equation).with_momentum(0.9)
        with pytest.raises(RecircuitError, match=found):
            rule(equation).with_weight_decay(0.9)


# --- Printing ---------------------------------------------------------------------------------------------------------


def test_printed() -> None:
    assert str(urfb.with_momentum(0.9)).splitlines() == [
        "urfb (local), Amit, Eq. 7",
        "  forward     velocity = momentum*velocity + rate*error_post*x_pre",
        "              dw = velocity",
        "  feedback    velocity = momentum*velocity + rate*error_pre*x_post",
        "              dw = velocity",
        "  parameters  rate = 1, momentum = 0.9",
        "  state       velocity = 0",
    ]
    assert "bp (not local: a control)" in str(bp) and "transpose of the forward weights" in str(bp)
    assert "feedback    fixed" in str(frfb)


def test_printed_in_jupyter() -> None:
    page = rule("dw = rate*int(x_pre < 1)", name="<script>")._repr_html_()
    assert "&lt;script&gt;" in page and "<script>" not in page
    assert "dw = rate*int(x_pre &lt; 1)" in page and "local" in page


def test_what_is_printed_is_the_same_rule() -> None:
    for one in (*RULES.values(), urfb.with_momentum(0.9).with_rate_decay(0.1).with_weight_decay(1e-3)):
        assert parse(str(one.forward), "here") == one.forward.statements


def test_shown_as_one_would_write_it() -> None:
    (statement,) = parse("dw = -(a - b) * c ** 2 / (d * e_)", "here")
    assert show(statement.node()) == "-(a - b)*c**2/(d*e_)"


# --- By name ----------------------------------------------------------------------------------------------------------


def test_found_by_name() -> None:
    assert find("urfb") is urfb
    assert {"bp", "frfb", "hinge", "urfb"} <= set(RULES)
    with pytest.raises(UsageError, match="There is no rule 'urbf'. Did you mean `urfb`. There are "):
        find("urbf")


MINE = """
import recircuit.plasticity as p
my_rule = p.Rule("mine", source="me", forward="dw = rate*x_pre", parameters=dict(rate=1))
number = 3
"""


def test_found_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(MINE)
    found = find(f"{file}:my_rule")
    assert found.name == "mine" and pickle.loads(pickle.dumps(found)) == found


@pytest.mark.parametrize(
    ("text", "attribute", "message"),
    [
        (None, "my_rule", "there is no file"),
        (MINE, "my_rul", "there is no `my_rul` in the file. Did you mean `my_rule`. .* has the rules my_rule"),
        (MINE, "number", "is not a Rule but a int"),
        (MINE, "", "say which rule, as in .*mine.py:my_rule"),
        ("x = 1", "x_", "has no rules"),
        ("def f(:", "my_rule", "SyntaxError: .*line 1"),
        ("1/0", "my_rule", "ZeroDivisionError"),
        ("raise SystemExit(3)", "my_rule", "SystemExit"),
        (MINE.replace("rate*x_pre", "rate*y"), "my_rule", "cannot read `y`"),
        (b"\xff\xfe\x00", "my_rule", "cannot be executed"),
        (MINE + "raise KeyboardInterrupt", "my_rule", r"cannot be executed. KeyboardInterrupt: , line 5"),
        (MINE + "raise GeneratorExit", "my_rule", "cannot be executed. GeneratorExit"),
        (
            "class E(BaseException):\n    def __str__(self): return 1/0\nraise E",
            "my_rule",
            "E: it cannot be shown, line 3",
        ),
        (MINE + "def __getattr__(name): return 1/0", "my_rul", "there is no `my_rul`"),
        (MINE + "from . import helper", "my_rule", "ImportError: attempted relative import.*, line 5"),
        (MINE.replace("\n", "\r\n") + "\0", "my_rule", "SyntaxError.*null bytes"),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path: Path, text: str | bytes | None, attribute: str, message: str) -> None:
    file = tmp_path / "mine.py"
    if text is not None:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RecircuitError, match=message):
        find(f"{file}:{attribute}" if attribute else str(file))


def test_a_file_may_have_dataclasses_and_modules_beside_it_and_leaves_python_as_it_was(tmp_path: Path) -> None:
    text = MINE.replace("rate=1", "rate=helper.RATE").replace("\nimport", "\nimport dataclasses, helper, os\nimport", 1)
    for number in (1, 2):
        folder = tmp_path / f"{number} ü"
        folder.mkdir()
        (folder / "helper.py").write_text(f"RATE = {number}")
        more = "@dataclasses.dataclass\nclass Point:\n    x: int = 1\nos.chdir('/')"
        (folder / "mine.py").write_bytes(f"\ufefffrom __future__ import annotations{text}{more}".encode())
    before, path, modules = Path.cwd(), list(sys.path), set(sys.modules)
    rates = [find(f"{tmp_path / f'{number} ü' / 'mine.py'}:my_rule").parameters["rate"] for number in (1, 2)]
    assert rates == [1, 2]  # each has its own helper
    assert (Path.cwd(), sys.path) == (before, path) and not {"helper", "recircuit_rule_mine"} & (
        set(sys.modules) - modules
    )
    assert not list(tmp_path.rglob("mine*.pyc"))


def test_ctrl_c_while_a_file_is_executed_is_the_users(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("import signal, time\nsignal.raise_signal(signal.SIGINT)\ntime.sleep(9)")
    with pytest.raises(KeyboardInterrupt):
        find(f"{tmp_path / 'mine.py'}:my_rule")


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        find(f"{tmp_path}:my_rule")


class Entry:
    """An entry point of an installed package."""

    def __init__(self, name: str, value: object) -> None:
        self.name, self.value = name, value

    def load(self) -> object:
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


def test_rules_of_installed_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs, ours = rule("dw = x_pre", name="theirs"), list(RULES)
    entries = [Entry("theirs", theirs), Entry("broken", ImportError("no module")), Entry("wrong", 3)]
    monkeypatch.setattr("recircuit.registry.entry_points", lambda group: entries if group == "recircuit.rules" else [])
    assert find("theirs") is theirs
    with pytest.raises(RecircuitError, match="cannot be loaded: ImportError: no module"):
        find("broken")
    with pytest.raises(RecircuitError, match="is not a Rule but a int"):
        find("wrong")
    with pytest.warns(UserWarning, match="broken"):
        assert list(RULES) == [*ours, "theirs"]
