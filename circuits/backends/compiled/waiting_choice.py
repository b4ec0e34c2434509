"""The choice of how the two ends of a closed loop wait for a message: they sleep, or they first look for it for a while.

If processors are free, a process that sleeps is woken late, since an idle processor has to wake too. If none is free, a
process that looks takes a processor from others. Now and then both are tried, and the faster one is kept.
"""

from __future__ import annotations

from statistics import median

#: Calls in one piece of a trial, pieces of each way in a trial, and calls from one trial to the next.
PIECE, PIECES, REST = 16, 4, 3000
#: The share of the time of sleeping below which looking has to stay.
CLEARLY = 0.9


class WaitingChoice:
    """Decides from the durations of calls how the next call waits.

    Attributes
    ----------
    looks : bool
        Whether both ends look for the message of the next call before they sleep.
    """

    def __init__(self) -> None:
        self.looks = False
        self._left = PIECE
        self._took: list[float] = []
        self._medians: dict[bool, list[float]] = {False: [], True: []}
        self._resting = False

    def note(self, seconds: float) -> None:
        """Take note of how long a call took, and decide on the next."""
        self._left -= 1
        if not self._resting:
            self._took.append(seconds)
        if not self._left:
            self._turn()

    def _turn(self) -> None:
        self._left, found = PIECE, self._medians
        if self._resting:
            self._resting, self.looks = False, False
            return
        found[self.looks].append(median(self._took))
        self._took.clear()
        if len(found[True]) < PIECES:
            self.looks = not self.looks
            return
        self.looks = median(found[True]) < CLEARLY * median(found[False])
        self._left, self._resting, self._medians = REST, True, {False: [], True: []}
