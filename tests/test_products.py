"""The matrix products and transfer functions of compiled circuits, called by themselves, against NumPy."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy_openblas32
from hypothesis import given, settings
from hypothesis import strategies as st

from recircuit.circuits.backends.cpp.compiler import FLAGS, compiler
from recircuit.circuits.backends.cpp.device import OURS

pytestmark = pytest.mark.cpp

CALLS = """
#include "functions.h"
#include "products.h"
using namespace recircuit;
extern "C" {
void start(int threads) { Pool::get().start(threads); }
void tanh_f(int n, const float* x, float* y) { for (int k = 0; k < n; ++k) y[k] = recircuit::tanh(x[k]); }
#define CALLS(T, name)                                                                                              \\
    void propagate_##name(int columns, int pre, int post, int turned, const T* x, const T* w, T* y) {               \\
        propagate<T>(columns, pre, post, turned, x, w, y);                                                           \\
    }                                                                                                               \\
    void accumulate_##name(int columns, int pre, int post, double keep, double scale, const T* y, const T* x, T* w) { \\
        accumulate<T>(columns, pre, post, T(keep), T(scale), y, x, w);                                               \\
    }
CALLS(float, f)
CALLS(double, d)
}
"""
#: Room for the errors of sums of up to 900 products of numbers below 1.
NEAR = {np.float32: 2e-4, np.float64: 1e-12}
sizes = st.integers(1, 130) | st.sampled_from([192, 193, 500, 784])
columns = st.integers(1, 40) | st.sampled_from([100, 513])


def library(folder: Path, threads: int) -> ctypes.CDLL:
    """The products as a shared library whose pool has so many threads."""
    source, built = folder / "calls.cpp", folder / f"calls_{threads}.so"
    source.write_text(CALLS)
    blas = scipy_openblas32.get_lib_dir()
    subprocess.run(
        [compiler(), *FLAGS, "-shared", "-fPIC", "-fno-gnu-unique", str(source), "-o", str(built), f"-I{OURS}",
         f"-I{scipy_openblas32.get_include_dir()}", f"-L{blas}", f"-Wl,-rpath,{blas}", "-lscipy_openblas", "-pthread"],
        check=True,
    )  # fmt: skip
    loaded = ctypes.CDLL(str(built))
    loaded.start(threads)
    return loaded


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> list[ctypes.CDLL]:
    """With one thread, and with three."""
    folder = tmp_path_factory.mktemp("products")
    one = library(folder, 1)
    (folder / "three").mkdir()
    return [one, library(folder / "three", 3)]


def call(function: Callable[..., None], *arguments: float | np.ndarray) -> None:
    """Call it with numbers and arrays."""
    function(*(
        a.ctypes.data_as(ctypes.c_void_p) if isinstance(a, np.ndarray)
        else ctypes.c_double(a) if isinstance(a, float) else ctypes.c_int(a)
        for a in arguments
    ))  # fmt: skip


def kind(dtype: type) -> str:
    """The suffix of the functions of a type."""
    return {np.float32: "f", np.float64: "d"}[dtype]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=60, deadline=None)
@given(b=columns, pre=sizes, post=sizes, turned=st.booleans(), seed=st.integers(0, 9))
def test_propagation(
    libraries: list[ctypes.CDLL], dtype: type, b: int, pre: int, post: int, turned: bool, seed: int
) -> None:
    """field = signal W^T, or signal W; the bits do not depend on the threads; nothing is written beyond the field."""
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
@settings(max_examples=60, deadline=None)
@given(b=columns, pre=sizes, post=sizes, keep=st.sampled_from([0.0, 1.0, 0.5]), seed=st.integers(0, 9))
def test_learning(
    libraries: list[ctypes.CDLL], dtype: type, b: int, pre: int, post: int, keep: float, seed: int
) -> None:
    """w = keep w + scale sum_b y_b x_b^T, and nothing beside it."""
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


def test_tanh(libraries: list[ctypes.CDLL]) -> None:
    """To 3e-7 of its value; 1 far out; a NaN stays one."""
    x = np.concatenate([np.linspace(-12, 12, 100_001), np.logspace(-30, 0, 1000), [np.inf, -np.inf]]).astype(np.float32)
    y = np.empty_like(x)
    call(libraries[0].tanh_f, len(x), x, y)
    np.testing.assert_allclose(y, np.tanh(x.astype(float)), rtol=3e-7, atol=0)
    nan = np.full(33, np.nan, np.float32)
    call(libraries[0].tanh_f, len(nan), nan, y)
    assert np.isnan(y[:33]).all()
