"""The methods that inspect a circuit before it is built: its operations, timetable, text and diagram."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ...arguments import checked_arguments
from ..description.network import Network
from ..description.schedules.schedule import STREAM
from ..description.size import warn_of_size
from ..inspection.explain import Explanation, explain, explain_closed
from ..inspection.summary import Summary
from ..inspection.text import circuit_html, circuit_text
from ..lowering.lower import lower
from ..lowering.lowered import Lowered
from ..lowering.memory import check_memory
from ..lowering.timetable import Timetable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class InspectionMethods(Network):
    """A description together with its intermediate form, which is made again when the description has changed."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._lowered: tuple[int, Lowered] | None = None
        self._tables: tuple[Lowered | None, dict[Any, Timetable]] = (None, {})

    @checked_arguments
    def timetable(self, purpose: str = "train", keep: Iterable[str] = (), *, mode: str | None = None) -> Timetable:
        """Return the operations that run in each step of a presentation.

        Parameters
        ----------
        purpose : {"train", "evaluate"}
            Whether the presentation trains the circuit or evaluates it.
        keep : iterable of str
            Variables such as ``"h.rate"`` that are computed even if nothing in the circuit reads them.
        mode : str, optional
            One of the modes of the circuit (``phases(..., mode=...)``). The default is the first.

        Returns
        -------
        Timetable
            The operations of each step, and the reasons why some of them are left out.
        """
        lowered, wanted = self.lowered(), (purpose, tuple(keep), mode)
        if self._tables[0] is not lowered:
            self._tables = (lowered, {})
        tables = self._tables[1]
        if wanted not in tables:
            tables[wanted] = Timetable.of(lowered, purpose, optimise=self.optimise, keep=wanted[1], mode=mode)
        return tables[wanted]

    def lowered(self) -> Lowered:
        """Return the circuit as operations and variables, without building it."""
        if self._lowered is None or self._lowered[0] != self.revision:
            self.check()
            check_memory(self)
            warn_of_size(len(self.populations), len(self.projections))
            self._lowered = (self.revision, lower(self))
        return self._lowered[1]

    @checked_arguments
    def explain(self, purpose: str = "train", *, mode: str | None = None) -> Explanation:
        """Return a table of a presentation: what runs in each step, what is left out and why, and the cost of each operation.

        The table marks every operation that reads a value from before the step. Its last lines say what closed pathways do.

        Parameters
        ----------
        purpose : {"train", "evaluate"}
            Whether the presentation trains the circuit or evaluates it.
        mode : str, optional
            One of the modes of the circuit (``phases(..., mode=...)``). The default is the first.
        """
        table, phases = self.timetable(purpose, mode=mode), self.schedule or STREAM
        return Explanation("\n".join([explain(table, self.modes.get(mode or "", phases)), *explain_closed(self)]))

    @checked_arguments
    def summary(self) -> Summary:
        """Return the size of the circuit: units, synapses, parameters, memory, and the operations of a presentation.

        The circuit is not built for it.

        Returns
        -------
        Summary
            The numbers, which are printed as tables.

        Examples
        --------
        >>> import recircuit as rc
        >>> net = rc.layered([64, 100, 10])
        >>> net.summary().parameters
        8430
        """
        return Summary.of(self, self.lowered(), {purpose: self.timetable(purpose) for purpose in ("train", "evaluate")})

    @checked_arguments
    def diagram(self, *, phases: bool = True, labels: bool = True, ax: Any = None) -> Figure:
        """Draw the circuit: populations with their compartments, projections by kind, with plastic ones marked.

        Parameters
        ----------
        phases : bool, default True
            Whether to draw the phases of a presentation below.
        labels : bool, default True
            Whether to write the names of the rules.
        ax : axes of matplotlib, optional
            The axes that are drawn into. The default are those of a new figure.
        """
        from ..inspection.diagram import draw_circuit

        return draw_circuit(self, phases=phases, labels=labels, ax=ax)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in self.populations or name in self.projections)

    def __str__(self) -> str:
        return circuit_text(self)

    def __repr__(self) -> str:
        units = sum(p.size for p in self.populations.values())
        parts = f"{len(self.populations)} populations ({units:,} units), {len(self.projections)} projections"
        return f"<{type(self).__name__}: {parts}, batch size {self.batch_size}, dt = {self.dt}>"

    def _repr_html_(self) -> str:
        return circuit_html(self)
