"""What the experiments with networks for images share: how a method learns, and the checks of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from ....circuits import Circuit
from ....circuits.description.projections.initial import Initial
from ....plasticity import Rule, find
from ...analysis.filters import likeness
from ...data import Dataset
from ...networks.architectures import ARCHITECTURES
from ...networks.convolutional import Feedback, Synapses, image_network
from ...networks.random_backpropagation import Variant, channel_matrix, scaled
from ...networks.weight_transfer import carry_over
from ...training.history import History
from ...training.samples import augmented
from .claims import met
from .experiment import Check, Settings, many
from .saved_runs import at_end, each
from .training_runs import or_guess, resumable, trained

__all__ = ["QUICK_LINE", "Curves", "Method", "Protocol", "Runs", "error_gaps", "error", "learn", "printed"]

#: A network for quick runs. One epoch: 1,437 digits, shown many times by a small network, in seconds.
QUICK_LINE = "conv 8 3x3; maxpool 3; drop .2; full conn. 40; drop .1; output"
#: What is kept of a history, by the name in the results.
COLUMNS = {"train": "train_error", "test": "test_error", "likeness": "likeness"}
#: Name of a column -> its value after each epoch.
Curves = dict[str, list[float]]
#: Method -> the curves of its runs, one from each seed.
Runs = dict[str, list[Curves]]
Look = Callable[[Circuit], Mapping[str, Any]]


@dataclass(frozen=True)
class Method:
    """How a network learns: its rule, loss and connectivity, and whether its convolutions are tied, or which of them.

    The first ``tied_epochs`` of an untied network are run tied, at the rate ``tied_rate`` (Amit 2019, section 4.1). Layers
    in ``frozen`` keep their weights, in an untied network those that they have learned tied, while all others begin again.
    ``direct``, ``gated`` and ``skipped`` are those of `Feedback`, ``clipped`` is that of `Synapses`, and ``noise`` that of
    `image_network`. Weights are drawn from N(0, 2/(fan_in + fan_out)) if ``normal``, else uniformly with that variance. With
    ``sparse``, feedback has so many synapses of weight 1 from a unit to a layer on average (Baldi et al. 2018, Fig. 3-4, 6).
    ``momentum``, ``rate_decay`` and ``feedback_rate`` (0: its own) are those of the rule. ``adam`` is the epsilon of ADAM,
    and 0 trains without it.
    """

    rule: str = "urfb"
    loss: str = "hinge"
    connectivity: float = 1.0
    tied: bool | tuple[str, ...] = True
    tied_epochs: int = 1
    tied_rate: float = 0.01
    frozen: tuple[str, ...] = ()
    direct: bool | Literal["pools"] = False
    gated: bool = True
    skipped: bool = False
    clipped: float = 0.0
    noise: float = 0.01
    normal: bool = False
    sparse: float = 0.0
    momentum: float = 0.0
    rate_decay: float = 0.0
    feedback_rate: float = 0.0
    adam: float = 0.0

    def differences(self) -> dict[str, Any]:
        """Return what is not as usual, by name, so that a run that is kept stays valid when methods get more options."""
        return {f.name: v for f in fields(self) if (v := getattr(self, f.name)) != f.default}

    def made_rule(self, rate: float) -> Rule:
        """Return the rule at a rate."""
        rule = find(self.rule).with_parameters(rate=rate)
        rule = rule.with_parameters(feedback_rate=self.feedback_rate) if self.feedback_rate else rule
        rule = rule.with_adam(epsilon=self.adam) if self.adam else rule
        rule = rule.with_momentum(self.momentum) if self.momentum else rule
        return rule.with_rate_decay(self.rate_decay) if self.rate_decay else rule


@dataclass(frozen=True)
class Protocol:
    """What is learned, for how long, how many samples at a time, and at which rate; ``standardised``: see
    `Dataset.standardised`.
    """

    model: str
    data: str
    epochs: int
    batch_size: int
    rate: float
    augment: str = ""
    standardised: bool = False

    def with_(self, **changes: Any) -> Protocol:
        """Return a changed copy."""
        return replace(self, **changes)


def learn(
    methods: Mapping[str, Method], settings: Settings, full: Protocol, quick: Protocol, look: Look | None = None
) -> Runs:
    """Train each method from each seed, epoch by epoch: ``train`` and ``test`` errors, and ``likeness`` of untied
    filters.

    ``look(circuit)`` is called after each run; what it returns, JSON by name, is kept beside the curves. Runs go on where they
    were stopped, and an experiment of more epochs goes on from one of fewer. Of a run that is finished the curves are kept.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C was pressed.
    """
    protocol = quick if settings.quick else full.with_(epochs=settings.epochs or full.epochs)
    data = settings.dataset(protocol.data)
    data = data.standardised() if protocol.standardised else data

    def run(name: str, method: Method, seed: int) -> Curves:
        return _Run(data, protocol, method, seed, settings, look).run(name)

    seen = {"looked": True} if look is not None else {}
    about = {"epochs": protocol.epochs, **seen}
    return each(settings, methods, lambda method: {**_about(data, protocol, method), **about}, run)


def _about(data: Dataset, protocol: Protocol, method: Method) -> dict[str, Any]:
    """Return what a run depends on, except for its seed, the backend, and how many epochs it has."""
    line = getattr(ARCHITECTURES.get(protocol.model), "line", protocol.model)
    label = asdict(protocol.with_(epochs=0))
    return {"method": method.differences(), "protocol": label, "line": line, "data": data.fingerprint()}


class _Run:
    """One method from one seed."""

    def __init__(
        self, data: Dataset, protocol: Protocol, method: Method, seed: int, settings: Settings, look: Look | None
    ) -> None:
        self.data, self.protocol, self.method, self.seed, self.settings = data, protocol, method, seed, settings
        self.look = look

    def run(self, name: str) -> Curves:
        """Return the curves of the run. A tied beginning has a folder of its own."""
        method, protocol, label = self.method, self.protocol, f"{name}, seed {self.seed}"
        first = 0 if method.tied is True else min(method.tied_epochs, protocol.epochs)
        earlier: Curves = {}
        later: Curves = {}
        with closing(self._circuit(method.tied or method.frozen, protocol.rate, method.frozen)) as net:
            if first:
                with closing(self._circuit(True, method.tied_rate)) as tied:
                    earlier = self._learn(tied, f"{name}-{self.seed}-tied", first, label)
                    carry_over(tied, net, method.frozen or [n for n in net.populations if n != "x"])
            net.epoch = first
            if protocol.epochs > first:
                later = self._learn(net, f"{name}-{self.seed}", protocol.epochs - first, label)
            seen = self.look(net) if self.look is not None else {}
            columns = earlier | later
            return {column: earlier.get(column, []) + later.get(column, []) for column in columns} | dict(seen)

    def _circuit(self, tied: bool | Sequence[str], rate: float, frozen: Sequence[str] = ()) -> Circuit:
        method, paper = self.method, ARCHITECTURES.get(self.protocol.model)
        return image_network(
            self.protocol.model, self.data.shape, self.data.classes, method.made_rule(rate), loss=method.loss,
            transfer=paper.transfer if paper else "clip", noise=method.noise,
            synapses=Synapses(
                tied, frozen, method.connectivity, scaled() if method.normal else None,
                _sparse(method) if method.sparse else None, method.clipped,
            ),
            feedback=Feedback(method.direct, method.gated, method.skipped), batch_size=self.protocol.batch_size, seed=self.seed,
        )  # fmt: skip

    def _learn(self, net: Circuit, name: str, epochs: int, label: str) -> Curves:
        method, protocol = self.method, self.protocol
        about = {**_about(self.data, protocol, method), "seed": self.seed}
        measured = [] if method.tied or method.frozen else [_Likeness()]
        data = augmented(self.data, protocol.augment) if protocol.augment else self.data

        def run() -> History:
            out = resumable(self.settings, name, about, epochs)
            return trained(self.settings, net, data, epochs, label=label, out=out, callbacks=measured)

        curves: Curves = {}
        for row in or_guess(run, epochs, self.data.classes)[0]:
            for column, key in COLUMNS.items():
                if key in row:
                    curves.setdefault(column, []).append(round(row[key], 6))
        return curves


class _Likeness:
    """A column for how alike the filters of different places are."""

    def on_epoch_measure(self, epoch: int, net: Circuit) -> dict[str, float]:
        return {"likeness": likeness(net.projections["x_to_conv1"])}


def _sparse(method: Method) -> Initial:
    return channel_matrix(Variant("srbp" if method.direct else "rbp", matrix="sparse", n=method.sparse))


def error(runs: Sequence[Curves], part: str = "test") -> float:
    """Return the share that is wrong after the last epoch, the mean over seeds."""
    return round(at_end(runs, part), 4)


def printed(
    name: str, runs: Sequence[Curves], paper: float, of: int, *, margin: float = 0.01, bad: bool = False
) -> Check:
    """Compare with a test error of the paper, which it reached after ``of`` epochs, also where fewer epochs were run."""
    what = f"{name}: test error after {len(runs[0]['test'])} of {of} epochs, {many(runs)}"
    return met(what, error(runs), paper, margin, "lower", bad=bad)


def error_gaps(runs: Runs, values: Mapping[str, float], pairs: Sequence[tuple[str, str]]) -> list[Check]:
    """Return how many points of test error of a pair the first method has more than the second, where both were run.

    The paper's difference, by its test errors ``values``, is met to within a point on both sides. A difference of a point or
    less is left out, as networks that have learned nothing would meet it.
    """
    made = []
    for worse, better in pairs:
        if {worse, better} <= set(runs) and {worse, better} <= set(values):
            what = f"{worse}: points of test error above {better}, after {len(runs[worse][0]['test'])} epochs"
            points = round(100 * (error(runs[worse]) - error(runs[better])), 2)
            paper = round(100 * (values[worse] - values[better]), 2)
            if abs(paper) > 1:
                made.append(met(what, points, paper, 1.0, "lower", bad=True))
    return made
