"""What can happen in a step, and in which order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from brian2 import CodeRunner
from brian2.codegen.codeobject import create_runner_codeobj
from brian2.core.base import weakproxy_with_fallback
from brian2.core.variables import Variables

#: The order within a step. Every slot reads what the slots before it left.
CLAMP, EXPRESS, PROPAGATE, INTEGRATE, FACTOR, LEARN = range(6)


@dataclass(frozen=True)
class Operation:
    """One thing that a step may do.

    Parameters
    ----------
    name : unique within the circuit
    slot : its place in the step (CLAMP, EXPRESS, PROPAGATE, INTEGRATE, FACTOR, LEARN)
    steps : the steps of a presentation in which it is open
    reads, writes : variables as ``"h.rate"``; what it writes it writes whole
    runner : the Brian2 object that holds its code; None for what the presentation loop does itself (clamping)
    learns : left out of evaluations
    supervises : likewise
    always : never left out (it draws random numbers, or reads the data)
    work : multiplications of one presentation and column
    narrow : for several equations in one pass, the same pass with only those that write the given variables
    """

    name: str
    slot: int
    steps: tuple[int, ...]
    reads: frozenset[str]
    writes: frozenset[str]
    runner: Any = None
    learns: bool = False
    supervises: bool = False
    always: bool = False
    work: int = 0
    narrow: Callable[[frozenset[str]], Operation] | None = None


class Runner(CodeRunner):
    """A Brian2 CodeRunner whose code object has a stable name, and references to other groups' variables.

    Parameters
    ----------
    references : local name -> (group, variable name, index name)
    auxiliary : names of index variables that the template itself defines
    """

    def __init__(
        self,
        name: str,
        group: Any,
        template: str,
        code: str = "",
        *,
        references: dict[str, tuple[Any, str, str]] | None = None,
        auxiliary: tuple[str, ...] = (),
        check_units: bool = True,
        **template_kwds: Any,
    ) -> None:
        references = references or {}
        CodeRunner.__init__(
            self, group, template, code=code, clock=group.clock, name=name, check_units=check_units,
            needed_variables=list(references), template_kwds=template_kwds,
        )  # fmt: skip
        self.references = dict(references)
        self.auxiliary = auxiliary

    def create_code_objects(self, run_namespace: Any) -> None:
        """Called by the network before a run."""
        variables = Variables(self.group.__repr__.__self__)
        for index in self.auxiliary:
            variables.add_auxiliary_variable(index, dtype="int32")
        for local, (group, variable, index) in self.references.items():
            variables.add_reference(local, group, variable, index=index)
        self.variables = variables
        self.codeobj = create_runner_codeobj(
            group=self.group, code=self.abstract_code, template_name=self.template, name=f"{self.name}_code",
            check_units=self.check_units, additional_variables=variables, needed_variables=self.needed_variables,
            run_namespace=run_namespace, template_kwds=self.template_kwds, codeobj_class=self.codeobj_class,
        )  # fmt: skip
        self.code_objects[:] = [weakproxy_with_fallback(self.codeobj)]
