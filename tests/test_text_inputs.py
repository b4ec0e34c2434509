"""Every function that takes text reads it before anything could execute it, and refuses in words what it cannot use."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from text_inputs import EXPRESSIONS, PAYLOADS, WORDS

from recircuit.cli import main
from recircuit.errors import RecircuitError


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
@pytest.mark.parametrize("taken_as", [*EXPRESSIONS, *WORDS])
def test_no_text_is_executed(taken_as: str, payload: str, tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    with pytest.raises(RecircuitError):
        (EXPRESSIONS | WORDS)[taken_as](payload.format(mark))
    assert not mark.exists()


ASCII = st.text(alphabet=st.characters(max_codepoint=126), max_size=30)
PIECES = st.lists(
    st.sampled_from([*"()+-*/%<>=.,:;[]^&|@~!#'\" \n_1", "**", "9", "1e9", "basal", "x_pre", "tanh", "rand", "and", "not", "if",
                     "else", "lambda", "is", "in", "inf", "e", "True", "None", "t", "ms", "int(", "clip("]),
    max_size=12,
).map("".join)  # fmt: skip


@pytest.mark.parametrize("taken_as", EXPRESSIONS)
@settings(max_examples=20, deadline=None)
@given(text=st.one_of(ASCII, PIECES, st.text(max_size=20)))
def test_any_text_is_read_or_refused_in_words(taken_as: str, text: str) -> None:
    with suppress(RecircuitError):
        EXPRESSIONS[taken_as](text)


@pytest.mark.parametrize("taken_as", WORDS)
@settings(max_examples=5, deadline=None)
@given(text=st.one_of(ASCII, st.text(max_size=20)))
def test_any_word_is_read_or_refused_in_words(taken_as: str, text: str) -> None:
    with suppress(RecircuitError):
        WORDS[taken_as](text)


# --- The command line -------------------------------------------------------------------------------------------------


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0), capsys.readouterr().err


OPTIONS = ["transfer", "layers", "model", "rule", "loss", "augment", "precision", "backend", "matmul", "measure"]


@pytest.mark.parametrize("option", OPTIONS)
def test_no_option_executes_text(option: str, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for payload in PAYLOADS:
        text = payload.format("executed")
        code, output = command(capsys, "train", "digits", f"--{option}", text, "--epochs", "1", "--out", "run")
        assert (code, "Traceback" in output, "bug in recircuit" in output) == (2, False, False), output
        assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("option", ["transfer", "loss", "augment", "layers"])
def test_a_folder_of_someone_else_executes_nothing(option: str, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = ["train", "digits", "--layers", "64-4-10", "--transfer", "tanh", "--backend", "numpy", "--out", "run"]
    assert command(capsys, *options, "--epochs", "1")[0] == 0
    path = tmp_path / "run" / "config.json"
    good = json.loads(path.read_text())
    for payload in PAYLOADS:
        changed = json.loads(json.dumps(good))
        changed["run"][option] = payload.format("executed")
        path.write_text(json.dumps(changed))
        code, output = command(capsys, "train", "digits", "--out", "run", "--resume", "--epochs", "2")
        assert (code > 0, "Traceback" in output, "bug in recircuit" in output) == (True, False, False), output
        assert not (tmp_path / "executed").exists()
