"""Data sets: every format read, every damage refused in words, nothing executed."""

from __future__ import annotations

import dataclasses
import gzip
import math
import os
import pickle
import re
import struct
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.io import savemat
from small_files import write_back_image, write_svhn, write_timit

from recircuit.errors import RecircuitError, UsageError
from recircuit.models.data import Dataset, cifar, load, load_cifar10, load_cifar100, read_idx

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("RECIRCUIT_DATA", ROOT.parent / "shared" / "data"))


def idx_bytes(array: np.ndarray) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def refused(*words: str, by: type[RecircuitError] = RecircuitError):
    """Expect an error that holds all of the words."""
    return pytest.raises(by, match="(?s)" + "".join(f"(?=.*{re.escape(word)})" for word in words))


def arrays(n_train: int = 6, n_test: int = 4, classes: int = 3) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "x_train": rng.integers(0, 256, (n_train, 4, 5), dtype=np.uint8),
        "y_train": np.arange(n_train) % classes,
        "x_test": rng.integers(0, 256, (n_test, 4, 5), dtype=np.uint8),
        "y_test": np.arange(n_test) % classes,
    }


def write_npz(directory: Path, **changes: np.ndarray) -> Path:
    path = directory / "mine.npz"
    np.savez(path, **{**arrays(), **changes})
    return path


def write_mnist(directory: Path, mark: str = "-", gz: bool = False, **changes: np.ndarray) -> dict[str, np.ndarray]:
    data = {**arrays(), **changes}
    directory.mkdir(parents=True, exist_ok=True)
    for part, name in (("train", "train"), ("t10k", "test")):
        for kind, array in (("images", data[f"x_{name}"]), ("labels", data[f"y_{name}"].astype(np.uint8))):
            content = idx_bytes(array)
            path = directory / f"{part}-{kind}{mark}idx{array.ndim}-ubyte{'.gz' if gz else ''}"
            path.write_bytes(gzip.compress(content) if gz else content)
    return data


# Data sets from arrays


def test_from_arrays_flattens_and_freezes():
    data = arrays()
    dataset = Dataset.from_arrays("mine", **data)
    assert (dataset.n_train, dataset.n_test, dataset.n_features) == (6, 4, 20)
    assert (dataset.classes, dataset.shape, dataset.scale, dataset.offset) == (3, (4, 5), 1 / 255, 0)
    assert dataset.x_train.dtype == np.uint8 and dataset.y_train.dtype == np.int64
    np.testing.assert_array_equal(dataset.x_train, data["x_train"].reshape(6, 20))
    with pytest.raises(ValueError, match="read-only"):
        dataset.x_train[0, 0] = 1
    data["x_train"][0, 0, 0] = 1  # the caller's own array stays writable
    assert dataset.validate() is dataset
    assert "6 training and 4 test samples of 4x5" in repr(dataset)


@pytest.mark.parametrize("dtype", ["float16", "float32", ">f4", "float64"])
def test_floats_become_float32(dtype):
    x = np.linspace(-1, 1, 12).reshape(4, 3).astype(dtype)
    dataset = Dataset.from_arrays("mine", x, [0, 1, 0, 1], x[:, ::1], [0, 1, 0, 1])
    assert dataset.x_train.dtype == np.float32 and dataset.scale == 1
    np.testing.assert_array_equal(dataset.x_train, x.astype(np.float32))


def test_non_contiguous_samples_are_made_contiguous():
    x = np.asfortranarray(np.arange(12, dtype=np.uint8).reshape(4, 3))[::-1]
    dataset = Dataset.from_arrays("mine", x, [0, 1, 0, 1], x, [0, 1, 0, 1])
    assert dataset.x_train.flags.c_contiguous
    np.testing.assert_array_equal(dataset.x_train, x)


def test_a_class_may_lack_samples():
    dataset = Dataset.from_arrays("mine", **{**arrays(), "y_train": np.array([0, 1, 2, 4, 5, 9], dtype=np.uint8)})
    assert dataset.classes == 10


