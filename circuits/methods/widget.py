"""The method of a circuit that opens an interactive view in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...arguments import checked_arguments
from .weights import WeightMethods

__all__ = ["WidgetMethod"]


class WidgetMethod(WeightMethods):
    """The method of a circuit that opens sliders for its parameters."""

    @checked_arguments
    def widget(
        self,
        inputs: Any = None,
        *,
        record: Sequence[str] | None = None,
        parameters: Sequence[str] | None = None,
        presentations: int = 1,
    ) -> Any:
        """Return sliders for parameters, beside a recording that is drawn again when they move, for Jupyter.

        A copy of the circuit runs on the backend numpy. The circuit itself stays as it is. Each time a slider moves, the
        copy begins with the state that the circuit had when this method was called.

        Parameters
        ----------
        inputs : array, mapping or Dataset, optional
            The data, as in `run`.
        record : sequence of str, optional
            The variables that are drawn. The default is the rates of the output circuit, such as o, t and s, or of the
            first populations if there is none.
        parameters : sequence of str, optional
            The parameters that have sliders, such as ``"h.tau"`` or ``"x_to_h.rate"``. The default is the parameters of
            neurons and rules, twelve at most.
        presentations : int, default 1
            The number of presentations that are drawn.

        Returns
        -------
        VBox
            A widget of ipywidgets.

        Raises
        ------
        RecircuitError
            If ipywidgets is not installed, or if a name or the data do not fit.

        Examples
        --------
        >>> net.widget(digits, record=["o.rate", "t.rate", "s.rate"])                               # doctest: +SKIP
        """
        from ..inspection.widget import Explorer, usual_parameters, usual_record

        chosen = usual_parameters(self) if parameters is None else list(parameters)
        return Explorer(self, inputs, usual_record(self) if record is None else record, chosen, presentations).widget()
