"""The help in groups, completion, and suggestions."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any, cast

import pytest
import typer
import typer.main
from typer.testing import CliRunner

from recircuit.cli import completion
from recircuit.cli.application import app
from recircuit.cli.on_demand import COMMANDS, OVERVIEW
from recircuit.cli.plain_warnings import plain_warnings
from recircuit.registry import nearest

ROOT = Path(__file__).resolve().parents[2]


def call(*arguments: str, **environment: str) -> str:
    result = CliRunner().invoke(app, list(arguments), env=environment)
    assert result.exit_code == 0, result.output
    return result.output


def options(command: str) -> dict[str, Any]:
    """Return the parameters of a command by the names of their options."""
    group: Any = typer.main.get_command(app)
    return {name: p for p in group.commands[command].params for name in p.opts if name.startswith("-")}


def test_the_overview_has_every_command_once_and_whole() -> None:
    assert sorted(name for names in OVERVIEW.values() for name in names) == sorted(COMMANDS)
    text = " ".join(call("-h").split())
    assert text == " ".join(call("--help").split()) and "..." not in text.replace("[ARGS]...", "")
    assert all(summary in text for summary in COMMANDS.values()) and all(f"{heading}:" in text for heading in OVERVIEW)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_has_every_option(command: str) -> None:
    text = call(command, "-h")
    assert text == call(command, "--help")
    for name, parameter in options(command).items():
        assert re.search(rf"^  (-\w, )?{name}\b", text, re.M), name
        assert " ".join(str(parameter.help).split())[:40].split()[0] in text


def test_options_of_train_are_in_groups() -> None:
    text = call("train", "-h")
    headings = re.findall(r"^(\w[\w ]+):$", text, re.M)
    assert headings[:3] == ["Arguments", "Network", "Learning"] and headings[-1] == "Other options"
    assert text.split("Other options:")[1].split() == "-h, --help Show this message and exit.".split()


def completed(words: str, count: int) -> list[str]:
    asked = {"_RECIRCUIT_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(count)}
    command = [str(Path(sys.executable).with_name("recircuit"))]
    return subprocess.run(command, env={**os.environ, **asked}, capture_output=True, text=True).stdout.split()


def test_commands_and_options_are_completed() -> None:
    assert completed("recircuit r", 1) == ["robustness", "runs", "reproduce", "rules"]
    assert completed("recircuit show --o", 2) == ["--out"]
    assert completed("recircuit train digits --rule ur", 4) == ["urfb"]


def test_values_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert completion.data_sets("mn") == ["mnist"] and "digits" in completion.data_sets("")
    assert completion.several(completion.rules)("bp,frf") == ["bp,frfb"]
    assert completion.what_is_swept("amit-lin") == ["amit-linear"]
    assert completion.what_is_swept("amit-linear,amit-cir") == ["amit-linear,amit-circuit"]
    monkeypatch.chdir(tmp_path)
    assert completion.runs("") == []
    (tmp_path / "runs" / "sweep" / "one").mkdir(parents=True)
    (tmp_path / "runs" / "sweep" / "one" / "config.json").write_text("{}")
    assert completion.runs("sw") == ["sweep/one"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_with_named_values_is_completed(command: str) -> None:
    named = {"data", "rule", "rules", "loss", "transfer", "backend", "measure", "what", "experiment"}
    made = cast(Any, typer.main.get_command(app)).commands[command]
    for parameter in made.params:
        is_folder = parameter.metavar == "DIR"  # as --data of reproduce, which the shell completes itself
        assert is_folder or parameter.name not in named or parameter.shell_complete(typer.Context(made), ""), (
            parameter.name
        )


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("resnet", ("simpnet", "deepnet", "deepernet"), None),
        ("float16", ("float32", "float64"), None),
        ("float3", ("float32", "float64"), "float32"),
        ("cifar11", ("mnist", "cifar10", "cifar100"), "cifar10"),
        ("cifar1000", ("mnist", "cifar10", "cifar100"), "cifar100"),
        ("urbf", ("urfb", "frfb"), "urfb"),
        ("batchsize", ("batch_size",), "batch_size"),
        ("nosuch", ("tanh", "relu"), None),
    ],
)
def test_only_what_could_be_meant_is_suggested(name: str, known: tuple[str, ...], expected: str | None) -> None:
    assert nearest(name, known) == expected


def test_a_warning_is_one_line_and_is_written_once(capsys: pytest.CaptureFixture[str]) -> None:
    with plain_warnings():
        for _ in range(2):  # as logging writes it, which Brian2 asks to capture warnings
            text = warnings.formatwarning("the rate\nis large", UserWarning, "file.py", 3)
            logging.getLogger("py.warnings").warning("%s", text)
    assert capsys.readouterr().err == "recircuit: the rate is large\n"
    assert "file.py" in warnings.formatwarning("the rate", UserWarning, "file.py", 3)