def test_width_one():
    x = np.ones((1, 1), dtype=np.float32)
    dataset = Dataset.from_arrays("mine", x, [0], x, [0])
    assert (dataset.n_features, dataset.classes) == (1, 1)


def test_fingerprint_tells_contents_apart():
    data = arrays()
    first = Dataset.from_arrays("a", **data)
    assert first.fingerprint() == Dataset.from_arrays("b", **data).fingerprint()
    changed = data["x_test"].copy()
    changed[-1, -1, -1] ^= 1
    others = [
        Dataset.from_arrays("a", **{**data, "x_test": changed}),
        Dataset.from_arrays("a", **{**data, "y_train": data["y_train"][::-1]}),
        Dataset.from_arrays("a", **data, scale=1.0),
        Dataset.from_arrays("a", **data, classes=4),
        dataclasses.replace(first, shape=(20,)),
    ]
    assert len({first.fingerprint(), *(other.fingerprint() for other in others)}) == 6


def bad_value(value: float, dtype: str = "float32") -> np.ndarray:
    x = np.zeros((6, 4, 5), dtype=dtype)
    x[2, 1, 3] = value
    return x


FLOAT_TEST = np.zeros((4, 4, 5), dtype=np.float32)

BAD_ARRAYS = {
    "nan": (
        {"x_train": bad_value(math.nan), "x_test": FLOAT_TEST},
        ["x_train", "nan", "sample 2, feature 8"],
    ),
    "inf": (
        {"x_train": bad_value(-math.inf, "float64"), "x_test": FLOAT_TEST},
        ["x_train", "-inf", "finite"],
    ),
    "overflow": (
        {"x_train": bad_value(1e39, "float64"), "x_test": FLOAT_TEST},
        ["x_train", "1e+39", "float32"],
    ),
    "int samples": ({"x_train": np.zeros((6, 4, 5), int)}, ["x_train", "int64", "uint8"]),
    "complex": ({"x_train": np.zeros((6, 4, 5), complex)}, ["x_train", "complex128"]),
    "strings": ({"x_train": np.full((6, 4, 5), "a")}, ["x_train", "<U1"]),
    "two types": ({"x_test": FLOAT_TEST}, ["uint8", "float32", "save both alike"]),
    "features differ": (
        {"x_test": np.zeros((4, 4, 6), np.uint8)},
        ["(4, 5)", "(4, 6)", "same number of features"],
    ),
    "one dimension": (
        {"x_train": np.zeros(6, np.uint8), "x_test": np.zeros(4, np.uint8)},
        ["x_train", "(6,)"],
    ),
    "no samples": (
        {"x_train": np.zeros((0, 4, 5), np.uint8), "y_train": np.zeros(0, int)},
        ["x_train is empty"],
    ),
    "nothing": ({key: np.zeros((0, 2)) if key[0] == "x" else [] for key in arrays()}, ["x_train is empty"]),
    "no test samples": (
        {"x_test": np.zeros((0, 4, 5), np.uint8), "y_test": np.zeros(0)},
        ["x_test is empty"],
    ),
    "no features": (
        {"x_train": np.zeros((6, 0)), "x_test": np.zeros((4, 0))},
        ["x_train is empty", "(6, 0)"],
    ),
    "too few labels": ({"y_train": np.arange(5)}, ["y_train", "(5,)", "6 samples"]),
    "batch element of labels": ({"y_train": np.zeros((6, 1), int)}, ["y_train", "(6, 1)", "ravel"]),
    "float labels": ({"y_test": np.array([0, 1, 0.5, 2])}, ["y_test", "float64", "integers"]),
    "negative label": ({"y_train": np.array([0, 1, 2, -1, 0, 1])}, ["y_train", "-1 (sample 3", "0 to 2"]),
    "only negative": ({"y_train": np.full(6, -1), "y_test": np.full(4, -1)}, ["y_train", "the label -1"]),
    "label beyond int64": ({"y_test": np.array([0, 1, 2, 2**64 - 1], np.uint64)}, ["y_test", str(2**64 - 1)]),
    "identifiers": ({"y_train": np.arange(6) * 10**6}, ["y_train", "5000000", "numpy.unique"]),
}


