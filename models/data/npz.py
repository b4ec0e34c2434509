"""NumPy archives: the format for data of one's own."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...circuits.lowering.memory import check_free
from ...errors import RecircuitError
from ...paths import shown
from .dataset import Dataset
from .file_reading import find, read_bytes

KEYS = ("x_train", "y_train", "x_test", "y_test")
ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # how a zip archive begins: with a file, or with its end


def load_npz(path: Path) -> Dataset:
    """Load the data set in an archive with x_train, y_train, x_test and y_test; its name is that of the file.

    numpy.savez("mine.npz", x_train=..., y_train=..., x_test=..., y_test=...) writes one. Samples are
    (n, ...), uint8 (shown as rates x / 255) or floats (shown as they are, in float32); labels are (n,),
    integers from 0 on. Python objects are refused unread, so no archive can execute code.

    Parameters
    ----------
    path : Path
        The .npz file, compressed or not.

    Raises
    ------
    RecircuitError
        If the file cannot be read, is damaged, is no .npz file, or holds no valid data set.
    """
    content = read_bytes(path)
    if content[:4] not in ZIP:  # numpy.load would take it for a single array, or for a pickle
        raise RecircuitError(
            f"{path} is not an .npz file: it begins with {content[:4]!r}, expected {ZIP[0]!r} as a zip "
            "archive does. It is truncated or another file: write it with numpy.savez(path, x_train=..., "
            "y_train=..., x_test=..., y_test=...)."
        )
    return Dataset.from_arrays(shown(path), *_arrays(content, path))


def load_timit(directory: Path) -> Dataset:
    """Load frames of speech, each with one of six stop consonants, from timit.npz in a folder; see `load_npz`.

    In Lillicrap et al. 2016, Note 7, 63,881 training and 22,257 test samples of 39 features: the MFCC of frames of 10
    ms, and their first two derivatives.

    Raises
    ------
    UsageError
        If the file is missing.
    RecircuitError
        If `load_npz` refuses the file.
    """
    return load_npz(find(directory, ["timit"], ["timit.npz"]))


def _arrays(content: bytes, path: Path) -> list[NDArray]:
    """Return the four arrays, in the order of KEYS."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            missing = [key for key in KEYS if key not in archive]
            _check_memory(archive, path)
            arrays = [] if missing else [_array(archive, key, path) for key in KEYS]
            found = archive.files
    except RecircuitError:
        raise
    except Exception as error:  # a damaged archive makes zipfile raise almost anything
        raise RecircuitError(
            f"{path} cannot be read as an .npz file ({error}); expected a whole zip archive. It is truncated "
            "or damaged: fetch or write it again."
        ) from error
    if missing:
        raise RecircuitError(
            f"{path} lacks {', '.join(missing)}; expected the arrays {', '.join(KEYS)}, and it holds "
            f"{', '.join(found) or 'none'}. Save it again with all four under these names."
        )
    return arrays


def _check_memory(archive: np.lib.npyio.NpzFile, path: Path) -> None:
    """Refuse an archive whose arrays do not fit into memory; compressed, they may be a thousand times smaller."""
    members = [] if archive.zip is None else archive.zip.infolist()
    needed = sum(member.file_size for member in members if member.filename.removesuffix(".npy") in KEYS)
    check_free(needed, f"{path}: its arrays", "Save fewer samples, or as uint8.")


def _array(archive: np.lib.npyio.NpzFile, key: str, path: Path) -> NDArray:
    """Return one array of the archive."""
    try:
        array = archive[key]
    except Exception as error:  # the same: zipfile, zlib, and the parser of array headers
        raise RecircuitError(
            f"{key} in {path} cannot be read ({str(error) or 'it ends too early'}); expected an array of "
            "numbers. It is damaged, or holds Python objects, which are refused since loading them could "
            "execute code: save it again as uint8, float32 or integers."
        ) from error
    if not isinstance(array, np.ndarray):
        raise RecircuitError(f"{key} in {path} is no NumPy array. Write the file with numpy.savez.")
    return array
