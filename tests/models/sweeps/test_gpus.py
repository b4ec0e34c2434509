"""Runs of a sweep on several GPUs."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest

from recircuit.models.sweeps import separate_process
from recircuit.models.sweeps.gpus import Gpus


def payload(backend: str) -> dict[str, Any]:
    return {"options": {"backend": backend}}


def test_each_run_has_the_gpu_with_the_fewest() -> None:
    gpus, cuda = Gpus(["3", "1"]), payload("cuda")
    with ExitStack() as runs:
        enter = runs.enter_context
        assert [enter(gpus.environment(cuda)).get("CUDA_VISIBLE_DEVICES") for _ in range(3)] == ["3", "1", "3"]
        with gpus.environment(cuda) as fourth:
            assert fourth == {"CUDA_VISIBLE_DEVICES": "1"}
        assert enter(gpus.environment(cuda)) == fourth  # which has ended
        assert enter(gpus.environment(payload("cpp"))) == {}
    with gpus.environment(cuda) as again:
        assert again == {"CUDA_VISIBLE_DEVICES": "3"}


@pytest.mark.parametrize("names", [[], ["0"]])
def test_where_nothing_is_to_be_chosen_nothing_is_set(names: list[str]) -> None:
    with Gpus(names).environment(payload("cuda")) as found:
        assert found == {}


def test_the_process_of_a_run_sees_its_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = "import json, os, sys; sys.stdin.readline(); print(json.dumps(os.environ.get('CUDA_VISIBLE_DEVICES')))"
    monkeypatch.setattr(separate_process, "_CHILD", answer)
    monkeypatch.setattr(separate_process, "gpus_here", lambda: Gpus(["5", "7"]))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert separate_process.perform_in_own_process(payload("cuda")) == "5"
    assert separate_process.perform_in_own_process(payload("numpy")) is None