@pytest.mark.parametrize("changes, words", BAD_ARRAYS.values(), ids=BAD_ARRAYS)
def test_bad_arrays_are_refused(tmp_path, changes, words):
    with refused("mine", *words):
        Dataset.from_arrays("mine", **{**arrays(), **changes})
    with refused("mine.npz", *words):
        load(write_npz(tmp_path, **changes))


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"classes": 2}, ["y_train", "the label 2", "0 to 1"]),
        ({"classes": 0}, ["0 classes"]),
        ({"scale": 0.0}, ["scale 0.0"]),
        ({"offset": math.nan}, ["offset nan"]),
        ({"shape": (4, 4)}, ["20 features", "16"]),
        ({"x_train": np.zeros((6, 20))}, ["float64", "from_arrays"]),
        ({"x_train": np.zeros((20, 6), np.uint8).T}, ["C-contiguous"]),
        ({"y_test": np.zeros(4, np.int32)}, ["y_test is int32"]),
    ],
)
def test_a_dataset_made_directly_is_checked(changes, words):
    with refused("mine", *words):
        dataclasses.replace(Dataset.from_arrays("mine", **arrays()), **changes)


# Digits


def test_digits_split():
    dataset = load("digits")
    assert (dataset.n_train, dataset.n_test, dataset.n_features) == (1437, 360, 64)
    assert (dataset.classes, dataset.shape, dataset.scale) == (10, (8, 8), 1 / 16)
    assert dataset.x_train.dtype == np.uint8 and dataset.x_train.max() == 16
    train, test = np.bincount(dataset.y_train), np.bincount(dataset.y_test)
    assert np.abs(test - (train + test) / 5).max() < 1
    assert dataset.fingerprint() == load("digits").fingerprint()


def test_digits_are_those_of_scikit_learn_once_each():
    from sklearn.datasets import load_digits

    dataset = load("digits")
    x, y = load_digits(return_X_y=True)
    ours = np.column_stack([np.vstack([dataset.x_train, dataset.x_test]), np.r_[dataset.y_train, dataset.y_test]])
    theirs = np.column_stack([x, y])
    assert sorted(map(tuple, ours.tolist())) == sorted(map(tuple, theirs.astype(int).tolist()))


# IDX


@given(
    array=hnp.arrays(np.uint8, hnp.array_shapes(max_dims=4, max_side=5)),
    compress=st.booleans(),
)
def test_idx_round_trip(array, compress):
    content = idx_bytes(array)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "some-idx")
        path.write_bytes(gzip.compress(content) if compress else content)
        np.testing.assert_array_equal(read_idx(path, array.ndim), array)


@pytest.mark.parametrize("compress", [False, True])
def test_idx_truncated_at_any_byte(tmp_path, compress):
    content = idx_bytes(arrays()["x_train"][:2])
    whole = gzip.compress(content) if compress else content
    path = tmp_path / "images"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with refused(str(path), "truncated"):
            read_idx(path, 3)


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recircuit.circuits.lowering.memory.SMALL", 0)
    monkeypatch.setattr("recircuit.circuits.lowering.memory.available", lambda: 1000)


def test_compressed_files_that_do_not_fit_into_memory_are_refused_unread(tmp_path, little_memory):
    zeros = np.zeros((50, 5, 5), np.uint8)
    (tmp_path / "images").write_bytes(gzip.compress(idx_bytes(zeros)))
    with refused(str(tmp_path / "images"), "its 1,250 values need", "are free"):
        read_idx(tmp_path / "images", 3)
    np.savez_compressed(tmp_path / "zeros.npz", x_train=zeros, y_train=zeros, x_test=zeros, y_test=zeros)
    with refused("zeros.npz: its arrays need", "are free"):
        load(tmp_path / "zeros.npz")


