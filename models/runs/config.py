"""The options of a training run (`recircuit train`), checked, with their defaults filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from ...circuits import Circuit
from ...circuits.backends import BACKENDS
from ...circuits.description.settings import MATMULS, PRECISIONS
from ...circuits.library.outputs import OUTPUTS
from ...circuits.library.transfer import TRANSFERS
from ...circuits.library.transfer import transfer as find_transfer
from ...errors import RecircuitError, UsageError
from ...plasticity import Rule, find
from ...registry import nearest
from ..analysis.measures import MEASURES
from ..data import Dataset
from ..data.augment import Augmentation
from ..networks.architectures import ARCHITECTURES, layers_of
from ..networks.convolutional import Synapses, image_network
from ..networks.registry import NETWORKS, network_for
from ..networks.usual_rate import usual_rate, with_rate
from .default_options import RATE_DECAY, SMALL, of_model, usual_batch_size, usual_epochs
from .names import HOW_FAR_AND_WHERE, folder_name
from .number_options import COUNT, DECAY, MOMENTUM, PROBABILITY, RATE, SEED

__all__ = ["SMALL", "RunConfig"]


class RunConfig(BaseModel):
    """The options of a training run. An option that is None depends on the data: `filled` returns its value.

    ``data`` and ``data_dir`` are those of `recircuit.models.data.load`. ``layers`` is such as ``"784-500-10"``; in its place
    there may be a ``model`` of `image_network`, whose convolutions share no weights if ``untied``. ``rule`` is a name, or
    ``./file.py:name``. After n updates the learning rate is rate/(1 + rate_decay*n). ``augment`` is such as
    ``"shift .1, flip .5"``. ``measure`` has names in `recircuit.models.analysis.measures.MEASURES`; each text may hold
    several, with commas between. The others are those of `recircuit.models.layered` and `recircuit.models.train`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str
    data_dir: str | None = None
    layers: str | None = None
    model: str | None = None
    untied: bool = False
    rule: str = "urfb"
    loss: str = "hinge"
    transfer: str = "clip"
    epochs: Annotated[int | None, COUNT] = None
    batch_size: Annotated[int | None, COUNT] = None
    rate: Annotated[float | None, RATE] = None
    rate_decay: Annotated[float | None, DECAY] = None
    momentum: Annotated[float, MOMENTUM] = 0.0
    weight_decay: Annotated[float, DECAY] = 0.0
    connectivity: Annotated[float, PROBABILITY] = 1.0
    precision: str = "float32"
    matmul: str = "full"
    backend: str = "auto"
    seed: Annotated[int, SEED] = 0
    measure: tuple[str, ...] = ()
    augment: str = ""

    @classmethod
    def of(cls, **options: Any) -> RunConfig:
        """Check options.

        Raises
        ------
        UsageError
            If an option is wrong. The message names the option, what it got, and what was expected.
        """
        try:
            return cls(**options)
        except ValidationError as problem:
            first = problem.errors()[0]
            name = "--" + ".".join(map(str, first["loc"])).replace("_", "-")
            reason, got = str(first.get("ctx", {}).get("error", first["msg"])), first["input"]
            given = f"; got {','.join(got) if isinstance(got, tuple) else got!r}"
            raise UsageError(f"{name}: {reason.removesuffix(given)}{given}.") from None

    @field_validator("layers")
    @classmethod
    def _layers(cls, value: str | None) -> str | None:
        sizes = [] if value is None else value.split("-")
        if value is not None and not (len(sizes) > 1 and all(s.isdecimal() and int(s) > 0 for s in sizes)):
            raise ValueError("expected two sizes or more, each at least 1, with - between, as in 784-500-10")
        return value

    @field_validator("model")
    @classmethod
    def _model(cls, value: str | None) -> str | None:
        if value is not None and ";" not in value:
            return _one_of(value, tuple(ARCHITECTURES))
        if value is not None:
            try:
                layers_of(value)
            except RecircuitError as problem:
                raise ValueError(str(problem).removeprefix("model: ").rstrip(".")) from None
        return value

    @field_validator("augment")
    @classmethod
    def _augment(cls, value: str) -> str:
        try:
            return str(Augmentation.of(value))
        except UsageError as problem:
            raise ValueError(str(problem).removeprefix("augment: ").rstrip(".")) from None

    @field_validator("loss")
    @classmethod
    def _loss(cls, value: str) -> str:
        return _one_of(value, tuple(OUTPUTS))

    @field_validator("precision")
    @classmethod
    def _precision(cls, value: str) -> str:
        return _one_of(value, PRECISIONS)

    @field_validator("matmul")
    @classmethod
    def _matmul(cls, value: str) -> str:
        return _one_of(value, MATMULS)

    @field_validator("backend")
    @classmethod
    def _backend(cls, value: str) -> str:
        return _one_of(value, ("auto", *BACKENDS))

    @field_validator("transfer")
    @classmethod
    def _transfer(cls, value: str) -> str:
        if value.isidentifier() and value != "basal":
            return _one_of(value, tuple(TRANSFERS))
        try:
            find_transfer(value)
        except RecircuitError as problem:
            raise ValueError(str(problem).removeprefix("transfer: ").rstrip(".")) from None
        return value

    @field_validator("measure")
    @classmethod
    def _measure(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = [name.strip() for group in value for name in group.split(",")]
        return tuple(dict.fromkeys(_one_of(name, tuple(MEASURES)) for name in names))

    @property
    def sizes(self) -> list[int]:
        """The numbers of units of the layers, stimulus first; empty where no layers are given."""
        return [int(n) for n in self.layers.split("-")] if self.layers else []

    def filled(self, data: Dataset) -> RunConfig:
        """Return the options with the defaults that depend on the data, checked against the data.

        Up to 10,000 training samples: features-100-classes, 20 epochs, and about 1/64 of them, 10 at least, at a
        time; beyond: features-500-classes, 6 epochs, 100 at a time.

        Raises
        ------
        UsageError
            If layers or batch elements do not fit the data.
        """
        if self.model is not None:
            filled = self.model_copy(update=of_model(self, data))
            return filled.model_copy(update=filled._rates(filled.batch_size or 1))
        if self.untied:
            raise UsageError("--untied goes with --model: the layers of --layers share no weights.")
        small = data.n_train < SMALL
        layers = self.layers or f"{data.n_features}-{100 if small else 500}-{data.classes}"
        fitted = self._fitted().model_copy(update={"layers": layers})
        sizes = fitted.sizes
        for what, wanted, got, where in (
            ("features", data.n_features, sizes[0], "first"),
            ("classes", data.classes, sizes[-1], "last"),
        ):
            if got != wanted:
                raise UsageError(
                    f"--layers {layers}: {data.name!r} has {wanted} {what}, so that the {where} layer has {wanted} "
                    f"units; got {got}."
                )
        batch_size = self.batch_size or usual_batch_size(data.n_train)
        if batch_size > data.n_train:
            raise UsageError(f"--batch-size {batch_size}: {data.name!r} has only {data.n_train} training samples.")
        epochs = self.epochs or usual_epochs(data.n_train)
        return fitted.model_copy(update={"batch_size": batch_size, "epochs": epochs, **fitted._rates(batch_size)})

    def _fitted(self) -> RunConfig:
        """Return the options with what the network for the rule decides; where it fixes options, rates do not decay.

        Raises
        ------
        UsageError
            If an option has another value than the network fixes.
        """
        rule = find(self.rule)
        name = network_for(rule)
        kind = NETWORKS[name]
        for option, fixed in kind.fixed.items():
            if option in self.model_fields_set and getattr(self, option) != fixed:
                raise UsageError(
                    f"--{option}: the rule {rule.name!r} learns in a network of the kind {name!r}, in which {option} is "
                    f"{fixed}; got {getattr(self, option)!r}."
                )
        changes = dict(kind.fixed)
        if "transfer" not in self.model_fields_set:
            changes["transfer"] = kind.transfer
        if kind.fixed and self.rate_decay is None:
            changes["rate_decay"] = 0.0
        return self.model_copy(update=changes)

    def _rates(self, batch_size: int) -> dict[str, float]:
        """Return rate and decay: what is given, or for a rule that has a rate and no such decay, the defaults."""
        rule = find(self.rule)
        own = rule.parameters
        rate, decay = self.rate, self.rate_decay
        if rate is None and "rate" in own:
            own_outputs = self.model is None and NETWORKS[network_for(rule)].own_outputs
            rate = usual_rate(rule, None if own_outputs else OUTPUTS[self.loss], batch_size)
        if decay is None and "rate" in own and "rate_decay" not in own:
            decay = RATE_DECAY
        return {k: v for k, v in (("rate", rate), ("rate_decay", decay)) if v is not None}

    def made_rule(self) -> Rule:
        """Return the rule with its rate, decays and momentum.

        Raises
        ------
        UsageError
            If the rule has no rate that could be set.
        """
        rule = find(self.rule)
        if "rate" not in rule.parameters and (self.rate is not None or self.rate_decay is not None):
            option, own = "--rate" if self.rate is not None else "--rate-decay", ", ".join(rule.parameters) or "none"
            raise UsageError(
                f"{option}: the rule {rule.name!r} has no parameter 'rate'; it has {own}. Write it into the rule."
            )
        if self.rate is not None:
            rule = with_rate(rule, self.rate)
        if self.weight_decay:
            rule = rule.with_weight_decay(self.weight_decay)
        if self.momentum:
            rule = rule.with_momentum(self.momentum)
        return rule.with_rate_decay(self.rate_decay) if self.rate_decay else rule

    def circuit(self, data: Dataset) -> Circuit:
        """Return the network; call it on what `filled` returned, with the data it was filled for.

        Raises
        ------
        UsageError
            If the options make no network.
        """
        assert self.batch_size is not None
        try:
            if self.model is not None:
                return self._image_network(data)
            rule = self.made_rule()
            kind = NETWORKS[network_for(rule)]
            options = ("transfer", "batch_size", "precision", "seed", "loss", "connectivity", "matmul")
            return kind.build(
                self.sizes, rule, **{name: getattr(self, name) for name in options if name not in kind.fixed}
            )
        except RecircuitError as problem:
            raise UsageError(str(problem)) from problem

    def _image_network(self, data: Dataset) -> Circuit:
        assert self.model is not None and self.batch_size is not None
        return image_network(
            self.model, data.shape, data.classes, self.made_rule(), loss=self.loss, transfer=self.transfer,
            synapses=Synapses(tied=False if self.untied else None, connectivity=self.connectivity),
            batch_size=self.batch_size, precision=self.precision, seed=self.seed, matmul=self.matmul,
        )  # fmt: skip

    def network(self) -> str:
        """Return the layers, in words."""
        if self.model is None:
            return str(self.layers)
        line = ARCHITECTURES[self.model].line if self.model in ARCHITECTURES else self.model
        return line + (" (untied)" if self.untied else "")

    def folder(self) -> Path:
        """Return the folder of the run where none is named: runs/DATA-RULE-HASH-SEED, with a hash of the options."""
        return Path("runs") / folder_name(self.model_dump(mode="json"))

    def differences(self, other: RunConfig) -> list[str]:
        """Return the options in which another run differs, without those that only say how far and on what it runs."""
        mine, theirs = self.model_dump(), other.model_dump()
        return [k for k in mine if mine[k] != theirs[k] and k not in HOW_FAR_AND_WHERE]


def _one_of(value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        close = nearest(value, allowed)
        names = ", ".join(allowed)
        raise ValueError(f"did you mean {close}? Expected {names}" if close else f"expected {names}")
    return value
