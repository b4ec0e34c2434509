"""A circuit whose program is in the cache starts without its code being generated, and never with another's program."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms, prefs
from brian2.core.functions import DEFAULT_FUNCTIONS
from kernels import copy_kernels

import recircuit as rc
from recircuit.circuits.backends import registry
from recircuit.circuits.backends.compiled import cache as caching
from recircuit.circuits.backends.compiled import depends, program
from recircuit.circuits.backends.compiled.cache import cache_folder
from recircuit.circuits.backends.compiled.depends import depends_on
from recircuit.circuits.backends.cpp import compiler as compilers
from recircuit.circuits.backends.cpp import device
from recircuit.circuits.backends.cpp.compiler import tools
from recircuit.circuits.connectivity.dense import Dense

pytestmark = pytest.mark.cpp


@dataclass(frozen=True)
class OfAUser(Dense):
    """A connectivity whose code is not the package's."""


HEBB = "dw = rate*x_pre*x_post"


def circuit(
    *, equation: str = "2*basal", rule: str = HEBB, rate: float = 0.5, tau: float = 4.0, learns: bool = True, **settings: object
) -> rc.Circuit:  # fmt: skip
    """Return a circuit x -> h, of three units each."""
    net = rc.Circuit(**{"dt": 1 * ms, **settings})
    x = net.stimulus("x", 3)
    text = f"basal : 1 (compartment)\ndrate/dt = ({equation} - rate)/tau : 1 (during a)"
    h = net.population("h", 3, rc.Neuron(text, tau=tau * ms))
    plastic = rc.Rule("mine", source="here", forward=rule, parameters={"rate": rate}) if learns else None
    net.connect(x, h, weights=np.eye(3), rule=plastic)
    net.phases("a", 3 * ms, "plasticity", 1 * ms)
    return net


def key(net: rc.Circuit) -> str:
    return depends_on(net.lowered(), tools())


#: Circuits of which each has other code than the first, or the same code and other numbers.
VARIED: dict[str, Callable[[], rc.Circuit]] = {
    "as it is": circuit,
    "another number of the equation": lambda: circuit(equation="3*basal"),
    "another function": lambda: circuit(equation="tanh(basal)"),
    "a variable of the same length": lambda: circuit(equation="2*rate"),
    "another rule": lambda: circuit(rule="dw = -rate*x_pre*x_post"),
    "a rule of more terms": lambda: circuit(rule="dw = rate*x_pre*x_post - rate*w"),
    "no rule": lambda: circuit(learns=False),
    "another rate": lambda: circuit(rate=0.25),
    "another time constant": lambda: circuit(tau=5.0),
    "a time constant that is a step": lambda: circuit(tau=1.0),
    "another time step": lambda: circuit(dt=0.5 * ms),
    "another batch size": lambda: circuit(batch_size=2),
    "another precision": lambda: circuit(precision="float32"),
    "another seed": lambda: circuit(seed=3),
    "all operations": lambda: circuit(optimise=False),
}


