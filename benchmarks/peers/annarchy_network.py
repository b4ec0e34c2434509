"""How all networks of ANNarchy are made and compiled here: single precision, and generated C++ with fast flags."""

from __future__ import annotations

import os
import tempfile

import ANNarchy as ann

from benchmarks.peers.server import THREADS

FLAGS = "-O3 -march=native -ffast-math"


def new_network() -> ann.Network:
    """Return an empty network with steps of 1 ms."""
    net = ann.Network(dt=1.0)
    net.config(dtype=ann.float32, num_threads=THREADS, suppress_warnings=True)
    return net


def compile_network(net: ann.Network) -> None:
    """Compile a network in a folder of its own, and come back to the folder in which Python works."""
    here = os.getcwd()
    net.compile(directory=tempfile.mkdtemp(prefix="annarchy-"), compiler_flags=FLAGS, silent=True)
    os.chdir(here)
