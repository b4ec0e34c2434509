"""Workers from the queue of a cluster. The queue of the tests is a stand-in that starts the jobs on this machine."""

from __future__ import annotations

import os
import signal
import socket
import stat
import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

if find_spec("dask_jobqueue") is None:
    pytest.skip("dask-jobqueue is not installed: pip install 'recircuit[cluster]'", allow_module_level=True)

from recircuit.errors import UsageError
from recircuit.models.sweeps.dask_workers import dispatch
from recircuit.models.sweeps.jobs import Job, training_jobs
from recircuit.models.sweeps.queue_cluster import options_in, queue_cluster
from recircuit.models.sweeps.separate_process import perform_in_own_process


def jobs(epochs: int, seeds: int) -> list[Job]:
    return training_jobs("digits", {"layers": ["64-8-10"], "epochs": [epochs]}, range(seeds), backend="numpy")


def errors(result: dict[str, Any]) -> list[float]:
    return [row["test_error"] for row in result["rows"]]


def test_options_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "cluster.toml"
    file.write_text('queue = "long"\nwalltime = "08:00:00"\n')
    assert options_in(file) == {"queue": "long", "walltime": "08:00:00"} and options_in(None) == {}
    file.write_text("queue: long")
    with pytest.raises(UsageError, match="is no TOML"):
        options_in(file)
    with pytest.raises(UsageError, match="cannot read"):
        options_in(tmp_path / "none.toml")


def test_what_is_no_cluster_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        pytest.raises(UsageError, match="expected slurm, pbs, lsf, local; got 'slurn'.*`slurm`"),
        _open("slurn", tmp_path),
    ):
        pass
    with pytest.raises(UsageError, match="the options of the jobs are refused"), _open("local", tmp_path, nonsense=1):
        pass
    monkeypatch.setitem(sys.modules, "dask_jobqueue", None)
    with pytest.raises(UsageError, match=r"pip install 'recircuit\[cluster\]'"), _open("slurm", tmp_path):
        pass


def _open(kind: str, folder: Path, **options: Any) -> Any:
    return queue_cluster(kind, 1, options, folder)


SBATCH = """#!{python}
import subprocess, sys
log = open({log!r}, "a")
job = subprocess.Popen(["sh", sys.argv[-1]], stdout=log, stderr=log, start_new_session=True)
log.write(open(sys.argv[-1]).read()), log.flush()
print("Submitted batch job", job.pid)
"""
SCANCEL = """#!{python}
import os, signal, sys
for job in sys.argv[1:]:
    try: os.killpg(int(job), signal.SIGKILL)
    except ProcessLookupError: pass
"""


@pytest.mark.slow
def test_jobs_of_slurm_that_die_are_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of two jobs is killed in its work: every run is there, with the numbers it has elsewhere."""
    log = tmp_path / "log"
    for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        (tmp_path / name).write_text(text.format(python=sys.executable, log=str(log)))
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    wanted, found, killed = jobs(40, 4), {}, []
    options = {"queue": "short", "walltime": "00:10:00", "memory": "1GB"}
    with queue_cluster("slurm", 2, options, tmp_path / "shared") as cluster:
        keys = [*(tmp_path / "shared").iterdir()]
        assert all(stat.S_IMODE(key.stat().st_mode) == 0o600 for key in keys)
        thread = threading.Thread(target=_kill_one, args=(cluster, killed))
        thread.start()
        failed = dispatch(wanted, lambda job, result: found.update({job.key: result}), scheduler=cluster)
        thread.join()
    assert killed and failed == {} and set(found) == {job.key for job in wanted}
    for job in wanted:
        assert errors(found[job.key]) == errors(perform_in_own_process(job.payload))
    script = log.read_text()
    assert (
        script.count("#SBATCH -p short") >= 3 and "#SBATCH -t 00:10:00" in script
    )  # two jobs, and the one in their place


def _kill_one(cluster: Any, killed: list[int]) -> None:
    from distributed import Client

    client: Any
    with Client(cluster, set_as_default=False) as client:
        while not any(client.processing().values()):
            time.sleep(0.05)
        killed.append(next(iter(client.run(os.getpid).values())))
        os.killpg(os.getpgid(killed[0]), signal.SIGKILL)  # the whole job, as when its time is over


def test_ctrl_c_does_what_it_did_once_a_cluster_was_opened(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    for name in [name for name in sys.modules if name.partition(".")[0] == "dask_jobqueue"]:
        del sys.modules[name]
    with pytest.raises(UsageError, match="the options of the jobs are refused"), _open("local", tmp_path, nonsense=1):
        pass
    assert "dask_jobqueue.runner" in sys.modules and signal.getsignal(signal.SIGINT) is before


def test_who_has_no_key_is_refused_and_sees_nothing(tmp_path: Path) -> None:
    from distributed import Client

    with queue_cluster("local", 0, {}, tmp_path / "shared") as cluster:
        with pytest.raises(OSError):
            Client(cluster.scheduler_address.replace("tls:", "tcp:"), timeout=2, set_as_default=False)
        pages = cluster.scheduler.http_server.port
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"http://127.0.0.1:{pages}/info/main/workers.html", timeout=5)
        with pytest.raises(OSError):
            socket.create_connection(
                ("127.0.0.2", pages), timeout=5
            )  # as from another address than the one it listens at
        assert "--no-dashboard --dashboard-address 127.0.0.1:0" in cluster.job_script()
