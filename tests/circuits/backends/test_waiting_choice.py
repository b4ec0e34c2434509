"""The two ends of a closed loop look for messages where that is faster, and sleep where it is not."""

from __future__ import annotations

from recircuit.circuits.backends.compiled.waiting_choice import PIECE, PIECES, REST, WaitingChoice

TRIAL = 2 * PIECE * PIECES


def calls(choice: WaitingChoice, count: int, looking: float, sleeping: float) -> int:
    """Make so many calls, whose durations depend on which ends look, and return in how many of them they looked."""
    looked = 0
    for _ in range(count):
        looked += choice.looks
        choice.note(looking if choice.looks else sleeping)
    return looked


def test_a_trial_gives_both_ways_as_many_calls() -> None:
    assert calls(WaitingChoice(), TRIAL, 1.0, 1.0) == TRIAL // 2


def test_the_faster_way_is_kept_until_the_next_trial() -> None:
    for looking, wanted in ((20e-6, REST), (58e-6, 0), (200e-6, 0)):  # sleeping takes 60 us
        choice = WaitingChoice()
        calls(choice, TRIAL, looking, 60e-6)
        assert calls(choice, REST, looking, 60e-6) == wanted


def test_it_changes_its_mind_when_the_machine_is_used_by_others() -> None:
    choice = WaitingChoice()
    calls(choice, TRIAL + REST, 20e-6, 60e-6)
    calls(choice, TRIAL + 1, 90e-6, 30e-6)
    assert calls(choice, REST // 2, 90e-6, 30e-6) == 0
