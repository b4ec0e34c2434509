"""The launches of each code object, as the presentation loop knows them: its parts, and what these read and write.

The parts of an operation are a job of one thread that prepares scalars, and a job, a kernel or a product; or a kernel that
leaves parts of a sum, and the job that adds them up. A part reads all arrays that its code is given. It writes the arrays
that the operation declares; the code is given all others as constants, and the compiler refuses to write to these.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

#: Templates of one thread, of matrix products, and of short kernels, of which several can be one launch.
ALONE = {"once", "dense_product"}
PRODUCTS = {"dense_propagate", "dense_product"}
EACH = {
    "stateupdate", "mask", "average", "broadcast", "delay", "one_to_one_propagate", "one_to_one_product",
    "late_signals", "spread_weights",
}  # fmt: skip
#: Templates whose thread touches arrays that only `_idx` indexes at its own index, and nowhere else.
IN_PLACE = {"stateupdate", "one_to_one_propagate"}
NONE = -1


@dataclass(frozen=True)
class Code:
    """A code object and what is launched for it.

    Parameters
    ----------
    made : CodeObject
        The code object of Brian2CUDA.
    name : str
        The name of the code object.
    arrays
        The device arrays that it is given: name, C++ type, and whether it writes the array.
    single : set of str
        The arrays of a single value. The job of one thread reads only these.
    scalars : bool
        Whether one thread leaves scalars for the others.
    first : int
        The number of its first job.
    splits : int
        The number of parts into which its sum is split, which are added up afterwards; 0 if it is not split.
    own : set of str
        The arrays of which the thread of an index touches only the item at that index.
    """

    made: Any
    name: str
    arrays: tuple[tuple[str, str, bool], ...]
    single: frozenset[str]
    scalars: bool
    first: int
    splits: int = 0
    own: frozenset[str] = frozenset()

    @property
    def draws(self) -> bool:
        """Whether it draws random numbers."""
        return bool({"rand", "randn"} & set(self.made.variables))

    @property
    def prepare(self) -> int:
        """The number of the job of one thread, if there is one."""
        return self.first if self.scalars or self.made.template_name in ALONE else NONE

    @property
    def body(self) -> int:
        """The number of the job with a thread for each thing, if there is one."""
        each = self.splits or self.made.template_name in EACH
        return self.first + (self.prepare != NONE) if each else NONE

    @property
    def multiplies(self) -> bool:
        """Whether it is a matrix product."""
        return self.made.template_name in PRODUCTS

    @property
    def jobs(self) -> int:
        """The number of its jobs."""
        return (self.prepare != NONE) + (self.body != NONE)

    def parameters(self) -> list[tuple[str, str, str]]:
        """Return the type, name and argument of each parameter of its kernels, except the first one."""
        found = [
            (f"{'' if written else 'const '}{kind}* __restrict__", name.replace("dev", "_ptr", 1), f"brian::{name}")
            for name, kind, written in self.arrays
        ]
        if self.draws:
            found.append(("const recircuit::Draws*", "_draws", "recircuit::draws()"))
        if self.scalars:
            found.append(("std::int64_t*", "_scalars", f"brian::dev_scalars_{self.name}"))
        if self.splits:
            found.append(("const REAL*", "_partial", f"brian::{self._partial}"))
        return found

    @property
    def _partial(self) -> str:
        """The name of the array that holds the parts of its sum."""
        return f"dev_partial_{self.name}"

    def call(self, function: str, arrays: list[str]) -> str:
        """Return the call of a job's function by one thread, with arrays from the table of all arrays."""
        given = [f"static_cast<{kind}*>(arrays[{arrays.index(name)}])" for name, kind, _ in self.arrays]
        if self.draws:
            given.append("draws")
        if self.scalars:
            given.append(f"static_cast<std::int64_t*>(arrays[{arrays.index(f'dev_scalars_{self.name}')}])")
        if self.splits:
            given.append(f"static_cast<const REAL*>(arrays[{arrays.index(self._partial)}])")
        return f"in_{self.name}::{function}(k, {', '.join(given)});"

    def parts(self, arrays: list[str]) -> list[str]:
        """Return the parts of the code object, in C++."""
        read = {arrays.index(name) for name, *_ in self.arrays}
        written = {arrays.index(name) for name, _, writes in self.arrays if writes}
        slots = {arrays.index(f"dev_scalars_{self.name}")} if self.scalars else set[int]()
        few = {arrays.index(name) for name in self.single}
        alone = self.made.template_name == "once"
        found = []
        if self.prepare != NONE:
            found.append(self._part("nullptr", self.prepare, "0", few, written if alone else slots))
        if self.splits:
            parts = {arrays.index(self._partial)}
            traces = written if self.made.template_name == "traced" else set[int]()
            found.append(self._part(f"in_{self.name}::launch", NONE, "0", read | slots, parts | traces))
            found.append(self._part("nullptr", self.body, f"in_{self.name}::things", read | slots | parts, written))
        elif self.body != NONE:
            own = {arrays.index(name) for name in self.own}
            found.append(self._part("nullptr", self.body, f"in_{self.name}::things", read | slots, written, own=own))
        elif self.multiplies:
            found.append(self._part("nullptr", NONE, "0", read | slots, written, f"in_{self.name}::product"))
        elif not alone:
            found.append(self._part(f"in_{self.name}::launch", NONE, "0", read | slots, written))
        return found

    def _part(
        self, launch: str, job: int, things: str, reads: Iterable[int], writes: Iterable[int], product: str = "nullptr",
        own: Iterable[int] = (),
    ) -> str:  # fmt: skip
        lists = ", ".join("{" + ", ".join(map(str, sorted(some))) + "}" for some in (reads, writes, own))
        draws = "true" if self.draws else "false"
        return f'    {{_run_{self.name}, "{self.name}", {launch}, {product}, {job}, {things}, {draws}, {lists}}},'


