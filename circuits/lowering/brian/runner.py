"""Brian2 objects that run an operation's code, and Brian2 groups that only own variables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brian2 import Clock, CodeRunner, Group
from brian2.codegen.codeobject import create_runner_codeobj
from brian2.core.base import BrianObject, weakproxy_with_fallback
from brian2.core.variables import Variables


class Runner(CodeRunner):
    """A Brian2 CodeRunner whose code object has a stable name, and references to other groups' variables.

    Parameters
    ----------
    references
        For each local name, the group, the name of the variable and the name of the index.
    auxiliary : tuple of str
        The names of index variables that the template itself defines.
    """

    def __init__(
        self,
        name: str,
        group: Any,
        template: str,
        code: str = "",
        *,
        references: Mapping[str, tuple[Any, str, str]] | None = None,
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
        """Make the code objects; Brian2's network calls this before a run."""
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


class Store(Group):
    """A Brian2 group that only owns variables: the weights of a projection, or the state of the presentation."""

    add_to_magic_network = False

    def __init__(self, name: str, size: int, clock: Clock, codeobj_class: type | None) -> None:
        BrianObject.__init__(self, clock=clock, name=name)
        self.codeobj_class = codeobj_class
        self.namespace: dict[str, Any] = {}
        self.variables = Variables(self)
        self.variables.add_constant("N", value=size)
        self.variables.create_clock_variables(clock)

    def array(self, name: str, size: int, dtype: Any) -> None:
        """Add an array with this number of values."""
        self.variables.add_array(name, size=size, dtype=dtype)

    def scalar(self, name: str, dtype: Any) -> None:
        """Add a single value."""
        self.variables.add_array(name, size=1, dtype=dtype, scalar=True, index="0")
