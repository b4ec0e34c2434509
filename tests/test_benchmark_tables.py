"""Tables of the benchmarks say what the samples say, and processor time is that of a whole family of processes."""

from __future__ import annotations

import subprocess
import sys

from benchmarks import papers, papers_text, report
from benchmarks.processor_time import processor_seconds
from benchmarks.samples import Sample, of_processor_time

COMPUTE = "import time\nwhile time.process_time() < 0.3: pass\n"
#: A process that has a child which computes, and does not end before it is told to.
PARENT = (
    f"import subprocess, sys\nsubprocess.run([sys.executable, '-S', '-c', {COMPUTE!r}])\nprint(flush=True)\ninput()"
)


def test_processor_time_is_that_of_children_too() -> None:
    """The time of a grandchild counts, which has ended, and that of a child which still runs."""
    before = processor_seconds()
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-S", "-c", PARENT], text=True, **pipes) as parent:
        assert parent.stdin is not None and parent.stdout is not None
        parent.stdout.readline()
        while_it_runs = processor_seconds() - before
        parent.stdin.write("\n")
        parent.stdin.close()
        parent.wait()
    assert while_it_runs >= 0.29
    assert processor_seconds() - before >= while_it_runs


def test_presentations_per_second_of_processor_time() -> None:
    """A program that has half of a processor presents twice as many per second of processor time as by the clock."""
    assert of_processor_time([Sample(100.0, 0.5), Sample(300.0, 1.5)]) == 200
    assert of_processor_time([Sample(100.0, 0.0)]) is None


def test_the_table_beside_busy_processes() -> None:
    rows = [
        {"name": name, "presentations_per_processor_second": rate}
        for name, rate in [("recircuit", 1500.0), ("jax", 700.0), ("numpy", 900.0), ("torch", None)]
    ]
    case = {"batch_size": 1, "mode": "every", "rows": rows, "ours_to_best_peer": 0.8, "best_peer": "jax"}
    text = report._beside_busy_processes({"crowded": [{"busy": 8, "cases": [case]}]})
    assert "| B = 1, every pathway in every step | 0.80 (jax) |" in text
    assert "| B = 1, every pathway in every step | 1.67 (1,500; numpy 900) |" in text


def test_circuits_of_papers_beside_goal_and_limit() -> None:
    coding = next(case for case in papers.CASES if case.name == "coding")
    names = [entrant.name for entrant in coding.entrants]
    assert names == ["recircuit", "ngclearn-museum", "ngclearn-compiled"]
    rates = zip(coding.entrants, (1000.0, 100.0, 500.0), strict=True)
    rows = [
        {
            "name": e.name,
            "label": e.label,
            "samples": {"0": [rate], "8": [rate / 10]},
            "processors": {"0": [2.0], "8": [0.1]},
        }
        for e, rate in rates
    ]
    found = {"name": "coding", "rows": rows, "limits": {"the arithmetic": 1250.0}}
    table = papers_text.table(coding, found)
    assert "| recircuit | 1,000 | 100 | 80% (goal: 85%) |  |  |  |" in table
    assert "| ngc-learn, as its museum calls it | 100 | 10 | 8% | 10 | 5 | 12.5 |" in table
    assert "| ngc-learn, its loop compiled | 500 | 50 | 40% | 2 | 5 | 2.5 |" in table
    assert "| ngc-learn, its loop compiled | 250 | 500 |" in papers_text.table_of_processor_time(found)
    title = "| Discriminative predictive coding | ngc-learn, its loop compiled"
    assert f"{title} | 2 | 2 | 5 |" in papers_text.ratios({"cases": [found]}, {"coding": coding})
