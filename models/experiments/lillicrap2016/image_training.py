"""What the experiments of Lillicrap et al. 2016 on images share: how pixels are scaled, and runs that are kept.

Pixels have mean 0 and standard deviation 1 over all training images, targets are .9 and -.9, units and outputs are tanh,
the weight decay is 1e-6, and minibatches have 100 samples (Note 5). "Eta was reduced by an order of magnitude once progress
had slowed substantially": this is done here after 60% and after 85% of the epochs. W begins uniform by Glorot and Bengio; B
is as wide as W^T at the beginning, times a gain that makes up for what f' takes away, "so that roughly the same magnitude
of error arrived at each layer".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from math import prod
from typing import Any

from ....circuits import Circuit, Local, glorot
from ....plasticity import Rule, find
from ...data import Dataset
from ...networks.feedback_alignment import Dropout, Labels, Synapses, feedback_alignment
from ...training.samples import augmented
from ..framework.experiment import Settings
from ..framework.saved_runs import each
from ..framework.training_runs import resumable
from ..framework.training_runs import trained as trained_circuit

DECAY = 1e-6
FALLS = (0.6, 0.85)

#: ``train`` and ``test``: the errors after each epoch, in percent.
LearningCurve = dict[str, list[float]]


@dataclass(frozen=True)
class Plan:
    """One network, and how long it learns.

    Parameters
    ----------
    rule : str
        ``frfb`` (feedback alignment) or ``bp``.
    hidden : tuple[int, ...]
        Units of the hidden layers.
    epochs, rate, batch_size
        How often all samples are shown, at what rate, in minibatches of how many.
    spread : float
        The spread of W as it begins, over that of Glorot and Bengio.
    gain : float
        The gain of B, over W^T as it begins by Glorot and Bengio.
    transfer, dropout, input_dropout, connectivity
        The transfer function, dropout, input dropout and connectivity, as in `feedback_alignment`.
    local : tuple[int, int]
        (maps, kernel): below the hidden layers is one whose units see kernel x kernel pixels each, all places that have
        such a window, in so many maps; (0, 0): there is none.
    augment : str
        What is done to the images, again in every epoch; see `Augmentation`.
    """

    rule: str
    hidden: tuple[int, ...]
    epochs: int
    rate: float
    batch_size: int = 100
    spread: float = 1.0
    gain: float = 1.0
    transfer: str = "tanh"
    dropout: float = 0.0
    input_dropout: float = 0.0
    connectivity: float = 1.0
    local: tuple[int, int] = (0, 0)
    augment: str = ""

    def with_(self, **changes: Any) -> Plan:
        """Return a changed copy."""
        return replace(self, **changes)

    def lasting(self, epochs: int | None) -> Plan:
        """Return the plan with other numbers of epochs; None stands for its own."""
        return self if epochs is None else self.with_(epochs=epochs)

    def scheduled(self, samples: int) -> Rule:
        """Return the rule, whose weights decay and whose rate falls tenfold twice."""
        updates = self.epochs * -(-samples // self.batch_size)
        rule = find(self.rule).with_parameters(rate=self.rate)
        return rule.with_weight_decay(DECAY).with_rate_steps(*(round(share * updates) for share in FALLS))

    def fields(self, data: Dataset) -> Local:
        """Return what the units of the local layer see."""
        height, width = data.shape
        return Local((1, height, width), *self.local, padding=0)

    def circuit(self, data: Dataset, seed: int, **options: Any) -> Circuit:
        """Return the network for a data set; ``options`` of `feedback_alignment` in place of the usual."""
        fields = self.fields(data) if self.local[0] else None
        lowest = () if fields is None else (prod(fields.above),)
        sizes = (data.n_features, *lowest, *self.hidden, data.classes)
        usual: dict[str, Any] = dict(
            sizes=sizes, answer="tanh", target=Labels(0.9, -0.9),
            synapses=Synapses(
                glorot(self.spread, counting="possible"), glorot(self.gain, counting="possible"), self.connectivity, fields
            ),
        )  # fmt: skip
        return feedback_alignment(
            rule=self.scheduled(data.n_train), transfer=self.transfer,
            dropout=Dropout(self.dropout, self.input_dropout), batch_size=self.batch_size, seed=seed, **(usual | options),
        )  # fmt: skip


def trained(
    net: Circuit, plan: Plan, data: Dataset, seed: int, settings: Settings, *, label: str, name: str
) -> LearningCurve:
    """Train the circuit of a plan for all epochs, and return its errors; a run of this name goes on where it was stopped.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C was pressed.
    """
    about = {**asdict(plan), "data": data.fingerprint(), "seed": seed}
    out = resumable(settings, f"{name}-{seed}", about, plan.epochs)
    images = augmented(data, plan.augment)
    history = trained_circuit(settings, net, images, plan.epochs, label=f"{label}, seed {seed}", out=out)
    return {part: (100 * history[f"{part}_error"]).round(4).tolist() for part in ("train", "test")}


def learn(plans: Mapping[str, Plan], data: Dataset, settings: Settings, about: str) -> dict[str, list[LearningCurve]]:
    """Train every plan from each seed. A run that is finished is kept in the folder of the settings (a quick one is not)."""
    shown = data.fingerprint()

    def run(name: str, plan: Plan, seed: int) -> LearningCurve:
        net = plan.circuit(data, seed)
        curve = trained(net, plan, data, seed, settings, label=f"{about}: {name}", name=name)
        net.close()
        return curve

    return each(settings, plans, lambda plan: dict(asdict(plan), data=shown), run)
