"""``python -m tools.soak``: print a table of what was tried and what was found; exit with 1 if anything was."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from . import interrupts, kills, million, odd_inputs, protocol
from .record import record
from .tally import HEAD, Tally, row

Part = Callable[[Tally, int, int, Path], None]

#: What is tried -> by what, and how often.
PARTS: dict[str, tuple[Part, int]] = {
    "calls of the API": (odd_inputs.calls, 1500),
    "equations and names": (odd_inputs.equations, 1500),
    "command lines": (odd_inputs.commands, 500),
    "folders of runs": (odd_inputs.run_folders, 400),
    "data files": (odd_inputs.data_files, 400),
    "circuits and checkpoints": (odd_inputs.saved_circuits, 400),
    "estimators": (odd_inputs.estimators, 400),
    "displays": (odd_inputs.displays, 200),
    "answers of workers": (protocol.answers, 500),
    "packets to workers": (protocol.packets, 300),
    "kills": (kills.kills, 100),
    "Ctrl-C": (interrupts.interrupts, 500),
    "presentations": (million.presentations, 1_000_000),
}


def soak(share: float, number: int, names: list[str], report: Callable[[str], object]) -> Iterator[Tally]:
    """Try one part after the other, a share of it as often as the whole soak does.

    Parameters
    ----------
    share : float
        The share of the whole that is tried; 1 for the whole.
    number : int
        The seed.
    names : list of str
        The parts that are tried.
    report : function
        A function that is called with the text of every fault.
    """
    for name in names:
        part, count = PARTS[name]
        tally = Tally(name, report)
        begin = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="soak-") as folder:
            part(tally, max(1, round(share * count)), number, Path(folder))
        tally.seconds = time.monotonic() - begin
        yield tally


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    found = argparse.ArgumentParser(prog="python -m tools.soak", description=__doc__)
    found.add_argument(
        "--share", type=float, default=1.0, help="The share of the whole that is tried, for instance .1."
    )
    found.add_argument("--seed", type=int, default=0, help="The seed of all random choices.")
    found.add_argument(
        "--part",
        action="append",
        choices=list(PARTS),
        help="Try only this part. The option may be given several times.",
    )
    found.add_argument(
        "--record", action="store_true", help="Keep the counts in results/soak.json, for docs/reliability.md."
    )
    found.add_argument(
        "--out", type=Path, default=Path("runs/soak.txt"), help="The file to which the faults are added."
    )
    return found


def main() -> None:
    """Try what the options say, and end with the code 1 if anything was found."""
    chosen = parser().parse_args()
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    with chosen.out.open("a", encoding="utf-8") as file:
        file.write(f"share {chosen.share}, seed {chosen.seed}\n")

        def report(line: str) -> None:
            file.write(line + "\n\n")
            file.flush()

        print(HEAD)
        found = 0
        for tally in soak(chosen.share, chosen.seed, chosen.part or list(PARTS), report):
            print(row(tally), flush=True)
            if chosen.record:
                record(tally, number=chosen.seed, share=chosen.share)
            found += tally.found.total()
    print(f"\nSeed {chosen.seed}. {found} faults found" + (f"; see {chosen.out}." if found else "."))
    sys.exit(found > 0)


if __name__ == "__main__":
    main()
