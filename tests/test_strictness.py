"""Python with ``-W error``, and what a process that is killed leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

EVERYTHING = """
import importlib, importlib.util, pkgutil, sys
import recircuit
left_out = () if importlib.util.find_spec("brian2cuda") else ("recircuit.circuits.backends.cuda.",)  # it pins Brian2
for module in pkgutil.walk_packages(recircuit.__path__, "recircuit."):
    if not module.name.startswith(left_out):
        importlib.import_module(module.name)
"""

SMALL = """
import numpy as np
import recircuit as rc
net = rc.layered([4, 3, 2])
net.run({"x": np.ones((2, 4)), "s": [0, 1]}, 2)
rc.train(net, (np.ones((4, 4)), [0, 1, 0, 1]), epochs=1, progress=False)
net.diagram()
print(net.evaluate((np.ones((2, 4)), [0, 1])).error, flush=True)
"""


def python(code: str, folder: Path, *options: str) -> subprocess.Popen[str]:
    env = os.environ | {"TMPDIR": str(folder), "MPLBACKEND": "Agg"}
    return subprocess.Popen(
        [sys.executable, *options, "-c", code], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_every_module_and_a_small_run_work_where_warnings_are_errors(tmp_path: Path) -> None:
    process = python(EVERYTHING + SMALL, tmp_path, "-W", "error")
    text, _ = process.communicate()
    assert process.returncode == 0 and float(text) in (0, 0.5, 1), text


def test_a_process_that_is_killed_leaves_nothing_in_the_temp_folder(tmp_path: Path) -> None:
    process = python(SMALL + "import time; time.sleep(60)", tmp_path, "-W", "ignore")
    assert process.stdout is not None and process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not [*tmp_path.iterdir()]
