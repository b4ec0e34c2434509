"""The command line of the measurements: python -m benchmarks NAME."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from recircuit.errors import RecircuitError

ROOT = Path(__file__).parents[1]
COMMANDS = {
    "reference": "the reference workload beside the peers, with the machine's ceilings",
    "scaling": "time and memory over width, depth, batch elements and steps",
    "papers": "RFLO, predictive coding, bars and a neural field beside other simulators",
    "training": "an epoch of MNIST beside loops written by hand",
    "images": "convolutions, tied and untied, beside PyTorch",
    "learning": "a network for images beside PyTorch, after the same epochs",
    "rules": "training with every rule beside plain URFB",
    "families": "the time of a sample in each rule and circuit of docs/compare.md",
    "sparse": "random connectivity, synapse by synapse beside whole matrices",
    "small": "small circuits on the backend numpy beside loops written by hand",
    "threads": "how long the threads of a worker compute, wait for a processor, and sleep",
    "live": "how long a call of a closed loop takes",
    "build": "how long a circuit takes to begin",
    "results": "write results/README.md and other tables from the committed results",
}


#: The options of all commands, as arguments of `argparse.ArgumentParser.add_argument`.
OPTIONS: dict[str, dict[str, Any]] = {
    "--quick": dict(action="store_true", help="Measure for seconds instead of minutes, to see whether it runs."),
    "--out": dict(
        type=Path, help="The folder of the results (default: results/cpu, or runs/benchmarks with --quick)."
    ),
    "--threads": dict(
        type=int, default=2, help="The number of threads of each program, and of processors (default: 2)."
    ),
    "--busy": dict(
        default="0", metavar="N,...",
        help="For reference, papers, threads and live: measure beside these numbers of busy processes, as in 0,1,2,8.",
    ),
    "--peers": dict(default="", help="For reference and papers: only these peers, separated by commas."),
    "--rounds": dict(
        type=int, default=7, help="For reference, papers and threads: the number of samples of each (default: 7)."
    ),
    "--seconds": dict(
        type=float, default=0.6, help="For reference, papers and threads: the seconds of a sample (default: 0.6)."
    ),
    "--epochs": dict(type=int, default=30, help="For learning: the number of epochs (default: 30)."),
    "--data": dict(type=Path, help="The folder of MNIST, for training and rules, or of CIFAR-10, for learning."),
}  # fmt: skip


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    found = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Make measurements, and write them to results/cpu.",
        epilog="\n".join(f"{name:<10} {what}" for name, what in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    found.add_argument("command", nargs="?", choices=list(COMMANDS), default="reference")
    for name, how in OPTIONS.items():
        found.add_argument(name, **how)
    return found


def main() -> int:
    """Run one of the commands."""
    arguments = parser().parse_args()
    arguments.out = arguments.out or ROOT / ("runs/benchmarks" if arguments.quick else "results/cpu")
    run = import_module(f"benchmarks.{arguments.command}").run
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder  # for all that is started from here, too
        try:
            return run(arguments)
        except RecircuitError as problem:
            print(problem, file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
