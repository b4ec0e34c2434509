"""The tables of what a user can name, and what installed packages add to them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import typer.main
from brian2 import ms
from typer.testing import CliRunner

import recircuit as rc
from recircuit.circuits.answers.readout import Readout
from recircuit.circuits.connectivity import CONNECTIVITIES
from recircuit.circuits.description.network import Network
from recircuit.circuits.library.neurons import NEURONS
from recircuit.circuits.library.outputs import OUTPUTS, AppraisedOutput
from recircuit.circuits.library.parts import PARTS
from recircuit.cli.application import app
from recircuit.cli.doctor import packages
from recircuit.models.data import DATA
from recircuit.models.experiments import EXPERIMENTS
from recircuit.models.networks.architectures import ARCHITECTURES, layers_of
from recircuit.models.networks.registry import NETWORKS, network_for
from recircuit.models.runs.config import RunConfig
from recircuit.plasticity import RULES, find
from recircuit.registries import REGISTRIES
from recircuit.registry import Registry, a_subclass_of, summary

ENTRIES = [(table, name) for table in REGISTRIES for name in table]


@cache
def words_of_help() -> set[str]:
    """Return all words in the help of `recircuit train`, and in the list of `recircuit reproduce`."""
    command = typer.main.get_command(app).commands["train"]  # type: ignore[attr-defined]
    listed = CliRunner().invoke(app, ["reproduce", "--list"]).output
    return set(re.findall(r"[\w-]+", " ".join([listed, *(str(getattr(p, "help", "")) for p in command.params)])))


@pytest.mark.parametrize("table, name", ENTRIES, ids=[f"{table.kind}: {name}" for table, name in ENTRIES])
def test_every_entry_is_documented_and_can_be_found_by_a_user(table: Registry[object], name: str) -> None:
    text = summary(table[name])
    assert re.fullmatch(r"\S.{10,}\.", text), f"{table.kind} {name!r} has no summary sentence: {text!r}"
    assert name in words_of_help() or name in rc.__all__


@pytest.mark.parametrize("table", REGISTRIES, ids=lambda table: table.kind)
def test_an_unknown_name_is_refused_with_all_names_and_the_closest(table: Registry[object]) -> None:
    for name in table:
        with pytest.raises(rc.RecircuitError, match=f"no {table.kind} '{name}z'.*`{name}`.*{table.listed()}"):
            table.find(f"{name}z")
    assert "" not in table and table.get("no such name") is None


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_found_by_the_name_that_it_prints(rule: str) -> None:
    assert find(RULES[rule].name) == RULES[rule]


# --- what an output circuit promises ----------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", OUTPUTS)
def test_an_output_circuit_has_what_training_reads(loss: str) -> None:
    output = OUTPUTS[loss]()
    assert output.loss == loss
    net = rc.Circuit()
    o = net.population("o", 3, output)
    net.connect(net.stimulus("x", 2), o)
    net.phases("feedforward", 1 * ms, "error", output.error_steps * ms)
    assert {"basal", "error", "target"} <= set(o.variables())
    clamp = net.populations[output.supervisor].clamp
    assert clamp is not None and (clamp.kind, clamp.on, clamp.off) == ("labels", *output.targets)
    assert Readout.of(net).output is o
    assert net.outputs_of == {"o": output} and f"o: 3 units, the output of {type(output).__name__}" in str(net)
    if output.own_rule:
        assert set(output.rule_parameters) <= set(RULES[output.own_rule].parameters)


class AskedByHand(rc.OutputCircuit):
    """The supervisor of this circuit projects to a population of its own, which projects to the output."""

    loss = "by hand"
    error_steps = 1

    @property
    def supervisor(self) -> str:
        return "s"

    def build(self, circuit: Network, name: str, size: int) -> rc.Population:
        """Add the output, the supervisor, and what lies between them."""
        o, between = circuit.population(name, size, rc.pyramidal()), circuit.population("between", size, rc.pyramidal())
        s = circuit.supervisor("s", size)
        circuit.connect(s, between)
        circuit.connect(between, o, into="apical", sends="rate")
        return o


def test_the_output_is_the_population_whose_units_each_receive_their_own_target() -> None:
    """In direct random target projection the supervisor projects to hidden units too."""
    net = rc.Circuit()
    h, o = net.population("h", 3, rc.pyramidal()), net.population("o", 3, rc.pyramidal())
    s = net.supervisor("s", 3)
    net.connect(net.stimulus("x", 2), h)
    net.connect(s, h, into="apical", weights=rc.normal(1.0))
    net.connect(s, o, into="apical", weights=1.0, connectivity=rc.OneToOne())
    net.phases("feedforward", 1 * ms)
    assert Readout.of(net).output.name == "o"


def test_a_circuit_knows_which_population_an_output_circuit_made(tmp_path: Path) -> None:
    net = rc.Circuit()
    net.connect(net.stimulus("x", 2), net.population("o", 3, AskedByHand()))
    net.phases("feedforward", 1 * ms, "feedback", 1 * ms)
    assert Readout.of(net).output.name == "o"
    second = net.population("p", 2, rc.pyramidal())
    net.connect(net.supervisor("wanted", 2), second)
    with pytest.raises(rc.RecircuitError, match="expected one output, .*'o', 'p'"):
        Readout.of(net)


@pytest.mark.parametrize("loss", [name for name, kind in OUTPUTS.items() if issubclass(kind, AppraisedOutput)])
def test_an_appraised_output_has_a_unit_whose_rate_is_the_loss(loss: str) -> None:
    kind, net = OUTPUTS[loss], rc.Circuit(batch_size=2)
    o = net.population("o", 3, kind(appraised=True))
    net.connect(net.stimulus("x", 3), o, weights=np.eye(3))
    assert kind(appraised=True).appraise(net, o).name == "loss"  # type: ignore[attr-defined]
    net.phases("feedforward", 3 * ms, "error", 2 * ms)
    h, y = np.array([[0.3, -1.0, 2.0], [0.0, 1.5, -0.5]]), np.array([2, 0])
    net.run({"x": h, "s": y})
    wanted = {
        "softmax": np.log(np.exp(h).sum(axis=1)) - h[[0, 1], y],
        "mse": 0.5 * ((h - np.eye(3)[y]) ** 2).sum(axis=1),
    }
    np.testing.assert_allclose(net["loss.rate"][:, 0], wanted[loss], rtol=1e-6)


# --- connectivities ---------------------------------------------------------------------------------------------------


def test_a_connectivity_must_say_where_its_synapses_are() -> None:
    class Nothing(rc.Connectivity):
        pass

    with pytest.raises(TypeError, match="indices"):
        Nothing()  # type: ignore[abstract]
    assert a_subclass_of(rc.Connectivity)(Nothing) == "does not define indices, shape, which every Connectivity must."


def test_density_and_mask_tell_the_same() -> None:
    for connectivity, n in ((rc.Dense(), 60), (rc.Masked(0.3), 60), (rc.Blocks(3), 60)):
        mask = connectivity.mask(n, n, np.random.default_rng(0))
        assert connectivity.masked == (mask is not None)
        assert (1.0 if mask is None else mask.mean()) == pytest.approx(connectivity.density, abs=0.03)


# --- what installed packages add --------------------------------------------------------------------------------------

MODULE = '''
"""A package that adds one thing of each kind."""
from dataclasses import dataclass
import numpy as np
import recircuit as rc
from recircuit.circuits.connectivity import Matrix
from recircuit.circuits.backends import Backend
from recircuit.circuits.backends.interpreter.program import InterpreterProgram
from recircuit.models.data import DataSource
from recircuit.models.experiments import Experiment
from recircuit.models.networks.architectures import Architecture
from recircuit.models.networks.registry import NetworkKind

mirror = rc.Rule("mirror", source="a test", forward="dw = rate*error_post*x_pre", parameters=dict(rate=1.0))

def tonic():
    """A unit that fires at one rate."""
    return rc.Neuron("rate = 1.0 : 1")

@dataclass(frozen=True)
class SignOutput(rc.OutputCircuit):
    """The error is the sign of target minus field, and the loss the sum of absolute differences."""
    loss = "absolute"
    error_steps = 1
    supervisor = "s"

    def build(self, circuit, name, size):
        o = circuit.population(name, size, rc.Neuron("""
            basal       : 1 (compartment)
            supervision : 1 (compartment)
            rate        = sign(supervision - basal) : 1 (during error)
            error       = rate : 1
            target      = supervision : 1
        """))
        self.supervise(circuit, o)
        return o

@dataclass(frozen=True)
class Band(Matrix):
    """Unit i projects to its neighbours."""
    masked = True

    def mask(self, n_pre, n_post, rng):
        return (abs(np.subtract.outer(np.arange(n_post), np.arange(n_pre))) <= 1).astype(float)

x = np.eye(4)

class Mine(Backend):
    """The interpreter by another name."""
    name = "mine"
    about = "NumPy evaluates each operation, as the interpreter does."

    def open(self, lowered):
        return InterpreterProgram(lowered)

class Bias:
    """A constant unit that projects to a population."""

    def build(self, circuit, name, size):
        one = circuit.constant("one")
        made = circuit.population(name, size, rc.pyramidal())
        circuit.connect(one, made, weights=.5)
        return made

def twice(sizes, rule, **options):
    """A layered network with twice as many hidden units."""
    return rc.layered([sizes[0], *(2*n for n in sizes[1:-1]), sizes[-1]], rule, **options)

doubled = NetworkKind(twice, suits=lambda rule: rule.name == "mirror", transfer="tanh", fixed={"loss": "mse"})
small = Architecture("conv 2 3x3; output", "a test", "One convolution.")
mine = Mine()
nothing = Experiment("added-nothing", "a test", "It shows nothing.", run=None)
stripes = DataSource(lambda: rc.Dataset.from_arrays("stripes", x, [0, 1, 2, 3], x, [0, 1, 2, 3]), in_folder=False)
'''
GROUPS = """
[recircuit.rules]
mirror = added:mirror
damaged = absent:rule
urfb = added:mirror
[recircuit.neurons]
tonic = added:tonic
[recircuit.outputs]
absolute = added:SignOutput
[recircuit.parts]
Bias = added:Bias
[recircuit.networks]
doubled = added:doubled
[recircuit.models]
small = added:small
[recircuit.connectivities]
Band = added:Band
wrong = added:tonic
[recircuit.datasets]
stripes = added:stripes
[recircuit.backends]
mine = added:mine
[recircuit.experiments]
added-nothing = added:nothing
"""


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a package that adds something of each kind, and two things that are wrong."""
    package = tmp_path / "added-1.0.dist-info"
    package.mkdir()
    (tmp_path / "added.py").write_text(MODULE)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: added\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(GROUPS)
    monkeypatch.syspath_prepend(str(tmp_path))
    return package


