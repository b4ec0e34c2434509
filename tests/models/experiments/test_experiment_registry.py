"""The experiments that there are: found in the papers' folders, named after them, described, and listed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from recircuit.cli.application import app
from recircuit.errors import UsageError
from recircuit.models.data import DATA
from recircuit.models.experiments import EXPERIMENTS, Experiment


def test_an_experiment_is_named_after_its_paper_and_its_file() -> None:
    for name, experiment in EXPERIMENTS.items():
        *_, paper, file = experiment.run.__module__.split(".")
        assert name == f"{paper.rstrip('0123456789')}-{file.replace('_', '-')}"


def test_every_file_that_defines_an_experiment_is_found(request: pytest.FixtureRequest) -> None:
    folder = request.config.rootpath / "models" / "experiments"
    texts = [path.read_text(encoding="utf-8") for path in folder.glob("*/*.py")]
    ids = [found[1] for text in texts if (found := re.search(r'^EXPERIMENT = Experiment\(\s*"([^"]+)"', text, re.M))]
    assert sorted(ids) == sorted(EXPERIMENTS)


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=lambda experiment: experiment.id)
def test_an_experiment_says_what_it_shows_and_what_it_reads(experiment: Experiment) -> None:
    assert re.fullmatch(r"[A-Z].*\.", experiment.about), "what it shows is a sentence"
    assert set(experiment.data) <= set(DATA)


#: Files of experiments that draw from a seed of their own: which units are pictured, one stimulus, and inputs of which nothing
#: is counted.
OWN_SEED = {"fields.py", "noise_circuits.py", "estimate_noise.py", "cost.py"}


def test_what_an_experiment_draws_without_seeds_follows_from_its_first_seed(request: pytest.FixtureRequest) -> None:
    """Whoever runs it again from other seeds meets other random numbers: see `Settings.rng`."""
    files = (request.config.rootpath / "models" / "experiments").glob("*/*.py")
    fixed = {path.name for path in files if re.search(r"default_rng\(\d+\)", path.read_text(encoding="utf-8"))}
    assert fixed == OWN_SEED
    for experiment in EXPERIMENTS.values():
        assert not (experiment.drawn and experiment.seeds), experiment.id


def test_the_list_shows_each_with_its_sentence_and_its_data() -> None:
    done = CliRunner().invoke(app, ["reproduce"])
    assert done.exit_code == 0 and done.output == CliRunner().invoke(app, ["reproduce", "--list"]).output
    lines = done.output.splitlines()[1 : 1 + len(EXPERIMENTS)]
    for line, experiment in zip(lines, EXPERIMENTS.values(), strict=True):
        assert line.split()[0] == experiment.id
        assert all(text in line for text in (experiment.about, experiment.paper, *experiment.data))


def test_a_name_that_is_almost_right_is_completed() -> None:
    with pytest.raises(UsageError, match="Did you mean `baldi-chains`"):
        EXPERIMENTS.find("baldi-chain")


@pytest.mark.slow
def test_all_experiments_run_quickly(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["reproduce", "all", "--quick", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert [line.split(":")[0] for line in done.output.splitlines()] == list(EXPERIMENTS)
    assert all((tmp_path / name / "figure.png").is_file() for name in EXPERIMENTS)


@pytest.mark.parametrize("options", [[], ["--quick", "--epochs", "3"], ["--quick", "--from-runs"]])
def test_all_experiments_are_run_quickly_or_not_at_all(options: list[str], tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["reproduce", "all", *options, "--out", str(tmp_path)])
    assert done.exit_code != 0 and not list(tmp_path.iterdir())
    assert isinstance(done.exception, UsageError) or "give --quick" in done.output
