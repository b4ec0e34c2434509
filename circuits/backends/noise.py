"""The state of a program's random numbers, as data that can be kept, saved, and given to another program.

The backends numpy, interpreter and cpp draw from the same generator, the Mersenne Twister of NumPy's ``RandomState``, so
that a circuit goes on with the same numbers if it changes from one of them to another. The backend cuda has a generator
that counts (Philox). A generator of one kind cannot continue the numbers of the other kind: the new one is seeded from the
state of the old one, so that no numbers are repeated.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np

from ...errors import RecircuitError

__all__ = ["MERSENNE", "PHILOX", "NoiseState", "mersenne_state", "set_mersenne"]

MERSENNE, PHILOX = "mersenne", "philox"

_WORDS, _LAG = 624, 397
_MERSENNE = np.dtype([("words", np.uint32, _WORDS), ("has_kept", np.int64), ("kept", np.float64)])
_HIGH, _TWIST = 0x80000000, 0x9908B0DF
#: The size of a state: of the Mersenne Twister, and of the seed and the number of the step.
_BYTES = {MERSENNE: _MERSENNE.itemsize, PHILOX: 16}


@dataclass(frozen=True)
class NoiseState:
    """The state of the random numbers, on which all later numbers depend.

    Parameters
    ----------
    kind : str
        The generator: ``"mersenne"`` or ``"philox"``.
    content : array
        The state of the generator, as an array of uint8.

    Raises
    ------
    RecircuitError
        If there is no such generator, or if the content is not one of its states, as in a file that is damaged.
    """

    kind: str
    content: np.ndarray = field(repr=False)

    def __post_init__(self) -> None:
        size, content = _BYTES.get(self.kind, -1), self.content
        if content.dtype != np.uint8 or content.shape != (size,) or (self.kind == MERSENNE and not _moves(content)):
            raise RecircuitError(
                f"random numbers: {content.dtype} of shape {content.shape} is no state of a generator of the kind "
                f"{self.kind!r:.60}. The file is damaged: use another."
            )

    def seed(self) -> int:
        """Return a seed below 2^32 for a generator of another kind; another state gives another seed."""
        digest = hashlib.sha256(self.kind.encode() + self.content.tobytes()).digest()
        return int.from_bytes(digest[:4], "little")


def _moves(content: np.ndarray) -> bool:
    """Return whether a Mersenne Twister goes on from a state. From zeros it draws zeros, of which no pair is normal."""
    (given,) = np.frombuffer(content.tobytes(), _MERSENNE)
    words = given["words"]
    return (
        bool(words[0] & _HIGH or words[1:].any()) and given["has_kept"] in (0, 1) and bool(np.isfinite(given["kept"]))
    )


def mersenne_state(random: np.random.RandomState) -> NoiseState:
    """Return the state of a generator of NumPy, in the form that the compiled programs use.

    That form holds the last 624 words that were used. NumPy holds the block of 624 words that contains the next word. If
    that word is in the middle of the block, words of the block before are computed by running the recurrence backwards.
    """
    _, key, place, has_kept, kept = random.get_state(legacy=True)
    state = np.zeros((), _MERSENNE)
    state["words"] = _last_used(np.asarray(key), int(place))
    state["has_kept"], state["kept"] = has_kept, kept
    return NoiseState(MERSENNE, np.frombuffer(state.tobytes(), np.uint8))


def set_mersenne(random: np.random.RandomState, state: NoiseState) -> None:
    """Set a generator of NumPy to the state of another one."""
    if state.kind != MERSENNE:
        random.seed(state.seed())
        return
    (given,) = np.frombuffer(state.content.tobytes(), _MERSENNE)
    random.set_state(("MT19937", given["words"], _WORDS, int(given["has_kept"]), float(given["kept"])))


def _last_used(key: np.ndarray, place: int) -> np.ndarray:
    """Return the 624 words before ``place`` in the sequence whose present block is ``key``."""
    if place == _WORDS:
        return key
    words = [0] * (_WORDS - place) + [int(word) for word in key]  # beginning with word number place - 624
    first = _WORDS - place
    for k in range(first - 1, -2, -1):
        before = words[k + _WORDS] ^ words[k + _LAG]
        odd = before >> 31
        joined = (
            (before ^ (_TWIST if odd else 0)) << 1 | odd
        ) & 0xFFFFFFFF  # high bit of word k, the rest of word k + 1
        if k + 1 < first:
            words[k + 1] = words[k + 1] & _HIGH | joined & (_HIGH - 1)
        if k >= 0:
            words[k] = joined & _HIGH
    return np.array(words[:_WORDS], np.uint32)
