"""Files take the place of files only, and paths that cannot be used are refused in words."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import recircuit as rc
from recircuit.atomic_files import write_together, write_whole


def fifo(path: Path) -> None:
    os.mkfifo(path)


def open_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def link_to_a_device(path: Path) -> None:
    path.symlink_to("/dev/null")


@pytest.mark.parametrize("make", [fifo, open_socket, link_to_a_device, Path.mkdir])
def test_only_files_are_replaced(make: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A superuser could otherwise put a file in the place of /dev/null, at which nearly all programs of the machine fail."""
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    path = Path("there")
    make(path)
    before = os.lstat(path)
    for write in (
        lambda: write_whole(path, b"new"),
        lambda: write_together(Path(), {"other": b"1", "there": b"2"}, last="there"),
    ):
        with pytest.raises(rc.RecircuitError, match="is in its place"):
            write()
    assert os.lstat(path) == before
    assert os.listdir() == ["there"]


def test_a_link_that_somebody_has_prepared_is_not_written_through(tmp_path: Path) -> None:
    """The files of a run that comes from somebody else may be links to files of the user."""
    own, folder = tmp_path / "own", tmp_path / "folder"
    own.write_bytes(b"own")
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / f".{name}.{os.getpid()}").symlink_to(own)
        (folder / name).symlink_to(own)
    write_whole(folder / "a", b"new")
    write_together(folder, {"b": b"new", "c": b"new"}, last="c")
    assert own.read_bytes() == b"own"
    assert sorted(p.name for p in folder.iterdir()) == ["a", "b", "c"]
    assert all((folder / name).read_bytes() == b"new" and not (folder / name).is_symlink() for name in "abc")


@pytest.mark.parametrize(
    ("name", "message"), [("x" * 300, "which is too long"), ("no/such/folder", "Cannot write"), (".", "Cannot write")]
)
def test_a_name_that_cannot_be_written_is_refused_in_words(
    name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(rc.RecircuitError, match=message):
        rc.Checkpoint({"w": np.zeros(2)}).save(name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["x" * 300, "a/" * 3000])
def test_a_folder_that_cannot_be_is_refused_in_words(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(rc.RecircuitError, match="out is the name of a file or folder.*which is too long"):
        rc.train(rc.layered([3, 2]), (np.ones((2, 3)), [0, 1]), 1, out=name)
