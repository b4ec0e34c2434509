"""What the reference workload should show, and whether it does."""

from __future__ import annotations

from typing import Any

#: Ours to the best peer, by batch elements and mode.
RATIOS = {(1, "every"): 1.5, (1, "needed"): 1.8, (100, "every"): 1.05, (100, "needed"): 1.05}
#: The same in every case, while other programs are busy.
BESIDE_OTHERS = 1.0
#: Ours with only what is needed, to plain Brian2 C++ (one batch element, every pathway), by batch elements.
TO_BRIAN2 = {1: 35.0, 100: 150.0}
#: Ours, of the limit.
OF_CEILING = {(1, "every"): 0.8, (1, "needed"): 0.8, (100, "every"): 0.97, (100, "needed"): 0.97}
#: Outside of matrix products.
OUTSIDE = {(100, "every"): 0.15}


def targets(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each with what was measured; what was not measured is left out."""
    cases = {(case["batch_size"], case["mode"]): case for case in facts["cases"]}
    rates = {key: {row["name"]: row for row in case["rows"]} for key, case in cases.items()}
    found = []

    def add(what: str, value: float | None, relation: str, target: float) -> None:
        if value is not None:
            ok = value >= target if relation == ">=" else value <= target
            found.append({"what": what, "value": round(value, 3), "relation": relation, "target": target, "ok": ok})

    for key, target in RATIOS.items():
        if key in cases:
            add(f"B = {key[0]}, {key[1]}: ratio to the best peer", cases[key]["ours_to_best_peer"], ">=", target)
    for crowd in facts.get("crowded", []):
        for case in crowd["cases"]:
            what = f"B = {case['batch_size']}, {case['mode']}, beside {crowd['busy']} busy processes: ratio to the best peer"
            add(what, case["ours_to_best_peer"], ">=", BESIDE_OTHERS)
    brian2 = rates.get((1, "every"), {}).get("brian2-cpp")
    for batch_size, target in TO_BRIAN2.items():
        ours = rates.get((batch_size, "needed"), {}).get("recircuit")
        if brian2 and ours:
            ratio = ours["presentations_per_second"] / brian2["presentations_per_second"]
            add(f"B = {batch_size}, needed: ratio to plain Brian2 C++", ratio, ">=", target)
    for key, target in OF_CEILING.items():
        ours = rates.get(key, {}).get("recircuit")
        add(f"B = {key[0]}, {key[1]}: of the limit", ours and ours["share_of_ceiling"], ">=", target)
    for key, target in OUTSIDE.items():
        shares = cases.get(key, {}).get("where_the_time_goes")
        if shares:
            outside = shares["state equations"] + shares["rest"]
            add(f"B = {key[0]}, {key[1]}: time outside of products", outside, "<=", target)
    return found
