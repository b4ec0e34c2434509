"""Texts that others have written: damaged or nested too deeply, they are refused in words; shown, they do nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms
from safetensors.numpy import save
from text_inputs import circuit

import recircuit as rc
from recircuit.cli import main
from recircuit.cli.printable import printable
from recircuit.cli.text_tables import bars
from recircuit.errors import RecircuitError
from recircuit.foreign_text import json_value, only_value_errors, table_rows
from recircuit.models import History
from recircuit.models.runs.result_file import read_result
from recircuit.models.sweeps.circuit_specs import Task, builder_of
from recircuit.models.sweeps.queue_cluster import options_in

DEEP = 100_000
SCRIPT = "<script>alert(1)</script>"


@pytest.mark.parametrize("text", ["[" * DEEP, '{"a":' * DEEP, "9" * 5000, "", "\0", b"\xff\xfe"])
def test_what_is_no_json_is_a_value_error(text: str | bytes, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        json_value(text)
    (tmp_path / "result.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert read_result(tmp_path / "result.json") is None


@pytest.mark.parametrize("problem", [RecursionError, MemoryError, TypeError, SyntaxError, ValueError])
def test_whatever_a_parser_raises_is_a_value_error(problem: type[Exception]) -> None:
    with pytest.raises(ValueError), only_value_errors():
        raise problem


@pytest.mark.parametrize(
    "text",
    ["a,b\n1\n", "a,b\n1,2,3\n", f"a\n{'9' * 200_000}\n", "a\r1\r\n2,3\r"],
    ids=["few", "many", "long", "returns"],
)
def test_a_table_has_as_many_cells_in_each_row(text: str) -> None:
    with pytest.raises(ValueError):
        table_rows(text)


def _head(path: Path, head: bytes) -> None:
    path.write_bytes(len(head).to_bytes(8, "little") + head)


FILES: dict[str, Callable[[Path], object]] = {
    "circuit, deep": lambda f: f.write_bytes(save({"a": np.zeros(1)}, {"recircuit": "[" * DEEP})),
    "circuit, no names": lambda f: _head(f, b'{"__metadata__":null}'),
    "options, deep": lambda f: f.with_suffix(".toml").write_text(f"a = {'[' * DEEP}"),
    "options, digits": lambda f: f.with_suffix(".toml").write_text(f"a = {'9' * 5000}"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_cannot_be_read_is_refused_in_words(name: str, tmp_path: Path) -> None:
    FILES[name](tmp_path / "file.safetensors")
    with pytest.raises(RecircuitError, match="file"):
        if name.startswith("options"):
            options_in(tmp_path / "file.toml")
        else:
            rc.Circuit.load(tmp_path / "file.safetensors")


@pytest.mark.parametrize("value", ["-" * DEEP + "1", "1+" * DEEP + "1", "{[]: 1}", "[" * DEEP, "\0", "9" * 5000])
def test_places_and_arguments_in_text_are_refused_in_words(value: str) -> None:
    with pytest.raises(RecircuitError, match="numbers"):
        circuit().run(np.ones((1, 3)), 1, record=[f"h.rate[{value}]"])
    with pytest.raises(RecircuitError, match="whose values are"):
        builder_of(f"node_perturbation(a={value})", Task(rc.load("digits"), (64, 10)))


@pytest.mark.parametrize("rows", ["a,b\n1\n", f"a\n{'9' * 200_000}\n", "a\nx\n", "a\n\0\n"])
def test_runs_and_show_say_what_is_damaged(rows: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "metrics.csv").write_text(rows)
    for command in ("runs", "show"):
        with pytest.raises(SystemExit) as ended:
            main([command, str(tmp_path)])
        output = capsys.readouterr()
        assert not ended.value.code and "damaged" in output.out and "metrics.csv cannot be read" in output.out


# --- shown ------------------------------------------------------------------------------------------------------------


def test_names_that_others_chose_are_no_html() -> None:
    rule = rc.Rule(SCRIPT, source=SCRIPT, about=SCRIPT, forward="dw = rate*x_post*x_pre", parameters={"rate": 0.1})
    net = rc.Circuit()
    x, h = net.stimulus("x", 2), net.population("h", 2, rc.pyramidal())
    net.connect(x, h, rule=rule)
    net.phases("feedforward", 2 * ms)
    history = History(backend="numpy")
    history.rows.append({"epoch": 1.0, SCRIPT: 1.0})
    for shown in (rule, net, net.summary(), h, h.neuron, net["x_to_h"], history):
        assert "<script" not in shown._repr_html_()


def test_a_terminal_shows_no_signs_that_control_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert printable("a\x1b[31mb\x07\u202e\n\tü → °") == "a\\x1b[31mb\\x07\\u202e\n\tü → °"
    folder = tmp_path / "\x1b[31mred"
    folder.mkdir()
    (folder / "metrics.csv").write_text("\x1b[2J_error\nx\n")
    for arguments in (["runs", str(tmp_path)], ["show", str(folder)], ["show", str(folder / "\x1b[2J")]):
        with pytest.raises(SystemExit):
            main(arguments)
    output = capsys.readouterr()
    assert "\x1b" not in output.out + output.err and "\\x1b" in output.out and "\\x1b" in output.err


def test_bars_of_numbers_that_are_not_finite() -> None:
    assert bars([0.0, 1.0, float("inf"), float("-inf"), float("nan")]) == "▁█???"
    assert bars([-1.0, -2.0]) == "▁▁"


# --- arrays -----------------------------------------------------------------------------------------------------------


class Closed:
    """The data of a file that is closed, which raise an exception when they are made an array."""

    def __array__(self, *_: object, **__: object) -> np.ndarray:
        raise OSError("the file is closed")


def _set(net: rc.Circuit) -> None:
    net["h.rate"] = Closed()


@pytest.mark.parametrize(
    "use",
    [
        lambda net: net.run(Closed(), 1),
        lambda net: net.run({"x": Closed()}, 1),
        lambda net: rc.Dataset.from_arrays("d", Closed(), [0], np.ones((1, 3)), [0]),
        lambda net: rc.train(rc.layered([3, 2], "urfb"), (np.ones((2, 3)), Closed()), 1),
        _set,
    ],
    ids=["run", "mapping", "dataset", "labels", "set"],
)
def test_arrays_that_cannot_be_read_are_refused_in_words(use: Callable[[rc.Circuit], object]) -> None:
    with pytest.raises(RecircuitError, match="cannot be read as an array: OSError: the file is closed"):
        use(circuit())


@pytest.mark.parametrize("ax", [[[1], [1, 2]], [], np.zeros(2), "ax"])
def test_what_are_no_axes_is_refused_in_words(ax: object) -> None:
    with pytest.raises(RecircuitError, match="ax is axes of matplotlib"):
        circuit().diagram(ax=ax)
