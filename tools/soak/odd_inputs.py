"""Odd inputs for every public function: calls, equations, words, commands, and files. Hypothesis makes them from a seed."""

from __future__ import annotations

import io
import json
import random
import shutil
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from small_files import write_back_image, write_svhn, write_timit
from test_arguments import CALLS, ODD
from test_text_inputs import ASCII, PIECES
from text_inputs import EXPRESSIONS, PAYLOADS, WORDS, circuit

import recircuit as rc
from recircuit.cli import main
from recircuit.cli.on_demand import COMMANDS

from .tally import Tally

#: Seconds that an input may take.
LIMIT = 60.0
TEXT = st.one_of(
    ASCII, PIECES, st.text(max_size=20), st.sampled_from(["\0", "²", "9" * 5000, "nan", "inf", "-1", "1e400"])
)

ARRAYS = [
    np.zeros((4, 3)), np.zeros((4, 3), np.uint8), np.zeros(4, int), np.zeros(4), np.array(1), np.zeros(0),
    np.array(["a"] * 4), np.full((4, 3), np.nan), np.zeros((4, 3), complex), np.arange(4) * 10**9, np.zeros((4, 0)),
    -np.arange(4), np.zeros((4, 3), bool), np.zeros((4, 3), ">f4"),
]  # fmt: skip


