"""The matrix products and transfer functions of compiled circuits, called by themselves, against NumPy."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy_openblas32
from hypothesis import given, settings
from hypothesis import strategies as st

from recircuit.circuits.backends.compiled.sources import SOURCE
from recircuit.circuits.backends.cpp.compiler import compiler, flags
from recircuit.circuits.backends.cpp.device import OURS

pytestmark = pytest.mark.cpp

CALLS = """
#include "functions.h"
#include "pooling.h"
#include "products.h"
#include "sparse.h"
long recircuit::stored = 0;
using namespace recircuit;
extern "C" {
void start(int threads) { Pool::get().start(threads); }
void use(int threads) { Pool::get().use({threads, 0}); }
int shared() { return int(Pool::get().shared()); }
void tanh_f(int n, const float* x, float* y) { for (int k = 0; k < n; ++k) y[k] = recircuit::tanh(x[k]); }
#define CALLS(T, name)                                                                                              \\
    void propagate_##name(int batch_size, int pre, int post, int turned, const T* x, const T* w, T* y) {               \\
        propagate<T>(batch_size, pre, post, turned, x, w, y);                                                           \\
    }                                                                                                               \\
    void two_##name(int batch_size, int pre, int post, const T* x, const T* w, T* y, T* z) {                            \\
        Pool::get().gather();                                                                                           \\
        propagate<T>(batch_size, pre, post, false, x, w, y);                                                            \\
        propagate<T>(batch_size, post, pre, false, x, w, z);                                                            \\
        Pool::get().do_gathered();                                                                                      \\
    }                                                                                                               \\
    void accumulate_##name(int batch_size, int pre, int post, double keep, double scale, const T* y, const T* x, T* w) { \\
        accumulate<T>(batch_size, pre, post, T(keep), T(scale), y, x, w);                                               \\
    }                                                                                                               \\
    void largest_##name(int images, int sources, int places, int taps, const std::int32_t* pixels, double w, const T* x,   \\
                        T* argmax, T* y) {                                                                             \\
        largest<T>(images, sources, places, taps, pixels, T(w), x, argmax, y);                                          \\
    }                                                                                                               \\
    void few_propagate_##name(int batch_size, int pre, int post, int turned, const T* mask, const T* x, const T* w, T* y) { \\
        ++stored, sparse_propagate<T>(batch_size, pre, post, turned, mask, x, w, y);                                     \\
    }                                                                                                               \\
    void few_accumulate_##name(int batch_size, int filled, int pre, int post, double keep, double scale, const T* mask, \\
                               const T* y, const T* x, T* w) {                                                       \\
        ++stored, sparse_accumulate<T>(batch_size, filled, pre, post, T(keep), T(scale), mask, y, x, w);                 \\
    }
