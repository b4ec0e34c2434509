"""Compiled circuits where there is little room in /dev/shm, and in pools whose processes are ended."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from test_worker import ROWS, circuit, worker_of

import recircuit as rc

pytestmark = pytest.mark.cpp

MANY_ROWS = """
import sys
sys.path.insert(0, {tests!r})
import numpy as np
from test_worker import circuit
net = circuit()
rows = np.random.default_rng(0).random((1_000_000, 3))
net.run({{"x": rows}}, order=[[999_999, 0]], backend="cpp")
print(np.abs(net["x.rate"] - rows[[999_999, 0]]).max())
"""


def test_data_need_no_room_in_dev_shm() -> None:
    small = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=64k tmpfs /dev/shm && exec "$@"', "sh"]
    if shutil.which("unshare") is None or subprocess.run([*small, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user cannot make /dev/shm small")
    code = MANY_ROWS.format(tests=str(Path(__file__).parent))
    done = subprocess.run(
        [*small, sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and float(done.stdout) == 0, done.stderr


shared: list[rc.Circuit] = []


def worker_in_child(_: int) -> int:
    shared[0].run({"x": ROWS}, 1)
    return worker_of(shared[0]).process.pid


def sleep(_: int) -> None:
    time.sleep(60)


def test_a_pool_that_is_terminated_leaves_no_workers_and_no_files() -> None:
    net = circuit()
    net.run({"x": ROWS}, 1, backend="cpp")
    shared[:] = [net]
    before, state = set(os.listdir("/dev/shm")), net.state()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        workers = set(pool.map(worker_in_child, range(4), chunksize=1))
        pool.map_async(sleep, range(2))
        pool.terminate()
    for _ in range(200):
        if not any(Path(f"/proc/{worker}").exists() for worker in workers):
            break
        time.sleep(0.05)
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers), "a child's worker is still there"
    assert not {f for f in set(os.listdir("/dev/shm")) - before if "recircuit" in f}
    assert all(np.array_equal(net[key], value) for key, value in state.items()), "the parent's worker has changed"
    net.close()
