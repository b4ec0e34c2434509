"""What was measured, as JSON, as a table in Markdown, and as a figure (report_figures.py, which needs matplotlib)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.targets import targets
from recircuit.atomic_files import make_folder, write_whole

TITLES = {"every": "every pathway in every step", "needed": "only what is needed"}


def write(name: str, facts: dict[str, Any], text: str, out: Path) -> None:
    """Write `NAME.json` and `NAME.md`, each whole or not at all, and print the text."""
    make_folder(out)
    write_whole(out / f"{name}.json", f"{json.dumps(facts, indent=1)}\n".encode())
    write_whole(out / f"{name}.md", text.encode())
    print(text)
    print(f"written: {out / name}.json and .md")


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a table in Markdown, with numbers on the right."""
    cells = [[cell(value) for value in row] for row in rows]
    right = [any(isinstance(row[k], int | float) for row in rows) for k in range(len(head))]
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---:" if r else "---" for r in right) + " |"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in cells), ""])


def cell(value: Any) -> str:
    """Return a number with as many digits as say something, and nothing for None."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def percent(share: float | None) -> str:
    """Return a share in percent."""
    return "" if share is None else f"{share:.0%}"


def heading(title: str, facts: dict[str, Any]) -> str:
    """Return the title, the machine, and how to do it again."""
    return f"# {title}\n\n{machine.summary(facts)}. `{facts['command']}`\n"


# ---- the reference workload ------------------------------------------------------------------------------------------


def reference(facts: dict[str, Any], out: Path) -> None:
    """Write `reference.json`, `reference.md` and `reference.png`."""
    facts["targets"] = targets(facts)
    text = [heading("The reference workload", facts), _introduction(facts), _summary(facts)]
    text += [_beside_busy_processes(facts), *(_case(case) for case in facts["cases"])]
    text += [_absent(facts), _aims(facts)]
    write("reference", facts, "\n".join(part for part in text if part), out)
    from benchmarks.report_figures import bars  # matplotlib is not everywhere

    bars(facts, out / "reference.png")


def _introduction(facts: dict[str, Any]) -> str:
    flows = facts["bandwidth_GB_per_s"]
    return (
        "784-500-500-10, float32, 20 steps a presentation (benchmarks/workload.py). Medians of "
        f"{facts['rounds']} rounds, in which everyone takes turns with recircuit, {facts['sample_seconds']:g} s at a time; "
        "all weights were held against float64 before. The ceiling is the fastest way found to do the arithmetic of "
        "the products alone (B = 1: to read the weights). Memory is read at "
        f"{flows.get('memory', 0):g} GB/s, the weights in the caches at {flows.get('caches', 0):g} GB/s.\n"
    )


def _summary(facts: dict[str, Any]) -> str:
    rows = []
    for case in facts["cases"]:
        by_name = {row["name"]: row for row in case["rows"]}
        ours, best = by_name.get("recircuit"), by_name.get(case["best_peer"])
        rows.append([
            f"B = {case['batch_size']}, {TITLES[case['mode']]}", ours and ours["presentations_per_second"],
            f"{best['presentations_per_second']:,.0f} {best['label']}" if best else "", case["ours_to_best_peer"],
            case["ceiling"]["presentations_per_second"], percent(ours and ours["share_of_ceiling"]),
        ])  # fmt: skip
    head = ["presentations/s", "recircuit", "best peer", "ratio", "ceiling", "recircuit, of the ceiling"]
    return table(head, rows)


def _beside_busy_processes(facts: dict[str, Any]) -> str:
    """Return the ratio to the best peer of each case, beside other busy processes, and what both do in processor time."""
    if not facts.get("crowded"):
        return ""
    return "\n".join([
        _crowded_table(facts["crowded"], "ratio to the best peer", _ratio),
        "Beside other programs a rate depends on the share of the processors that Linux gives to a program, and this share "
        "changes by chance from sample to sample. So the next table compares presentations per second of processor time. It "
        "has the ratio of recircuit to the best peer by this measure and, in brackets, the numbers of both.\n",
        _crowded_table(facts["crowded"], "ratio in processor time", _ratio_in_processor_time),
    ])  # fmt: skip


def _crowded_table(crowded: list[dict[str, Any]], what: str, cell_of: Callable[[dict[str, Any]], str]) -> str:
    head = [what, *(f"{one['busy']} busy processes beside" for one in crowded)]
    rows = [
        [f"B = {cases[0]['batch_size']}, {TITLES[cases[0]['mode']]}", *(cell_of(case) for case in cases)]
        for cases in zip(*(one["cases"] for one in crowded), strict=True)
    ]
    return table(head, rows)


def _ratio(case: dict[str, Any]) -> str:
    ratio = case["ours_to_best_peer"]
    return f"{ratio:.2f} ({case['best_peer']})" if ratio else ""


def _ratio_in_processor_time(case: dict[str, Any]) -> str:
    """Return how recircuit compares with the peer that presents most in a second of processor time."""
    rates = {row["name"]: row["presentations_per_processor_second"] for row in case["rows"]}
    ours, peers = rates.pop("recircuit", None), {name: rate for name, rate in rates.items() if rate}
    if not ours or not peers:
        return ""
    best = max(peers, key=peers.__getitem__)
    return f"{ours / peers[best]:.2f} ({ours:,.0f}; {best} {peers[best]:,.0f})"


def _case(case: dict[str, Any]) -> str:
    rows = sorted(case["rows"], key=lambda row: -row["presentations_per_second"])
    body = table(
        ["", "presentations/s", "lowest", "highest", "ratio to recircuit", "of the ceiling"],
        [
            [r["label"], r["presentations_per_second"], min(r["samples"]), max(r["samples"]), r["ratio_to_ours"],
             percent(r["share_of_ceiling"])]
            for r in rows
        ],
    )  # fmt: skip
    ways = ", ".join(f"{name} {rate:,.0f}" for name, rate in case["ceilings"].items())
    shares = ", ".join(f"{name} {share:.1%}" for name, share in case["where_the_time_goes"].items())
    lines = [f"\n## B = {case['batch_size']}, {TITLES[case['mode']]}\n", body, f"Ceilings: {ways}.\n"]
    return "\n".join([*lines, f"Where recircuit's time goes: {shares}.\n" if shares else ""])


def _absent(facts: dict[str, Any]) -> str:
    lines = [
        f"- {one['label']}{'' if where == 'all' else f' ({where})'}: {why}"
        for one in facts["entrants"].values()
        for where, why in one["absent"].items()
    ]
    versions = [
        f"- {one['label']}: " + ", ".join(f"{k} {v}" for k, v in one["versions"].items())
        for one in facts["entrants"].values()
        if one["versions"]
    ]
    gone = ["\n## Not measured\n", *lines, ""] if lines else []
    return "\n".join([*gone, "\n## Versions\n", *versions, ""])


def _aims(facts: dict[str, Any]) -> str:
    rows = [
        [t["what"], t["value"], f"{t['relation']} {t['target']:g}", ("no", "yes")[t["ok"]]] for t in facts["targets"]
    ]
    return "\n## Targets\n\n" + table(["", "measured", "target", "reached"], rows) if rows else ""
