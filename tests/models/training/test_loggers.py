"""Callbacks that hand measurements on, and rates that change with the epoch. The services are stand-ins for the libraries."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from brian2 import Hz

import recircuit as rc
from recircuit.errors import RecircuitError, UsageError

X, Y = np.random.default_rng(0).normal(size=(30, 4)), np.arange(30) % 3


def net() -> rc.Circuit:
    return rc.layered([4, 5, 3], "urfb", batch_size=5, precision="float64")


def trained(callbacks: Any, epochs: int = 3) -> rc.History:
    return rc.train(net(), (X, Y), epochs, backend="numpy", progress=False, callbacks=callbacks)


def test_a_csv_file_holds_the_history(tmp_path: Path) -> None:
    path = tmp_path / "new" / "errors.csv"
    history = trained(rc.CSVLogger(path))
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["train_error"]) for row in rows] == history["train_error"].tolist()
    assert list(rows[0]) == history.names


class Service(ModuleType):
    """A stand-in for a service, which keeps all calls that it receives."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.received: list[tuple[Any, ...]] = []

    def SummaryWriter(self, folder: str) -> Any:
        self.received.append(("open", folder))
        return SimpleNamespace(
            add_scalar=lambda name, value, step: self.received.append((step, name, value)),
            flush=lambda: self.received.append(("flush",)),
            close=lambda: self.received.append(("close",)),
        )

    def init(self, **options: Any) -> Any:
        self.received.append(("open", options))
        return SimpleNamespace(
            log=lambda row, step: self.received.append((step, row)), finish=lambda: self.received.append(("close",))
        )


def test_tensorboard_receives_each_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service("tensorboardX")
    monkeypatch.setitem(sys.modules, "tensorboardX", service)
    history = trained(rc.TensorBoardLogger("folder"))
    assert service.received[0] == ("open", "folder") and service.received[-1] == ("close",)
    assert [row[2] for row in service.received if row[1:2] == ("train_error",)] == history["train_error"].tolist()
    assert service.received.count(("flush",)) == 3


def test_weights_and_biases_receives_each_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service("wandb")
    monkeypatch.setitem(sys.modules, "wandb", service)
    history = trained(rc.WandbLogger("mine", {"mode": "offline"}))
    opened = service.received[0][1]
    assert opened["project"] == "mine" and opened["mode"] == "offline" and opened["config"]["batch_size"] == 5
    assert [row["train_error"] for step, row in service.received[1:-1]] == history["train_error"].tolist()
    assert [step for step, _ in service.received[1:-1]] == [1, 2, 3] and service.received[-1] == ("close",)


@pytest.mark.parametrize(("logger", "name"), [(rc.TensorBoardLogger, "tensorboardX"), (rc.WandbLogger, "wandb")])
def test_a_library_that_is_missing_is_named_before_training(
    logger: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    circuit = net()
    with pytest.raises(RecircuitError, match=rf"{name} is not installed.*pip install 'recircuit\["):
        rc.train(circuit, (X, Y), backend="numpy", progress=False, callbacks=logger())
    assert circuit.epoch == 0


def test_the_rate_of_an_epoch_is_the_declared_one_times_its_factor() -> None:
    seen = []
    trained([rc.RateSchedule(lambda epoch: 1 / epoch), lambda epoch, m, n: seen.append(float(n["x_to_h1.rate"]))])
    assert seen == pytest.approx([1, 1 / 2, 1 / 3])


def test_the_rate_of_an_epoch_keeps_its_unit() -> None:
    rule = rc.Rule("slow", source="test", forward="dw/dt = rate*error_post*x_pre", parameters={"rate": 10 * Hz})
    seen = []
    circuit = rc.layered([4, 5, 3], rule, batch_size=5)
    halved = [rc.RateSchedule.exponential(0.5), lambda epoch, m, n: seen.append(n["h1_to_o.rate"] / Hz)]
    rc.train(circuit, (X, Y), 3, backend="numpy", progress=False, callbacks=halved)
    assert seen == pytest.approx([10, 5, 2.5])


def test_a_schedule_goes_on_where_it_was() -> None:
    whole, parts = net(), net()
    rc.train(whole, (X, Y), 4, backend="numpy", progress=False, callbacks=rc.RateSchedule.exponential(0.5))
    for _ in range(2):
        rc.train(parts, (X, Y), 2, backend="numpy", progress=False, callbacks=rc.RateSchedule.exponential(0.5))
    assert np.array_equal(whole["x_to_h1.w"], parts["x_to_h1.w"])


def test_ready_schedules() -> None:
    steps, cosine = rc.RateSchedule.steps(2, 4, factor=0.5).factor, rc.RateSchedule.cosine(5, least=0.1).factor
    assert [steps(k) for k in range(1, 7)] == [1, 1, 0.5, 0.5, 0.25, 0.25]
    assert [cosine(1), cosine(3), cosine(5), cosine(9)] == pytest.approx([1, 0.55, 0.1, 0.1])
    with pytest.raises(UsageError, match="factor of epoch 1"):
        trained(rc.RateSchedule(lambda epoch: 0.0))
    with pytest.raises(UsageError, match="no rule of the circuit has a parameter 'speed'"):
        trained(rc.RateSchedule(lambda epoch: 1.0, "speed"))


class Stops:
    """A callback that stops training after an epoch as Ctrl-C or an error does, and keeps what else is called."""

    def __init__(self, problem: BaseException) -> None:
        self.problem, self.called = problem, list[str]()

    def on_epoch_end(self, epoch: int, metrics: Any, net: rc.Circuit) -> None:
        raise self.problem

    def on_train_end(self, net: rc.Circuit) -> None:
        self.called.append("end")

    def on_train_close(self, net: rc.Circuit) -> None:
        self.called.append("close")
        raise OSError("the service has gone away")


@pytest.mark.parametrize("problem", [KeyboardInterrupt(), ValueError("an error")], ids=["Ctrl-C", "error"])
@pytest.mark.parametrize(("logger", "name"), [(rc.TensorBoardLogger, "tensorboardX"), (rc.WandbLogger, "wandb")])
def test_loggers_are_closed_however_training_ends(
    logger: Any, name: str, problem: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, stops = Service(name), Stops(problem)
    monkeypatch.setitem(sys.modules, name, service)
    with pytest.raises(OSError):
        trained([logger(), stops, logger()])
    assert stops.called == ["close"] and service.received.count(("close",)) == 2


def test_none_stands_for_no_callbacks() -> None:
    assert len(trained(None, 1)) == 1