@pytest.fixture
def generated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str]]:
    """Yield the hashes of the sources of the circuits that are opened; nothing is compiled."""
    sources: list[str] = []

    def written(backend: str, write: Callable[[Path], caching.Recipe], toolchain: str) -> Path:
        folder = tmp_path / str(len(sources))
        folder.mkdir()
        sources.append(caching._fingerprint(folder, write(folder), toolchain, cache_folder()))
        return folder

    monkeypatch.setenv("RECIRCUIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(device, "kernels", lambda *given: [])
    monkeypatch.setattr(program, "built", written)
    monkeypatch.setattr(program.CompiledProgram, "_started", lambda self: None)
    monkeypatch.setattr(program.known, "remember", lambda depends, found: None)
    yield sources


def test_circuits_with_one_key_have_the_same_code(generated: list[str]) -> None:
    keys = []
    for name, make in VARIED.items():
        net = make()
        keys.append(key(net))
        registry.BACKENDS["cpp"].open(net.lowered())
        assert keys[-1], name
    of_sources: dict[str, set[str]] = {}
    for one, source in zip(keys, generated, strict=True):
        of_sources.setdefault(one, set()).add(source)
    assert all(len(sources) == 1 for sources in of_sources.values())
    same = [name for name, one in zip(VARIED, keys, strict=True) if one == keys[0]]
    assert same == ["as it is", "another rate", "another seed"]
    assert len(set(generated)) > 10


def changed_preference(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(prefs.prefs, "codegen.loop_invariant_optimisations", False)


def changed_function(patch: pytest.MonkeyPatch) -> None:
    made = next(v for k, v in DEFAULT_FUNCTIONS["clip"].implementations._implementations.items() if "CPP" in k.__name__)
    patch.setattr(made, "_code", "mine")


def changed_compiler(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("CXX", "g++ -O1")


def changed_options(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(compilers, "FLAGS", (*compilers.FLAGS, "-funroll-loops"))


def changed_compiler_version(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(compilers, "_toolchain", lambda command, path: "g++ 1.0")


def changed_brian2(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(depends, "version", lambda package: "9.9")


def changed_python(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(depends.sys, "version", "3.99")


@pytest.mark.parametrize(
    "change",
    [
        changed_preference, changed_function, changed_compiler, changed_options, changed_compiler_version, changed_brian2,
        changed_python,
    ],
)  # fmt: skip
def test_what_makes_the_code_is_part_of_the_key(
    change: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = key(circuit())
    assert before == key(circuit())
    change(monkeypatch)
    assert key(circuit()) not in ("", before)


def test_every_file_of_the_package_is_part_of_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is changed while the process runs is not what it runs, so that the circuit is not known at all."""
    folder = tmp_path / "backends"
    (folder / "templates").mkdir(parents=True)
    template = folder / "templates" / "fused.cpp"
    template.write_text("one")
    monkeypatch.setattr(depends, "FOLDERS", (folder,))
    found = []
    for content in ("one", "two"):
        template.write_text(content)
        for loaded in (0.0, template.stat().st_mtime + 1):
            monkeypatch.setattr(registry, "IMPORTED", loaded)
            depends._package.cache_clear()
            found.append(key(circuit()))
    depends._package.cache_clear()
    assert found[0] == found[2] == "" and len(set(found)) == 3


def test_what_the_key_cannot_tell_has_none() -> None:
    net = circuit(lowering="reference")
    assert key(net) == ""
    net = circuit()
    net.connect(net.populations["x"], net.populations["h"], name="second", weights=np.eye(3), connectivity=OfAUser())
    assert key(net) == ""


def presented(net: rc.Circuit) -> np.ndarray:
    net.run([[1.0, 2.0, 3.0]], backend="cpp")
    values = net["h.rate"]
    net.close()
    return values


def by_numpy(net: rc.Circuit) -> np.ndarray:
    net.run([[1.0, 2.0, 3.0]], backend="numpy")
    return net["h.rate"]


def test_a_known_circuit_starts_without_code_and_a_damaged_entry_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The circuit has the kernels of the cache that is in use, and a cache of its own."""
    presented(circuit())  # so that the kernels are there
    cache = tmp_path / "cache"
    copy_kernels(cache)
    monkeypatch.setenv("RECIRCUIT_CACHE", str(cache))
    expected = by_numpy(circuit())
    assert np.allclose(presented(circuit()), expected)
    (listed,) = cache.glob("*.known")
    emit, emitted = program.emit, []
    monkeypatch.setattr(program, "emit", lambda *given: emitted.append(given) or emit(*given))
    monkeypatch.setattr(compilers, "_problem", lambda *given: pytest.fail("the compiler was called"))
    assert np.allclose(presented(circuit()), expected) and not emitted
    monkeypatch.undo()
    monkeypatch.setenv("RECIRCUIT_CACHE", str(cache))
    monkeypatch.setattr(program, "emit", lambda *given: emitted.append(given) or emit(*given))
    text, home = json.loads(listed.read_text()), cache / json.loads(listed.read_text())["entry"]
    content = (home / "main").read_bytes()
    for count, damage in enumerate(("", "{}", "[]", json.dumps({**text, "entry": "../elsewhere"}), None)):
        if damage is None:
            (home / "main").write_bytes(content[:-9] + b"different")
        else:
            listed.write_text(damage)
        assert np.allclose(presented(circuit()), expected) and len(emitted) == count + 1
        assert json.loads(listed.read_text())["entry"] == home.name
    assert (home / "main").read_bytes()[-9:] == content[-9:]