def launcher(codes: list[Code], arrays: list[str], *, walks: bool) -> str:
    """Return C++ code that launches jobs, and walks if there are any, with the table of all parts."""
    alone = [f"case {c.prepare}: {c.call('prepare', arrays)} break;" for c in codes if c.prepare != NONE]
    each = [f"case {c.body}: {c.call('body', arrays)} break;" for c in codes if c.body != NONE]
    declared = [
        f"namespace in_{c.name} {{ {'recircuit::Product product' if c.multiplies else 'void launch'}(); }}"
        for c in codes
        if (c.body == NONE or c.splits) and c.made.template_name != "once"
    ]
    return "\n".join(
        [
            '#include "objects.h"', '#include "jobs.h"', f'#include "{"walker" if walks else "walk"}.h"',
            *(f"void _run_{c.name}();" for c in codes), *declared, "namespace recircuit {",
            _switch("do_alone(int number", alone), _switch("do_each(int number, int k", each), LAUNCH,
            f"const bool walks = {'true' if walks else 'false'};",
            f"void launch_walk(const char*{' name' if walks else ''}, const Walk&{' walk' if walks else ''}) {{",
            *(["    launch_together<REAL>(name, walk);"] if walks else []), "}",
            f"Together held_together() {{ return {'count_together<REAL>()' if walks else '{}'}; }}", "}",
            "namespace brian {", "const std::vector<Part> parts = {", *(p for c in codes for p in c.parts(arrays)), "};", "}",
            "",
        ]
    )  # fmt: skip


LAUNCH = """
__global__ void alone(const RECIRCUIT_GRID_CONSTANT Jobs jobs, void* const* arrays, const Draws* draws) {
    do_alone(jobs.job[job_of_block(jobs)].number, arrays, draws);
}
__global__ void each(const RECIRCUIT_GRID_CONSTANT Jobs jobs, void* const* arrays, const Draws* draws) {
    const int place = job_of_block(jobs);
    const int k = (int(blockIdx.x) - jobs.first[place])*int(blockDim.x) + int(threadIdx.x);
    if (k < jobs.job[place].things) do_each(jobs.job[place].number, k, arrays, draws);
}
void launch_jobs(const char* name, const Jobs& jobs) {
    const bool single = !jobs.job[0].things;
    launch_blocks(name, single ? alone : each, jobs.first[jobs.count], single ? 1 : threads, jobs, pieces(), draws());
}"""


def _switch(head: str, cases: list[str]) -> str:
    """Return the function of a thread, which chooses by the number of a job what it does."""
    inside = "\n        ".join(cases)
    k = "" if ", int k" in head else "    const int k = 0;\n"
    return f"""
__device__ inline void {head}, void* const* arrays, const Draws* draws) {{
{k}    switch (number) {{
        {inside}
    }}
}}"""