def test_a_package_adds_to_every_registry(added: Path) -> None:
    assert find("mirror").name == "mirror" and NEURONS.find("tonic")().text == "rate = 1.0 : 1"
    data = rc.load("stripes")
    net = rc.layered([4, 6, 4], "mirror", loss="absolute", transfer="tanh")
    history = rc.train(net, data, epochs=2, backend="numpy")
    assert len(history) == 2 and list(DATA.installed()) == ["stripes"]
    assert np.isin(net["o.error"], [-1, 0, 1]).all()
    again = rc.layered([4, 6, 4], "mirror", loss="absolute", transfer="tanh")
    assert list(rc.train(again, data, epochs=2, backend="mine")["test_error"]) == list(history["test_error"])
    assert again.program().backend == "interpreter" and EXPERIMENTS.find("added-nothing").about == "It shows nothing."


def test_a_package_adds_a_network_for_its_rule(added: Path) -> None:
    """The command line, its messages and its help know the network."""
    assert "doubled" in NETWORKS.listed() and network_for(find("mirror")) == "doubled" != network_for(rc.urfb)
    data = rc.load("stripes")
    net = RunConfig.of(data="stripes", rule="mirror", layers="4-6-4").filled(data).circuit(data)
    assert net.populations["h1"].size == 12
    with pytest.raises(rc.RecircuitError, match="learns in a network of the kind 'doubled', in which loss is mse"):
        RunConfig.of(data="stripes", rule="mirror", loss="hinge").filled(data)
    assert [layer.kind for layer in layers_of(ARCHITECTURES.find("small").line)] == ["conv", "output"]


