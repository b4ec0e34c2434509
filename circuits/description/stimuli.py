"""What is shown to a circuit: stimuli, labels, targets, and units that always fire."""

from __future__ import annotations

from collections.abc import Sequence

from brian2.units import Quantity

from ...door import door
from .naming import checked_size
from .neuron import Neuron
from .population import CLAMPED, Clamp, Population, check_clamp, labels_clamp
from .schedule import During, steps_in
from .timing import Closed, checked_closed

Phases = str | Sequence[str] | None


class Stimuli:
    """The part of a description that declares populations whose rates are data."""

    dt: Quantity
    constants: dict[str, float]

    @door
    def stimulus(
        self,
        name: str,
        size: int,
        model: Neuron | None = None,
        *,
        clamps: str = "rate",
        during: Phases = None,
        every: Quantity | None = None,
        closed: Closed = "hold",
    ) -> Population:
        """A population that is clamped to a row of the data at the first step of ``during`` (default: of all).

        When ``during`` is over it keeps the row (``closed="hold"``) or is zero (``"zero"``).

        With ``every``, a sample is a series, data have the shape (samples, rows, size), and a row is shown every so long
        while ``during`` lasts.

        With a ``model``, ``clamps`` names the parameter of each unit that is set (as in
        ``Neuron("input : 1; rate = input + noise ...")``), and the rest of the equations go on as they do elsewhere.
        """
        return self._clamped(name, size, model, self._clamp("values", name, clamps, during, every, closed))

    @door
    def target(
        self,
        name: str,
        size: int,
        model: Neuron | None = None,
        *,
        clamps: str = "rate",
        during: Phases = None,
        every: Quantity | None = None,
        closed: Closed = "hold",
    ) -> Population:
        """A population clamped to the real values that are wanted, for regression. Not shown in evaluation.

        Data have the shape (samples, size); with ``every`` they are series, as those of a `stimulus`.
        """
        return self._clamped(name, size, model, self._clamp("targets", name, clamps, during, every, closed))

    @door
    def supervisor(
        self,
        name: str,
        size: int,
        model: Neuron | None = None,
        *,
        on: float = 1.0,
        off: float = 0.0,
        clamps: str = "rate",
        during: Phases = None,
        closed: Closed = "hold",
    ) -> Population:
        """A population clamped to the label: its unit at ``on``, the others at ``off``. Not shown in evaluation."""
        closed = checked_closed(closed, f"supervisor {name!r}")
        return self._clamped(name, size, model, labels_clamp(name, During.of(during), clamps, on, off, closed))

    @door
    def constant(self, name: str, size: int = 1, value: float = 1.0) -> Population:
        """Units that always fire at ``value``; a projection from one of them is a bias."""
        population = self._add(Population(self, name, checked_size(name, size), CLAMPED))  # type: ignore[arg-type]
        self.constants[f"{name}.rate"] = value
        return population

    def _clamp(
        self, kind: str, name: str, variable: str, during: Phases, every: Quantity | None, closed: Closed
    ) -> Clamp:
        steps = 0 if every is None else steps_in(name, every, self.dt, "stimulus: every of")
        return Clamp(
            kind, During.of(during), variable, every=steps, closed=checked_closed(closed, f"stimulus {name!r}")
        )

    def _clamped(self, name: str, size: int, model: Neuron | None, clamp: Clamp) -> Population:
        model = model or CLAMPED
        check_clamp(name, model, clamp)
        return self._add(Population(self, name, checked_size(name, size), model, clamp))  # type: ignore[arg-type]

    def _add(self, population: Population) -> Population:
        raise NotImplementedError