def test_a_compressed_file_is_read_no_further_than_it_declares(tmp_path):
    (tmp_path / "images").write_bytes(gzip.compress(idx_bytes(np.zeros((2, 5, 5), np.uint8)) + bytes(10**6)))
    with refused("holds 51 values after its header; expected 50"):
        read_idx(tmp_path / "images", 3)


@given(position=st.integers(0, 10**6), bit=st.integers(0, 7), compress=st.booleans())
def test_idx_with_a_flipped_bit_is_read_or_refused(position, bit, compress):
    array = arrays()["x_train"]
    content = bytearray(gzip.compress(idx_bytes(array)) if compress else idx_bytes(array))
    content[position % len(content)] ^= 1 << bit
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "images")
        path.write_bytes(content)
        try:
            assert read_idx(path, 3).shape == array.shape
        except RecircuitError as error:
            assert str(path) in str(error)


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", ["(none)", "00000803"]),
        (idx_bytes(np.zeros(4, np.uint8)), ["00000801", "00000803", "swapped"]),
        (b"\0\0\x0d\x03" + bytes(16), ["00000d03", "uint8"]),
        (b"<html>404</html>", ["3c68746d"]),
        (idx_bytes(np.zeros((2, 2, 2), np.uint8)) + b"\0", ["9 values", "8", "(2, 2, 2)"]),
        (struct.pack(">HBB3I", 0, 8, 3, 0, 2**32 - 1, 2**32 - 1), ["at least one"]),
        (struct.pack(">HBB3I", 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1), ["0 values"]),
    ],
)
def test_wrong_idx_files_are_refused(tmp_path, content, words):
    path = tmp_path / "images"
    path.write_bytes(content)
    with refused(str(path), *words):
        read_idx(path, 3)


# MNIST


@pytest.mark.parametrize("mark", ["-", "."])
@pytest.mark.parametrize("gz", [False, True])
@pytest.mark.parametrize("folder", ["", "mnist"])
def test_mnist_by_its_usual_names(tmp_path, mark, gz, folder):
    data = write_mnist(tmp_path / folder, mark, gz)
    dataset = load("mnist", tmp_path)
    assert (dataset.name, dataset.classes, dataset.shape, dataset.scale) == ("mnist", 10, (4, 5), 1 / 255)
    np.testing.assert_array_equal(dataset.x_train, data["x_train"].reshape(6, 20))
    np.testing.assert_array_equal(dataset.y_test, data["y_test"])


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"y_train": np.arange(5)}, ["train-labels", "5 labels", "train-images", "6 images"]),
        ({"y_test": np.array([0, 1, 2, 10])}, ["t10k-labels", "the label 10 (sample 3)", "0 to 9"]),
        ({"x_test": np.zeros((4, 5, 5), np.uint8)}, ["(4, 5)", "(5, 5)"]),
    ],
)
def test_mnist_files_that_do_not_fit_are_refused(tmp_path, changes, words):
    write_mnist(tmp_path, **changes)
    with refused(*words):
        load("mnist", tmp_path)