def hammer(tally: Tally, strategy: Any, use: Callable[[Any], object], count: int, number: int) -> None:
    """Give so many inputs to a function."""

    @seed(number)
    @settings(max_examples=count, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(strategy)
    def one(value: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tally.attempt(use, value, LIMIT)

    one()


def calls(tally: Tally, count: int, number: int, folder: Path) -> None:
    """Call the public interface with one or two odd arguments."""
    del folder
    for call, right in CALLS.values():
        odd = st.dictionaries(st.sampled_from(sorted(right)), ODD, min_size=1, max_size=2)
        hammer(tally, odd, lambda changed, c=call, r=right: c(**(r | changed)), -(-count // len(CALLS)), number)


def equations(tally: Tally, count: int, number: int, folder: Path) -> None:
    """Give texts in the place of equations, words and names; some would write a file if anything executed them."""
    mark = folder / "executed"
    payloads = st.sampled_from([payload.format(mark) for payload in PAYLOADS])
    both = EXPRESSIONS | WORDS
    for name, take in both.items():
        hammer(tally, st.one_of(TEXT, payloads), take, -(-count // len(both)), number)
        if mark.exists():
            tally.fault("executed", name)
            mark.unlink()


# --- Commands ---------------------------------------------------------------------------------------------------------


def command(arguments: list[str]) -> int:
    """Run a command here. A raw error is raised; its own words of an error are not."""
    output = io.StringIO()
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(output):
            main(arguments)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    if "bug in recircuit" in output.getvalue() or "Traceback" in output.getvalue():
        raise AssertionError(output.getvalue())
    return code


def commands(tally: Tally, count: int, number: int, folder: Path) -> None:
    """Run command lines of right words, with odd options and values."""
    options = "data rule layers model loss transfer seed rate momentum precision batch-size out measure augment resume"
    short = ["--layers", "64-3-10", "--epochs", "1", "--backend", "numpy"]
    usual = {
        "train": ["digits", *short, "--out", str(folder / "run"), "--overwrite"], "rules": [], "doctor": [],
        "reproduce": ["--list"], "sweep": ["digits", *short, "--seeds", "²", "--out", str(folder / "sweep")],
    }  # fmt: skip
    words = st.lists(st.one_of(st.sampled_from([f"--{option}" for option in options.split()]), TEXT), max_size=4)
    calls = st.tuples(st.sampled_from([*COMMANDS, "nonsense"]), words)
    hammer(tally, calls, lambda c: command([c[0], *usual.get(c[0], []), *c[1]]), count, number)


# --- Files ------------------------------------------------------------------------------------------------------------


def spoiled(content: bytes, number: int) -> bytes:
    """Return a file with bytes changed, cut off, left out or put in."""
    rng = random.Random(number)
    for _ in range(rng.choice((1, 1, 2, 8))):
        at, length = rng.randrange(len(content) + 1), rng.choice((1, 1, 4, 64))
        new = rng.choice((b"", rng.randbytes(length), b"\xff" * length, content[at : at + length] * 2))
        content = content[:at] + new + (b"" if rng.random() < 0.1 else content[at + length :])
    return content


def odd_json(content: bytes, number: int) -> bytes:
    """Return a file of JSON in which a value is replaced, left out or put in."""
    rng, found = random.Random(number), json.loads(content)
    at = found
    while at and isinstance(at, dict | list):
        key: Any = rng.choice([*at, "unheard_of"]) if isinstance(at, dict) else rng.randrange(len(at))
        within = at.get(key) if isinstance(at, dict) else at[key]
        if not isinstance(within, dict | list) or rng.random() < 0.2:
            odd = (None, True, -1, 0, 2**70, 1.5, float("nan"), "", "x" * 9999, "\0", [], {}, [1, [2]], {"a": 1})
            if rng.random() < 0.2 and key != "unheard_of":
                del at[key]
            else:
                at[key] = rng.choice((*odd, *PAYLOADS))
            break
        at = within
    return json.dumps(found).encode()


def run_folders(tally: Tally, count: int, number: int, folder: Path) -> None:
    """Show and resume folders of runs with an odd or damaged file. A folder that is refused stays as it is."""
    good, bad = folder / "good", folder / "bad"
    command(["train", "digits", "--layers", "64-3-10", "--epochs", "1", "--backend", "numpy", "--out", str(good)])
    names = sorted(p.name for p in good.iterdir() if p.suffix != ".png")

    def use(drawn: tuple[str, int]) -> None:
        name, chance = drawn
        shutil.rmtree(bad, ignore_errors=True)
        shutil.copytree(good, bad)
        change = odd_json if name.endswith(".json") and chance % 3 else spoiled
        (bad / name).write_bytes(change((good / name).read_bytes(), chance))
        command(["show", str(bad)])
        before = {p.name: p.read_bytes() for p in bad.iterdir()}
        code = command(["train", "digits", "--out", str(bad), "--resume", "--epochs", "1"])
        if code and {p.name: p.read_bytes() for p in bad.iterdir()} != before:
            tally.fault("lost", f"a refused resume has changed the folder: {drawn}")

    hammer(tally, st.tuples(st.sampled_from(names), st.integers(0, 2**32)), use, count, number)


def data_files(tally: Tally, count: int, number: int, folder: Path) -> None:
    """Load data files with bytes that are changed, and .npz files of odd arrays."""
    write_svhn(folder / "svhn")
    write_back_image(folder / "back-image")
    write_timit(folder / "timit")
    _write_mnist(folder / "mnist")
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    content = {p: p.read_bytes() for p in files}

    def use(drawn: tuple[Path, int]) -> None:
        path, chance = drawn
        path.write_bytes(spoiled(content[path], chance))
        try:
            rc.load(path.relative_to(folder).parts[0], folder)
        finally:
            path.write_bytes(content[path])

    hammer(tally, st.tuples(st.sampled_from(files), st.integers(0, 2**32)), use, count // 2, number)
    arrays = st.sampled_from(ARRAYS)

    def npz(drawn: dict[str, Any]) -> None:
        np.savez(folder / "odd.npz", **drawn)
        rc.load(str(folder / "odd.npz"))

    names = ("x_train", "y_train", "x_test", "y_test")
    hammer(tally, st.fixed_dictionaries(dict.fromkeys(names, arrays)), npz, count - count // 2, number)


def _write_mnist(folder: Path) -> None:
    """Write four files of a few images, as MNIST's are made."""
    folder.mkdir()
    for part, count in (("train", 6), ("t10k", 3)):
        images, labels = np.zeros((count, 28, 28), np.uint8), np.arange(count, dtype=np.uint8)
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            head = b"\0\0\x08" + bytes([array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
            (folder / f"{part}-{kind}-ubyte").write_bytes(head + array.tobytes())


def saved_circuits(tally: Tally, count: int, number: int, folder: Path) -> None:
    """Load files of circuits and of checkpoints with bytes that are changed."""
    net = circuit()
    net.run(np.ones((1, 3)), 2)
    net.save(folder / "net.safetensors")
    rc.Checkpoint(net.state()).save(folder / "checkpoint.safetensors")
    whole = {p: p.read_bytes() for p in (folder / "net.safetensors", folder / "checkpoint.safetensors")}
    odd = folder / "odd.safetensors"

    def use(drawn: tuple[Path, int]) -> None:
        path, chance = drawn
        content = whole[path]
        size = int.from_bytes(content[:8], "little")  # of the head, which is JSON
        if chance % 2:
            head = odd_json(content[8 : 8 + size], chance)
            odd.write_bytes(len(head).to_bytes(8, "little") + head + content[8 + size :])
        else:
            odd.write_bytes(spoiled(content, chance))
        if path.name.startswith("net"):
            rc.Circuit.load(odd).run(np.ones((1, 3)), 1)
        else:
            rc.Checkpoint.load(odd).restore(circuit())

    hammer(tally, st.tuples(st.sampled_from(sorted(whole)), st.integers(0, 2**32)), use, count, number)


# --- Estimators and displays ------------------------------------------------------------------------------------------

PARAMETERS = {
    "hidden_layer_sizes": (3,), "rule": "urfb", "transfer": "clip", "rate": None, "batch_size": "auto", "max_iter": 1,
    "early_stopping": True, "validation_fraction": 0.1, "n_iter_no_change": 2, "standardize": True, "backend": "numpy",
    "precision": "float64", "random_state": 0, "warm_start": False,
}  # fmt: skip


def estimators(tally: Tally, count: int, number: int, folder: Path) -> None:
    """Give odd arrays and parameters to the estimators of scikit-learn, which refuse arrays as scikit-learn does."""
    from recircuit.sklearn import CircuitClassifier, CircuitRegressor

    del folder
    right = [np.arange(12.0).reshape(4, 3), np.array([0, 1, 0, 1])]

    def use(drawn: tuple[type, Any, Any, dict[str, Any]]) -> None:
        kind, x, y, changed = drawn
        made = kind(**(PARAMETERS | changed))
        with suppress(ValueError, TypeError):
            made.fit(x, y).score(x, y)

    arrays = [st.one_of(st.just(one), st.sampled_from(ARRAYS), ODD) for one in right]
    kinds = st.sampled_from([CircuitClassifier, CircuitRegressor])
    changes = st.dictionaries(st.sampled_from(sorted(PARAMETERS)), ODD, max_size=1)
    hammer(tally, st.tuples(kinds, *arrays, changes), use, count, number)


def displays(tally: Tally, count: int, number: int, folder: Path) -> None:
    """Show circuits, rules, data and histories with odd names as notebooks do; no name is read as HTML."""
    del folder

    def use(name: str) -> None:
        x, y = np.ones((4, 3)), [name, "b"] * 2
        net = rc.layered([3, 2])
        rule = rc.Rule("mine", source=name, forward="dw = x_pre", about=name)
        shown: list[Any] = [rule, rc.train(net, (x, y), 1, progress=False), net, net.evaluate((x, y))]
        shown.append(rc.Dataset.from_arrays(name, x, np.arange(4) % 2, x, np.arange(4) % 2))
        for one in shown:
            html = getattr(one, "_repr_html_", lambda: "")() or ""
            if "<script>" in html:
                tally.fault("executed", f"the display of {type(one).__name__} with the name {name!r}")
            repr(one)

    evil = st.sampled_from(
        ["<script>alert(1)</script>", "</td><script>", "\x1b[2J", "$x^{", "{0}", "\ud800", *PAYLOADS]
    )
    hammer(tally, st.one_of(evil, TEXT), use, count, number)