def test_a_part_of_a_package_is_built(added: Path) -> None:
    net = rc.Circuit()
    PARTS.find("Bias")().build(net, "h", 3)
    assert net.projections["one_to_h"].pre.size == 1


def test_a_connectivity_of_a_package_is_as_plain_synapses_have_it(added: Path) -> None:
    band, found = CONNECTIVITIES.find("Band")(), []
    for lowering in ("dense", "reference"):
        net = rc.Circuit(lowering=lowering, precision="float64")
        x, h = net.stimulus("x", 5), net.population("h", 5, rc.pyramidal("tanh"))
        rule = rc.Rule("hebb", source="a test", forward="dw = x_post*x_pre")
        net.connect(x, h, connectivity=band, rule=rule)
        net.phases("feedforward", 1 * ms, "plasticity", 1 * ms)
        net.run({"x": np.arange(20.0).reshape(4, 5) / 20}, 4)
        found.append(net["x_to_h.w"])
    np.testing.assert_allclose(*found, rtol=0, atol=1e-12)
    assert np.count_nonzero(found[0]) == 13


@pytest.mark.filterwarnings("ignore:The rule 'urfb':UserWarning")
def test_a_damaged_package_is_reported_and_breaks_nothing(added: Path) -> None:
    with pytest.warns(UserWarning, match="rule 'damaged' .*absent:rule.* cannot be loaded: ModuleNotFoundError"):
        assert "mirror" in list(RULES) and RULES["urfb"] is rc.urfb
    with pytest.raises(rc.RecircuitError, match="cannot be loaded: ModuleNotFoundError"):
        find("damaged")
    with pytest.raises(rc.RecircuitError, match="'wrong' .* is not a subclass of Connectivity"):
        CONNECTIVITIES.find("wrong")
    found_packages = packages()
    assert not found_packages.works and all(
        f"{name!r}" in found_packages.message for name in ("damaged", "wrong", "urfb")
    )


@pytest.mark.parametrize("text", ["[recircuit.rules]\nno equals sign\n", "[recircuit.rules]\nx = a b c:\n", "\xff\xfe"])
def test_entry_points_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    package = tmp_path / "broken-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (package / "entry_points.txt").write_bytes(text.encode("latin-1"))
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.warns(UserWarning, match="cannot be"):
        assert "urfb" in list(RULES)
