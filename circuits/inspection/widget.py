"""Sliders for the parameters of a circuit, beside a recording that is drawn again when they move."""

from __future__ import annotations

import io
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy as np
from brian2.units import Quantity
from brian2.units.fundamentalunits import DIMENSIONLESS, get_unit
from matplotlib.figure import Figure

from ...errors import RecircuitError
from ...optional import optional
from ..description.network import Network
from ..lowering.variables import split_key
from .figures import axes_given
from .recording import NONE

__all__ = ["Explorer", "slider_range", "usual_parameters", "usual_record"]

#: The range of a slider is from the value divided by this number to the value times it.
RANGE = 5.0
#: The most variables that are recorded if none are named, and the most sliders.
VARIABLES, SLIDERS = 4, 12


class Explorer:
    """A copy of a circuit that runs again whenever a parameter changes; the circuit itself stays as it is.

    Parameters
    ----------
    circuit : Circuit
        The circuit.
    inputs : array, mapping or Dataset, optional
        The data, as in `Circuit.run`.
    record : sequence of str
        The variables that are drawn.
    parameters : sequence of str
        The parameters that have sliders, such as ``"h.tau"`` or ``"x_to_h.rate"``.
    presentations : int
        The number of presentations that are drawn.
    """

    def __init__(
        self, circuit: Any, inputs: Any, record: Sequence[str], parameters: Sequence[str], presentations: int
    ) -> None:
        self.circuit = deepcopy(circuit)
        self.inputs, self.record, self.presentations = inputs, list(record), presentations
        trace = self.circuit.run(inputs, 1, record=self.record)  # data or names that do not fit are refused here
        silent = [name for name, shown in trace.shown.items() if shown == NONE]
        self.without_data = (
            f"{', '.join(silent)}: no data were given, as in widget({{{silent[0]!r}: ...}})." if silent else ""
        )
        self.circuit = deepcopy(circuit)
        self.units = {name: self._unit(name) for name in parameters}
        values = {name: float(np.ravel(circuit[name])[0]) / float(self.units[name]) for name in parameters}
        self.first = {name: float(f"{value:.6g}") for name, value in values.items()}  # float32 has no more digits
        self.moment = self.circuit.moment()

    def _unit(self, name: str) -> Quantity | float:
        owner, variable = split_key(name)
        population = self.circuit.populations.get(owner)
        dimension = DIMENSIONLESS if population is None else population.neuron.dimension(variable)
        if dimension is DIMENSIONLESS:
            return 1.0
        value = Quantity(float(np.ravel(self.circuit[name])[0]), dim=dimension)
        return value.get_best_unit() if hasattr(value, "get_best_unit") else get_unit(dimension)

    def unit_text(self, name: str) -> str:
        """Return the unit of a slider, such as ``"ms"``; empty if it has none."""
        return "" if isinstance(self.units[name], float) else str(self.units[name])

    def figure(self, values: dict[str, float]) -> Figure:
        """Return the figure of a run from the circuit's initial state, with these values of the parameters."""
        self.circuit.go_on_from(self.moment)
        for name, value in values.items():
            self.circuit[name] = value * self.units[name]
        trace = self.circuit.run(self.inputs, self.presentations, record=self.record)
        figure = Figure(figsize=(8, 0.7 + 1.5 * len(self.record)), layout="constrained")
        panels = figure.subplots(len(self.record), 1, sharex=True, squeeze=False)[:, 0]
        return trace.plot(ax=axes_given(panels, len(self.record), "widget"))

    def widget(self) -> Any:
        """Return the sliders and the picture as a widget of ipywidgets."""
        library = optional("ipywidgets", "widget", "widget")
        sliders = {name: self._slider(library, name) for name in self.first}
        picture, said = library.Image(format="png"), library.Label()

        def draw(_: Any = None) -> None:
            try:
                picture.value = _png(self.figure({name: slider.value for name, slider in sliders.items()}))
                said.value = self.without_data
            except RecircuitError as problem:
                said.value = str(problem)

        for slider in sliders.values():
            slider.observe(draw, "value")
        draw()
        return library.VBox([library.VBox(list(sliders.values())), said, picture])

    @property
    def label_width(self) -> int:
        """The width of the longest label in ems, so that all sliders begin in one column."""
        return 1 + max((len(self._label(name)) * 6 // 10 for name in self.first), default=0)

    def _label(self, name: str) -> str:
        unit = self.unit_text(name)
        return f"{name} ({unit})" if unit else name

    def _slider(self, library: Any, name: str) -> Any:
        value = self.first[name]
        least, most = slider_range(value)
        return library.FloatSlider(
            value=value, min=least, max=most, step=(most - least) / 100, description=self._label(name),
            continuous_update=False, readout_format=".3g", style={"description_width": f"{self.label_width}em"},
            layout=library.Layout(width=f"{self.label_width + 22}em"),
        )  # fmt: skip


def slider_range(value: float) -> tuple[float, float]:
    """Return the smallest and the largest value of a slider."""
    if value == 0:
        return -1.0, 1.0
    return (value / RANGE, value * RANGE) if value > 0 else (value * RANGE, value / RANGE)


def usual_parameters(circuit: Network) -> list[str]:
    """Return the parameters that have one value for all units: those of neurons, and those of rules."""
    fixed = {f"{name}.{one}" for name, output in circuit.outputs_of.items() for one in output.built_in}
    found = [f"{p.name}.{name}" for p in circuit.populations.values() for name in p.single_parameters]
    found = [name for name in found if name not in fixed]
    found += [
        f"{p.name}.{name}"
        for p in circuit.projections.values()
        if p.equation and p.plastic
        for name in p.equation.parameters
    ]
    return found[:SLIDERS]


def usual_record(circuit: Network) -> list[str]:
    """Return the rates of the output and of units that project to it one-to-one, such as o, t and s; or all rates."""
    outputs = list(circuit.outputs_of)
    beside = [
        p.pre.name
        for p in circuit.projections.values()
        if p.post.name in outputs and p.connectivity.kind == "one_to_one"
    ]
    names = dict.fromkeys([*outputs, *reversed(beside)]) if outputs else circuit.populations
    return [f"{name}.rate" for name in names if "rate" in circuit.populations[name].neuron.dimensions][:VARIABLES]


def _png(figure: Figure) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=90)
    return content.getvalue()
