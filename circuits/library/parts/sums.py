"""A unit that sums the signals of a population, and sends the sum to all units, or to those of this population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ....arguments import kept_arguments
from ....errors import RecircuitError
from ...description.network import Network
from ...description.neurons.neuron import Neuron
from ...description.populations.population import Population

__all__ = ["SummingUnit"]

SUM = Neuron("summed : 1 (compartment)\nrate = summed : 1")


@kept_arguments
@dataclass(frozen=True)
class SummingUnit:
    """One unit whose rate is the sum of a population's signals, as for softmax or divisive normalisation.

    ``circuit.population("pool", 1, SummingUnit(h, told_as="total"))`` adds it, with one synapse of weight 1 from each unit
    of h, and broadcasts its rate as ``total``. A unit that names the broadcast can divide by it. If h has a compartment
    ``total``, the unit sends its rate there instead, so that several populations each have a sum of their own under one name.

    Parameters
    ----------
    of : Population
        The population that is summed.
    sends : str
        The variable that is summed.
    told_as : str
        The name under which the units read the sum: a compartment of the population that is summed, or, if it has none of
        this name, a broadcast. If it is empty, the sum is not sent anywhere.
    during : str or sequence of str, optional
        The phases in which the population sends to the unit. None stands for all phases.

    Notes
    -----
    The sum is that of the step before, and its readers receive it one step later: a softmax takes two steps after the fields
    have arrived. It is sent in all phases.

    Examples
    --------
    Softmax, in three steps:

    >>> import recircuit as rc
    >>> from brian2 import ms
    >>> net = rc.Circuit()
    >>> x = net.stimulus("x", 3)
    >>> unit = "basal : 1 (compartment)\\ntotal : 1 (broadcast)\\nraised = exp(basal) : 1"
    >>> h = net.population("h", 2, rc.Neuron(unit + "\\nrate = raised/(total + int(total == 0)) : 1"))
    >>> pool = net.population("pool", 1, rc.SummingUnit(h, sends="raised", told_as="total"))
    >>> projection = net.connect(x, h)
    >>> schedule = net.phases("answer", 3 * ms)
    >>> trace = net.run({"x": [[1.0, 0.0, 0.0]]})
    >>> round(float(net["h.rate"].sum()), 6)
    1.0
    """

    of: Population
    sends: str = "rate"
    told_as: str = ""
    during: str | Sequence[str] | None = None

    def build(self, circuit: Network, name: str, size: int) -> Population:
        """Add the unit, the synapses that it receives, and the broadcast or the synapses by which it sends the sum.

        Parameters
        ----------
        circuit : Network
            The circuit that the summed population belongs to.
        name : str
            The name of the unit.
        size : int
            The number of units, which is one.

        Returns
        -------
        Population
            The unit.

        Raises
        ------
        RecircuitError
            If the size is not 1.
        """
        if size != 1:
            raise RecircuitError(f"population {name!r}: a summing unit is one unit; got the size {size}. Give 1.")
        unit = circuit.population(name, 1, SUM)
        circuit.connect(self.of, unit, into="summed", sends=self.sends, weights=1.0, during=self.during)
        if self.told_as in self.of.neuron.compartments:
            circuit.connect(unit, self.of, into=self.told_as, weights=1.0)
        elif self.told_as:
            circuit.broadcast(unit, self.told_as)
        return unit
