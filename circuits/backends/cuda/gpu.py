"""The GPU that the driver offers, found by calls of the driver itself."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from functools import cache
from typing import Any

Version = tuple[int, int]

#: CUdevice_attribute: compute capability, major and minor.
MAJOR, MINOR = 75, 76

#: What the driver answers when it finds no GPU.
NO_DEVICE = 100
CONTAINER = "in a container, GPUs have to be passed in (docker run --gpus all)"
LOOK = f"See whether nvidia-smi finds one; {CONTAINER}"
SPLIT = "See what nvidia-smi says; a GPU in MIG mode has to be split before it can be used"
DRIVER = f"Install NVIDIA's driver (apt install nvidia-driver); {CONTAINER}"
#: What to do about other answers, by their numbers.
REMEDIES = {
    3: "This process was forked from one that had asked the driver before; start processes by 'spawn' instead of 'fork'",
    34: "The libcuda.so.1 that is found is only for linking; take its folder, 'stubs', out of LD_LIBRARY_PATH",
    802: "The GPUs of this machine need a service that does not run (nvidia-fabricmanager); ask the administrator to start it",
    803: "The driver was updated, and the old one still runs; restart the machine",
}


@dataclass(frozen=True)
class Gpu:
    """A GPU.

    Parameters
    ----------
    name : str
        The name that the driver gives.
    capability : (int, int)
        The compute capability, major and minor.
    memory : int
        Bytes of memory.
    driver : (int, int)
        The newest CUDA that it can run.
    """

    name: str
    capability: Version
    memory: int
    driver: Version


@dataclass(frozen=True)
class NoGpu:
    """The reason why there is no GPU.

    Parameters
    ----------
    why : str
        What is missing, without a full stop.
    remedy : str
        What can be done about it, likewise.
    """

    why: str
    remedy: str


@cache
def find_gpu() -> Gpu | NoGpu:
    """Return the first GPU that $CUDA_VISIBLE_DEVICES lets through, or what is missing."""
    driver = _driver()
    if driver is None:
        return NoGpu("no NVIDIA driver (libcuda.so.1 is not found)", DRIVER)
    status = driver.cuInit(0)
    if status == NO_DEVICE:
        return _none()
    if status:
        why = f"the NVIDIA driver does not start ({_error(driver, status)})"
        return NoGpu(why, REMEDIES.get(status, "See what nvidia-smi says"))
    return _first(driver)


def _none() -> NoGpu:
    seen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if seen is None:
        return NoGpu("no GPU: the NVIDIA driver finds none", LOOK)
    remedy = "Set it to the number of a GPU, as nvidia-smi -L lists them, or unset it"
    return NoGpu(f"no GPU: the NVIDIA driver finds none (CUDA_VISIBLE_DEVICES is {seen!r})", remedy)


def visible_gpus() -> list[str]:
    """Return the names of GPUs that $CUDA_VISIBLE_DEVICES may be set to; an empty list if there is no driver."""
    driver, count = _driver(), ctypes.c_int()
    if driver is None or driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
        return []
    seen = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = map(str, range(count.value)) if seen is None else map(str.strip, seen.split(","))
    return list(names)[: count.value]  # the driver ignores everything after a name that it does not know


def _driver() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None


def _first(driver: ctypes.CDLL) -> Gpu | NoGpu:
    version, device, name = ctypes.c_int(), ctypes.c_int(), ctypes.create_string_buffer(256)
    major, minor, memory = ctypes.c_int(), ctypes.c_int(), ctypes.c_size_t()
    questions: list[tuple[str, tuple[Any, ...]]] = [
        ("cuDriverGetVersion", (ctypes.byref(version),)),
        ("cuDeviceGet", (ctypes.byref(device), 0)),
        ("cuDeviceGetName", (name, len(name), device)),
        ("cuDeviceGetAttribute", (ctypes.byref(major), MAJOR, device)),
        ("cuDeviceGetAttribute", (ctypes.byref(minor), MINOR, device)),
        ("cuDeviceTotalMem_v2", (ctypes.byref(memory), device)),
    ]
    for asked, given in questions:
        if status := getattr(driver, asked)(*given):
            return NoGpu(f"the NVIDIA driver has no GPU to use: {asked} says {_error(driver, status)}", SPLIT)
    newest = version.value // 1000, version.value % 1000 // 10
    return Gpu(name.value.decode(errors="replace"), (major.value, minor.value), memory.value, newest)


def _error(driver: ctypes.CDLL, status: int) -> str:
    text = ctypes.c_char_p()
    driver.cuGetErrorString(status, ctypes.byref(text))
    return (text.value or f"error {status}".encode()).decode(errors="replace")
