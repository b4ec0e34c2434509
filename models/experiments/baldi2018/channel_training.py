"""What the experiments of Baldi, Sadowski and Lu 2018 on MNIST share: how a variant learns, and what is reported of it.

The network has 784-100-100-100-100-10 units: four layers of tanh units and a softmax. It learns in minibatches of 100 for
100 epochs, at the rate .1 that decays by 1e-6 an update (section 4.1); weights begin as N(0, 2/(n_pre + n_post)). A quick
run takes the digits that come with scikit-learn, layers of 40 units, minibatches of 20, three times the rate and 15 epochs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ....circuits import Circuit
from ....circuits.description.fingerprint import fingerprint
from ...data import Dataset
from ...networks.random_backpropagation import Variant, random_backpropagation
from ..framework.accuracy_curves import Curves
from ..framework.claims import margin, met
from ..framework.experiment import Check, Settings, many
from ..framework.saved_runs import at_end, each
from ..framework.training_runs import or_guess, trained


@dataclass(frozen=True)
class Protocol:
    """What is learned, by which network, for how long, and how many times faster than the variant says."""

    data: str = "mnist"
    hidden: tuple[int, ...] = (100, 100, 100, 100)
    batch_size: int = 100
    epochs: int = 100
    faster: float = 1.0

    def with_(self, **changes: Any) -> Protocol:
        """Return a changed copy."""
        return replace(self, **changes)


FULL = Protocol()
QUICK = Protocol("digits", (40, 40, 40, 40), 20, 15, 3.0)


def learn(plan: Mapping[str, Variant], settings: Settings, *, full: Protocol = FULL, quick: Protocol = QUICK) -> Curves:
    """Train each variant from each seed: ``[name][seed]`` holds the accuracies ``train`` and ``test`` (percent) by
    epoch.

    A run that is finished is kept in the folder of the settings, and not made again (a quick one is).

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C was pressed.
    """
    protocol = quick if settings.quick else full
    data = settings.dataset(protocol.data)
    trainer = VariantTrainer(data, protocol, settings)
    fixed = {"protocol": vars(protocol), "data": data.fingerprint()}

    def run(name: str, variant: Variant, seed: int) -> dict[str, Any]:
        return trainer.run(variant, seed, name)

    found = each(settings, plan, lambda variant: {"variant": variant.differences(), **fixed}, run)
    trainer.close()
    return found


class VariantTrainer:
    """Teaches circuits, one after the other; those that differ in numbers only share a program."""

    def __init__(self, data: Dataset, protocol: Protocol, settings: Settings) -> None:
        self.data, self.protocol, self.settings = data, protocol, settings
        self.sizes = (data.n_features, *protocol.hidden, data.classes)
        self._last: Circuit | None = None

    def run(self, variant: Variant, seed: int, name: str) -> dict[str, Any]:
        """Return accuracies by epoch; ``diverged`` names what became NaN or infinite, after which answers are a guess."""
        variant = variant.with_(rate=self.protocol.faster * variant.rate)
        net = self._built(random_backpropagation(self.sizes, variant, batch_size=self.protocol.batch_size, seed=seed))
        data, epochs, label = self.data, self.protocol.epochs, f"{name}, seed {seed}"
        rows, diverged = or_guess(lambda: trained(self.settings, net, data, epochs, label=label), epochs, data.classes)
        found = {part: [round(100 * (1 - row[f"{part}_error"]), 4) for row in rows] for part in ("train", "test")}
        return {**found, "diverged": diverged}

    def close(self) -> None:
        """Let go of the last program."""
        if self._last is not None:
            self._last.close()

    def _built(self, net: Circuit) -> Circuit:
        """Return the circuit with a program: that of the last one, if that will do."""
        last, self._last = self._last, net
        if last is not None and fingerprint(last) == fingerprint(net):
            net.take_over(last)
            return net
        if last is not None:
            last.close()
        return net


@dataclass(frozen=True)
class Printed:
    """A value of Table 1: mean and sample standard deviation over five runs; whether it is meant to be bad."""

    mean: float
    sd: float = 0.0
    bad: bool = False

    def check(self, name: str, runs: Sequence[Mapping[str, Any]]) -> Check:
        """Return a check that the value is within the margin, or better where it is not meant to be bad."""
        what = f"{name}: test accuracy after {len(runs[0]['test'])} epochs, {many(runs)}"
        return met(what, round(at_end(runs), 2), self.mean, margin(self.sd), "higher", bad=self.bad)