CALLS(float, f)
CALLS(double, d)
}
"""
#: Room for the errors of sums of up to 900 products of numbers below 1.
NEAR = {np.float32: 2e-4, np.float64: 1e-12}
sizes = st.integers(1, 130) | st.sampled_from([192, 193, 500, 784])
batch_size = st.integers(1, 40) | st.sampled_from([100, 513])


def compiled(folder: Path) -> Path:
    """Return the products as a shared library."""
    source, built = folder / "calls.cpp", folder / "calls.so"
    source.write_text(CALLS)
    blas = scipy_openblas32.get_lib_dir()
    subprocess.run(
        [*compiler(), *flags(), "-shared", "-fPIC", "-fno-gnu-unique", str(source), "-o", str(built),
         f"-I{OURS}", f"-I{SOURCE}", f"-I{scipy_openblas32.get_include_dir()}",
         f"-L{blas}", f"-Wl,-rpath,{blas}", "-lscipy_openblas", "-pthread"],
        check=True,
    )  # fmt: skip
    return built


def library(built: Path, threads: int) -> ctypes.CDLL:
    """Return a copy of the library, whose pool has so many threads: a library is loaded only once from the same file."""
    loaded = ctypes.CDLL(shutil.copyfile(built, built.with_name(f"calls_{threads}.so")))
    loaded.start(threads)
    return loaded


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> list[ctypes.CDLL]:
    """Return the library with one thread, and with three."""
    built = compiled(tmp_path_factory.mktemp("products"))
    return [library(built, threads) for threads in (1, 3)]


def call(function: Callable[..., None], *arguments: float | np.ndarray) -> None:
    """Call it with numbers and arrays."""
    function(*(
        a.ctypes.data_as(ctypes.c_void_p) if isinstance(a, np.ndarray)
        else ctypes.c_double(a) if isinstance(a, float) else ctypes.c_int(a)
        for a in arguments
    ))  # fmt: skip


def kind(dtype: type) -> str:
    """Return the suffix of the functions of a type."""
    return {np.float32: "f", np.float64: "d"}[dtype]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=60, deadline=None)
@given(b=batch_size, pre=sizes, post=sizes, turned=st.booleans(), seed=st.integers(0, 9))
def test_propagation(
    libraries: list[ctypes.CDLL], dtype: type, b: int, pre: int, post: int, turned: bool, seed: int
) -> None:
    """field = signal W^T, or signal W, holds; the bits do not depend on the threads; nothing is written beyond the field."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (b, pre)).astype(dtype)
    w = rng.uniform(-1, 1, (pre, post) if turned else (post, pre)).astype(dtype)
    got = []
    for one in libraries:
        y = np.full(b * post + 16, 7, dtype)
        call(getattr(one, f"propagate_{kind(dtype)}"), b, pre, post, int(turned), x, w, y)
        assert (y[b * post :] == 7).all()
        got.append(y[: b * post].reshape(b, post))
    wanted = x.astype(float) @ (w if turned else w.T).astype(float)
    np.testing.assert_allclose(got[0], wanted, rtol=0, atol=NEAR[dtype])
    np.testing.assert_array_equal(got[0], got[1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=20, deadline=None)
@given(b=batch_size, pre=sizes, post=sizes)
def test_two_products_that_threads_share_at_once(
    libraries: list[ctypes.CDLL], dtype: type, b: int, pre: int, post: int
) -> None:
    """They are the products of one after the other, to the bit."""
    rng = np.random.default_rng(0)
    x, w = (rng.uniform(-1, 1, shape).astype(dtype) for shape in (b * max(pre, post), post * pre))
    for one in libraries:
        y, z, first, second = (np.zeros(b * n, dtype) for n in (post, pre, post, pre))
        call(getattr(one, f"two_{kind(dtype)}"), b, pre, post, x, w, y, z)
        call(getattr(libraries[0], f"propagate_{kind(dtype)}"), b, pre, post, 0, x, w, first)
        call(getattr(libraries[0], f"propagate_{kind(dtype)}"), b, post, pre, 0, x, w, second)
        np.testing.assert_array_equal(np.concatenate([y, z]), np.concatenate([first, second]))


def test_products_that_wait_count_as_shared_with_a_single_thread_too(libraries: list[ctypes.CDLL]) -> None:
    """Without this, a trial of a single thread would never end, since only presentations with shared work are timed."""
    three, b, n = libraries[1], 20, 90
    x, w, y, z = (np.ones(size, np.float32) for size in (b * n, n * n, b * n, b * n))
    counted = []
    for threads in (1, 3):
        three.use(threads)
        before = three.shared()
        call(three.two_f, b, n, n, x, w, y, z)
        counted.append(three.shared() - before)
    assert counted == [1, 1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=60, deadline=None)
@given(b=batch_size, pre=sizes, post=sizes, keep=st.sampled_from([0.0, 1.0, 0.5]), seed=st.integers(0, 9))
def test_learning(
    libraries: list[ctypes.CDLL], dtype: type, b: int, pre: int, post: int, keep: float, seed: int
) -> None:
    """It holds that w = keep w + scale sum_b y_b x_b^T, and nothing beside w is written."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-1, 1, (b, pre)).astype(dtype), rng.uniform(-1, 1, (b, post)).astype(dtype)
    before = rng.uniform(-1, 1, (post, pre)).astype(dtype)
    got = []
    for one in libraries:
        w = np.concatenate([before.ravel(), np.full(16, 7, dtype)])
        call(getattr(one, f"accumulate_{kind(dtype)}"), b, pre, post, keep, -0.25, y, x, w)
        assert (w[post * pre :] == 7).all()
        got.append(w[: post * pre].reshape(post, pre))
    wanted = keep * before.astype(float) - 0.25 * y.T.astype(float) @ x.astype(float)
    np.testing.assert_allclose(got[0], wanted, rtol=0, atol=NEAR[dtype])
    np.testing.assert_array_equal(got[0], got[1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=60, deadline=None)
@given(
    b=batch_size, pre=sizes, post=sizes, turned=st.booleans(), density=st.sampled_from([0.0, 0.05, 0.5, 1.0]),
    keep=st.sampled_from([0.0, 1.0, 0.5]), seed=st.integers(0, 9),
)  # fmt: skip
def test_few_synapses(
    libraries: list[ctypes.CDLL], dtype: type, b: int, pre: int, post: int, turned: bool, density: float, keep: float,
    seed: int,
) -> None:  # fmt: skip
    """Results are those of whole matrices where a synapse is; nothing else is read or written. Some elements are empty."""
    rng = np.random.default_rng(seed)
    name, shape = kind(dtype), (pre, post) if turned else (post, pre)
    mask = (rng.random(shape) < density).astype(dtype)
    w = np.where(mask, rng.uniform(-1, 1, shape), np.nan).astype(dtype)
    x, y = rng.uniform(-1, 1, (b, shape[1])).astype(dtype), rng.uniform(-1, 1, (b, shape[0])).astype(dtype)
    signal, filled, end = y if turned else x, max(1, b - 2), np.full(16, 7, dtype)
    fields, learned = [], []
    for one in libraries:
        field, weights = np.full(b * post + 16, 7, dtype), np.concatenate([w.ravel(), end])
        call(getattr(one, f"few_propagate_{name}"), b, pre, post, int(turned), mask, signal, w, field)
        call(getattr(one, f"few_accumulate_{name}"), b, filled, shape[1], shape[0], keep, -0.25, mask, y, x, weights)
        fields.append(field)
        learned.append(weights)
    there = np.nan_to_num(w).astype(float)
    field = signal @ (there if turned else there.T)
    np.testing.assert_allclose(fields[0][: b * post].reshape(b, post), field, rtol=0, atol=NEAR[dtype])
    wanted = np.where(mask, keep * there - 0.25 * y[:filled].T.astype(float) @ x[:filled], np.nan)
    np.testing.assert_allclose(learned[0][: w.size].reshape(shape), wanted, rtol=0, atol=NEAR[dtype])
    for one, three in (fields, learned):
        assert (one[-16:] == 7).all()
        np.testing.assert_array_equal(one, three)


def test_a_factor_of_zeros_changes_nothing(libraries: list[ctypes.CDLL]) -> None:
    """Not even its infinities change anything; with keep, what was there is kept in part."""
    x, zeros, w = np.full((3, 40), np.inf), np.zeros((3, 50)), np.random.default_rng(0).random((50, 40))
    before = w.copy()
    call(libraries[0].accumulate_d, 3, 40, 50, 1.0, 0.5, zeros, x, w)
    call(libraries[0].few_accumulate_d, 3, 3, 40, 50, 1.0, 0.5, np.ones((50, 40)), zeros, x, w)
    np.testing.assert_array_equal(w, before)
    call(libraries[0].accumulate_d, 3, 40, 50, 0.5, 0.5, zeros, np.ones((3, 40)), w)
    np.testing.assert_allclose(w, before / 2)


def test_tanh(libraries: list[ctypes.CDLL]) -> None:
    """It is right to 3e-7 of its value, and exactly 1 far out, so that a saturated unit has no slope; a NaN stays one."""
    x = np.concatenate([np.linspace(-12, 12, 100_001), np.logspace(-30, 0, 1000), [np.inf, -np.inf]]).astype(np.float32)
    y = np.empty_like(x)
    call(libraries[0].tanh_f, len(x), x, y)
    np.testing.assert_allclose(y, np.tanh(x.astype(float)), rtol=3e-7, atol=0)
    assert (np.abs(y) <= 1).all() and (np.abs(y[np.abs(x) > 8]) == 1).all()
    nan = np.full(33, np.nan, np.float32)
    call(libraries[0].tanh_f, len(nan), nan, y)
    assert np.isnan(y[:33]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(1, 40) | st.sampled_from([16, 32, 64]), kernel=st.integers(1, 4), stride=st.integers(1, 4),
    before=st.integers(0, 2), seed=st.integers(0, 9),
)  # fmt: skip
def test_the_largest_of_each_window(
    libraries: list[ctypes.CDLL], dtype: type, size: int, kernel: int, stride: int, before: int, seed: int
) -> None:
    """Each window sends its largest value times w, and the first tap that has it; pixels outside of the image never win."""
    image = np.random.default_rng(seed).integers(-3, 3, (5, size, size)).astype(dtype)
    begin = np.arange(0, size, stride) - min(before, kernel - 1)
    rows = begin[None, :, None] + np.repeat(np.arange(kernel), kernel)[:, None, None]
    across = begin[None, None, :] + np.tile(np.arange(kernel), kernel)[:, None, None]
    outside = (rows < 0) | (rows >= size) | (across < 0) | (across >= size)
    pixels = np.where(outside, -1, rows * size + across).astype(np.int32).reshape(kernel**2, -1)
    brought = np.where(pixels < 0, np.finfo(dtype).min, image.reshape(5, -1)[:, pixels])
    for one in libraries:
        found, argmax = np.zeros((2, 5, pixels.shape[1]), dtype)
        function = getattr(one, f"largest_{kind(dtype)}")
        call(function, 5, size**2, pixels.shape[1], kernel**2, np.ascontiguousarray(pixels), 0.5, image, argmax, found)
        np.testing.assert_array_equal(found, brought.max(1) * dtype(0.5))
        np.testing.assert_array_equal(argmax, brought.argmax(1))
