"""Which operations of a step need not wait for one another, so that threads that share their work meet once for all of them.

A region is a list of chains. Nothing in a chain depends on another chain of its region. The operations of a chain go through
as many elements, one operation after the other, and depend on one another only element by element.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..kernels import Clamp, Elementwise, Propagate
from ..operations import Operation

Region = list[list[Operation]]

#: What those read and write that draw random numbers, since the order of what they draw matters.
_RANDOM = "random numbers"


def regions(operations: Sequence[Operation]) -> list[Region]:
    """Return the operations of a step as regions, one after the other; each is in the first region in which it can be."""
    found = _Found()
    for operation in operations:
        found.add(operation)
    return found.regions


@dataclass
class _Found:
    """The regions so far, and for each variable the last of them in which it is read, or written."""

    regions: list[Region] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    begin: int = 0

    def add(self, operation: Operation) -> None:
        """Put an operation where it can be; nothing passes what is clamped."""
        if isinstance(operation.kernel, Clamp):
            self.regions.append([[operation]])
            self.begin = len(self.regions)
            return
        reads, writes = _uses(operation)
        last = max(self.begin - 1, _last(self.written, reads | writes), _last(self.read, writes))
        if last < self.begin or not _chained(self.regions[last], operation):
            last += 1
            if last == len(self.regions):
                self.regions.append([])
            self.regions[last].append([operation])
        for where, keys in ((self.read, reads), (self.written, writes)):
            where.update({key: max(last, where.get(key, 0)) for key in keys})


def _last(where: dict[str, int], keys: Iterable[str]) -> int:
    return max((where.get(key, -1) for key in keys), default=-1)


def _uses(operation: Operation) -> tuple[frozenset[str], frozenset[str]]:
    """What an operation reads and writes."""
    drawn = frozenset({_RANDOM}) if operation.always else frozenset()
    return operation.reads | drawn, operation.writes | drawn


def _chained(region: Region, operation: Operation) -> bool:
    """Add an operation to the chains on which it depends, which become one, if it can go on with their elements."""
    before = [chain for chain in region if any(_shared(operation, other) for other in chain)]
    by_element, earlier = _by_element(operation), [other for chain in before for other in chain]
    if not all(_shared(operation, other) <= by_element & _by_element(other) for other in earlier):
        return False
    region[:] = [chain for chain in region if chain not in before]
    region.append([*earlier, operation])
    return True


def _shared(later: Operation, earlier: Operation) -> frozenset[str]:
    """The variables for which the order of two operations matters."""
    (reads, writes), (read, written) = _uses(later), _uses(earlier)
    return writes & (read | written) | reads & written


def _by_element(operation: Operation) -> frozenset[str]:
    """The variables of which an operation reads and writes, for each of its elements, that element alone."""
    kernel = operation.kernel
    if isinstance(kernel, Elementwise) and not operation.always:
        mine = {key for key in operation.reads | operation.writes if key.startswith(f"{operation.owner}.")}
        return frozenset(mine - {key for _, key in kernel.scalars})
    if isinstance(kernel, Propagate) and kernel.connectivity.kind == "one_to_one":
        return frozenset({kernel.signal.key, kernel.field})
    return frozenset()