def test_mnist_lacking_a_file(tmp_path):
    write_mnist(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with refused("t10k-labels-idx1-ubyte.gz", str(tmp_path), "--data"):
        load("mnist", tmp_path)


def test_mnist_file_that_is_a_directory(tmp_path):
    write_mnist(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    (tmp_path / "t10k-labels-idx1-ubyte").mkdir()
    with refused("t10k-labels-idx1-ubyte", "directory"):
        load("mnist", tmp_path)


@pytest.mark.data
@pytest.mark.skipif(not (DATA / "mnist").is_dir(), reason=f"no MNIST in {DATA / 'mnist'}: set RECIRCUIT_DATA")
def test_real_mnist():
    dataset = load("mnist", DATA / "mnist")
    assert (dataset.x_train.shape, dataset.x_test.shape, dataset.shape) == (
        (60_000, 784),
        (10_000, 784),
        (28, 28),
    )
    train = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    test = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(dataset.y_train).tolist() == train and np.bincount(dataset.y_test).tolist() == test
    assert dataset.x_train.mean() * dataset.scale == pytest.approx(0.1307, abs=5e-5)
    assert dataset.x_train.std() * dataset.scale == pytest.approx(0.3081, abs=5e-5)


# NumPy archives


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz(tmp_path, save):
    data = arrays()
    save(tmp_path / "mine.npz", **data, extra=np.arange(3))
    dataset = load(str(tmp_path / "mine.npz"))
    assert dataset.name == str(tmp_path / "mine.npz")
    assert dataset.fingerprint() == Dataset.from_arrays("mine", **data).fingerprint()


def test_npz_lacking_arrays(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, x_train=np.zeros((2, 2)), y=np.zeros(2))
    with refused(str(path), "lacks y_train, x_test, y_test", "x_train, y"):
        load(path)


class Trap:
    """An object that makes a directory when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_npz_with_pickled_objects_executes_nothing(tmp_path):
    sprung = tmp_path / "sprung"
    path = write_npz(tmp_path, y_train=np.array([Trap(sprung)] * 6, dtype=object))
    with refused("y_train", str(path), "Python objects", "execute code"):
        load(path)
    path.write_bytes(pickle.dumps(Trap(sprung)))
    with refused(str(path), "not an .npz"):
        load(path)
    with zipfile.ZipFile(path, "w") as archive:
        for key in arrays():
            archive.writestr(f"{key}.npy", pickle.dumps(Trap(sprung)))
    with refused("x_train", str(path)):
        load(path)
    assert not sprung.exists()


def test_npz_that_is_a_single_array(tmp_path):
    path = tmp_path / "mine.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with refused(str(path), "x93NUM", "numpy.savez"):
        load(path)


def test_npz_with_a_header_that_promises_more_than_there_is(tmp_path):
    path = tmp_path / "mine.npz"
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000000, 9), }\n"
    with zipfile.ZipFile(path, "w") as archive:
        for key in arrays():
            archive.writestr(f"{key}.npy", b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header)
    with refused("x_train", str(path)):
        load(path)


def test_npz_truncated_at_any_byte(tmp_path):
    path = write_npz(tmp_path)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with refused(str(path), "truncated"):
            load(path)


@given(position=st.integers(0, 10**6), byte=st.integers(0, 255))
def test_npz_with_a_wrong_byte_is_refused_or_read_all_the_same(position, byte):
    with tempfile.TemporaryDirectory() as directory:
        path = write_npz(Path(directory))
        content = bytearray(path.read_bytes())
        content[position % len(content)] = byte
        path.write_bytes(content)
        try:
            assert load(path).fingerprint() == Dataset.from_arrays("mine", **arrays()).fingerprint()
        except RecircuitError as error:
            assert str(path) in str(error)


# CIFAR

SMALL10 = dataclasses.replace(cifar.CIFAR10, records_train=3, records_test=2)
SMALL100 = dataclasses.replace(cifar.CIFAR100, records_train=5, records_test=2)


def write_cifar(directory: Path, layout: cifar.Layout) -> dict[str, np.ndarray]:
    """Write every file of a layout and return the records by file name."""
    rng = np.random.default_rng(0)
    directory.mkdir(parents=True, exist_ok=True)
    files = {}
    for name in (*layout.train, layout.test):
        count = layout.records_test if name == layout.test else layout.records_train
        records = rng.integers(0, 256, (count, layout.label_bytes + 3072), dtype=np.uint8)
        records[:, : layout.label_bytes] %= layout.classes
        records.tofile(directory / name)
        files[name] = records
    return files


@pytest.mark.parametrize("read, layout", [(load_cifar10, SMALL10), (load_cifar100, SMALL100)])
@pytest.mark.parametrize("inside", [False, True])
def test_cifar(tmp_path, read, layout, inside):
    files = write_cifar(tmp_path / layout.folder if inside else tmp_path, layout)
    dataset = read(tmp_path, layout)
    assert (dataset.name, dataset.classes, dataset.shape) == (layout.name, layout.classes, (3, 32, 32))
    train = np.concatenate([files[name] for name in layout.train])
    np.testing.assert_array_equal(dataset.x_train, train[:, layout.label_bytes :])
    np.testing.assert_array_equal(dataset.y_train, train[:, layout.label_bytes - 1])
    np.testing.assert_array_equal(dataset.x_test, files[layout.test][:, layout.label_bytes :])


@pytest.mark.parametrize("length", [0, 1, 3073, 3 * 3073 - 1, 3 * 3073 + 1, 4 * 3073])
def test_cifar_of_another_length_is_refused(tmp_path, length):
    write_cifar(tmp_path, SMALL10)
    (tmp_path / "data_batch_4.bin").write_bytes(bytes(length))
    with refused("data_batch_4.bin", f"{length:,} bytes", "expected 9,219"):
        load_cifar10(tmp_path, SMALL10)


def test_cifar_label_out_of_range(tmp_path):
    write_cifar(tmp_path, SMALL100)
    records = np.fromfile(tmp_path / "test.bin", np.uint8).reshape(2, 3074)
    records[1, 1] = 100
    records.tofile(tmp_path / "test.bin")
    with refused("test.bin", "the label 100 (record 1)", "0 to 99"):
        load_cifar100(tmp_path, SMALL100)


@pytest.mark.parametrize("name, file", [("cifar10", "data_batch_1.bin"), ("cifar100", "train.bin")])
def test_cifar_by_name_expects_the_published_counts(tmp_path, name, file):
    with refused(file, "--data"):
        load(name, tmp_path)
    write_cifar(tmp_path, SMALL10 if name == "cifar10" else SMALL100)
    with refused(file, "expected 30,730,000" if name == "cifar10" else "expected 153,700,000"):
        load(name, tmp_path)


# Street View House Numbers, mnist-back-image, TIMIT


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("extra", [0, 4])
def test_svhn_in_grey(tmp_path, inside, extra):
    files = write_svhn(tmp_path / "svhn" if inside else tmp_path, train=12, extra=extra)
    dataset = load("svhn", tmp_path)
    assert (dataset.name, dataset.classes, dataset.shape, dataset.n_train) == ("svhn", 10, (32, 32), 12 + extra)
    for part, x, y in (("train", dataset.x_train[:12], dataset.y_train[:12]), ("test", dataset.x_test, dataset.y_test)):
        colours, labels = files[part]
        grey = np.rint(colours.mean(axis=2, dtype=np.float64)).astype(np.uint8)
        np.testing.assert_array_equal(x.reshape(-1, 32, 32), grey.transpose(2, 0, 1))
        np.testing.assert_array_equal(y, labels.ravel() % 10)


def test_svhn_that_is_damaged_or_something_else(tmp_path):
    write_svhn(tmp_path)
    path = tmp_path / "train_32x32.mat"
    whole = path.read_bytes()
    for content, message in ((whole[: len(whole) // 2], "cannot be read as a .mat file"), (b"", "cannot be read")):
        path.write_bytes(content)
        with refused(str(path), message, "fetch it again"):
            load("svhn", tmp_path)
    savemat(path, {"X": np.zeros((28, 28, 3, 2), np.uint8), "y": np.ones((2, 1))})
    with refused(str(path), "(28, 28, 3, 2)", "(32, 32, 3)"):
        load("svhn", tmp_path)
    savemat(path, {"X": np.zeros((32, 32, 3, 2), np.uint8), "y": np.array([[1], [11]])})
    with refused(str(path), "labels from 1 to 11", "expected 1 to 10"):
        load("svhn", tmp_path)
    path.unlink()
    with refused("train_32x32.mat", "--data", by=UsageError):
        load("svhn", tmp_path)


def test_back_image_is_trained_on_the_larger_file(tmp_path):
    files = write_back_image(tmp_path)
    dataset = load("back-image", tmp_path)
    assert (dataset.name, dataset.classes, dataset.shape) == ("back-image", 10, (28, 28))
    for part, x, y in (("test", dataset.x_train, dataset.y_train), ("train", dataset.x_test, dataset.y_test)):
        np.testing.assert_array_equal(x, files[part][0].astype(np.float32))
        np.testing.assert_array_equal(y, files[part][1])


@pytest.mark.parametrize(
    "content, message",
    [
        ("1 2 3\n4 5 6\n", "3 numbers in a line"),
        ("a b\n", "no table"),
        ("1 2\n1\n", "no table"),
        ("", "0 numbers"),
        (" ".join(["0.5"] * 785), "whole"),
    ],
)
def test_back_image_that_is_damaged_or_something_else(tmp_path, content, message):
    write_back_image(tmp_path)
    path = tmp_path / "mnist_background_images_train.amat"
    path.write_text(content)
    with refused(str(path), message):
        load("back-image", tmp_path)


def test_timit_is_an_archive_of_the_users(tmp_path):
    files = write_timit(tmp_path)
    dataset = load("timit", tmp_path)
    assert (dataset.n_features, dataset.classes) == (39, 6)
    np.testing.assert_array_equal(dataset.x_train, files["train"][0].astype(np.float32))
    (tmp_path / "timit.npz").unlink()
    with refused("timit.npz", "--data", by=UsageError):
        load("timit", tmp_path)


# Sources


@pytest.mark.parametrize("source", ["mnists", "", ".", "data.csv", "MNIST"])
def test_unknown_source(source):
    with refused(f"There is no data set {source!r}", "digits, mnist, cifar10, cifar100", ".npz", by=UsageError):
        load(source)


@pytest.mark.parametrize("source", ["mnist", "cifar10", "cifar100", "svhn", "back-image", "timit"])
def test_a_named_set_needs_a_directory(tmp_path, source):
    with refused(source, "--data DIR", by=UsageError):
        load(source)
    with refused(str(tmp_path / "nowhere"), "No such file", by=UsageError):
        load(source, tmp_path / "nowhere")
    file = tmp_path / "file"
    file.touch()
    with refused(str(file), "Not a directory", by=UsageError):
        load(source, str(file))


def test_missing_npz_and_directory_of_that_name(tmp_path):
    with refused("none.npz", "No such file", by=UsageError):
        load(tmp_path / "none.npz")
    (tmp_path / "folder.npz").mkdir()
    with refused("folder.npz", "directory", by=UsageError):
        load(tmp_path / "folder.npz")


def test_what_may_not_be_read(tmp_path, monkeypatch):
    path = write_npz(tmp_path)

    def deny(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", deny)
    with refused(str(path), "Permission denied", "permissions"):
        load(path)
    monkeypatch.setattr(os, "listdir", deny)
    with refused(str(tmp_path), "Permission denied", "--data"):
        load("mnist", tmp_path)


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_never_ends_is_not_read(tmp_path, kind):
    path = tmp_path / "mine.npz"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    with refused("mine.npz", "not a regular file but a pipe", by=UsageError):
        load(str(path))
    write_mnist(tmp_path / "mnist")
    images = tmp_path / "mnist" / "train-images-idx3-ubyte"
    images.unlink()
    os.mkfifo(images)
    with refused("train-images", "not a regular file", by=UsageError):
        load("mnist", tmp_path)


@pytest.mark.parametrize("kind", ["m8[s]", "M8[s]", "?", "f8", "S1", "c16"])
def test_labels_that_are_no_whole_numbers_are_refused(kind: str) -> None:
    x, y = np.ones((2, 3)), np.array([0, 1])
    with pytest.raises(RecircuitError, match="y_test is of type .*expected integers"):
        Dataset.from_arrays("odd", x, y, x, y.astype(kind))
