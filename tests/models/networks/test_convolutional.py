"""The papers' networks for images as circuits, from tied to untied, and `recircuit train --model`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import image_options
from typer.testing import CliRunner

import recircuit as rc
from recircuit.cli import main
from recircuit.cli.application import app
from recircuit.models.analysis.weight_alignment import alignment, angle, relative_distance
from recircuit.models.networks.architectures import ARCHITECTURES, layers_of
from recircuit.models.networks.convolutional import image_network
from recircuit.models.networks.weight_transfer import carry_over
from recircuit.testing import EXACT, distance, form_differences

SMALL = "conv 3 3x3; conv 3 3x3; SUM; maxpool 3; drop .5; conv 2 2x2; maxpool 2; full conn. 6; output"
IMAGE = (2, 6, 6)


def small(rule: Any = "urfb", line: str = SMALL, **options: Any) -> rc.Circuit:
    return image_network(line, IMAGE, 3, rule, **image_options({"precision": "float64", **options}))


def shown(count: int = 5, seed: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"x": rng.normal(size=(count, int(np.prod(IMAGE)))), "s": rng.integers(0, 3, count)}


# What the papers' lines come to, on 3x32x32 (Lillicrap: 28x28): layers, units.
SIZES = {
    "simpnet": "conv1 32768, pool1 8192, full1 500, o 10",
    "deepnet": "conv1 32768, pool1 8192, conv2 8192, conv3 8192, pool2 2048, conv4 2048, conv5 2048, pool3 512, "
    "full1 500, o 10",
    "deepernet": "conv1 16384, conv2 16384, sum1 16384, conv3 32768, conv4 32768, sum2 32768, pool1 8192, conv5 16384, "
    "conv6 16384, sum3 16384, pool2 4096, conv7 8192, conv8 8192, sum4 8192, pool3 2048, full1 500, o 10",
    "deepernet_s": "conv1 16384, conv2 16384, sum1 16384, pool1 1936, conv3 7744, conv4 7744, sum2 7744, pool2 2304, "
    "conv5 2304, conv6 2304, sum3 2304, pool3 576, full1 500, o 10",
    "baldi_cifar": "conv1 65536, pool1 16384, conv2 16384, pool2 4096, conv3 4096, pool3 1024, full1 1024, o 10",
    "lansdell_cnn": "conv1 32768, pool1 8192, conv2 32768, pool2 8192, conv3 16384, pool3 4096, full1 2048, full2 2048, o 10",
    "lillicrap_local": "conv1 3174, full1 1500, full2 1500, o 10",
}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_papers_networks_have_their_sizes(name: str) -> None:
    net = image_network(name, (28, 28) if name.startswith("lillicrap") else (3, 32, 32), 10)
    got = ", ".join(f"{p.name} {p.size}" for p in net.populations.values() if p.name not in ("x", "s", "t", "z"))
    assert got == SIZES[name]


@pytest.mark.parametrize(
    "rule, options", [("urfb", {}), ("bp", dict(tied=False)), ("frfb", dict(direct=True, tied=["conv1"]))]
)
def test_dense_is_plain(rule: str, options: dict[str, Any]) -> None:
    mild = {"urfb": rc.urfb, "bp": rc.bp, "frfb": rc.frfb}[rule].with_parameters(rate=0.05)
    line = SMALL.replace("drop .5; ", "")  # of dropout the two draw in another order

    differences = form_differences(lambda **o: small(mild, line, connectivity=0.8, **options, **o), shown())
    assert len(differences) > 30 and {k: v for k, v in differences.items() if not v < EXACT} == {}


def test_what_skips_is_not_multiplied_by_f_prime() -> None:
    """In Baldi, Sadowski and Lu 2018, section 3, the signal is the product of transposes and the layer's own f' (SBP)."""
    line, still = "conv 3 3x3; maxpool 2; full 5; output", rc.bp.with_parameters(rate=0.0)
    net = small(still, line, skipped=True, loss="softmax", transfer="tanh", batch_size=5)
    net.run(shown())
    down = net["o.rate"] @ net["full1_to_o.w"]
    assert distance(net["full1.error"], down * (1 - net["full1.rate"] ** 2)) < EXACT and down.any()
    assert distance(net["pool1.error"], down @ net["pool1_to_full1.w"]) < EXACT
    assert distance(net["conv1.error"], net["conv1.apical_pool1"] * (1 - net["conv1.rate"] ** 2)) < EXACT
    plain = small(still, line, loss="softmax", transfer="tanh", batch_size=5)
    plain.run(shown())
    assert distance(plain["pool1.error"], net["pool1.error"]) > 1e-3
    with pytest.raises(rc.RecircuitError, match="skip all others already"):
        small(rc.frfb, direct=True, skipped=True)


def test_weights_are_clipped_at_so_many_times_glorots_limit() -> None:
    """The limit is so many times sqrt(6/(fan_in + fan_out)), of all of the windows' weights, W and R alike."""
    strong = rc.urfb.with_parameters(rate=5.0)
    net, free = (small(strong, batch_size=5, clipped=clipped) for clipped in (1.5, 0.0))
    limits = {"x_to_conv1": 9 * (2 + 3), "conv2_to_conv1": 9 * (3 + 3), "full1_to_o": 6 + 3, "o_to_full1": 3 + 6}
    for circuit in (net, free):
        circuit.run(shown())
    for name, fans in limits.items():
        limit = 1.5 * np.sqrt(6 / fans)
        assert np.abs(net[f"{name}.w"]).max() == pytest.approx(limit) and np.abs(free[f"{name}.w"]).max() > limit


def test_half_of_the_synapses_but_not_of_the_output() -> None:
    net = small(connectivity=0.5, tied=False)
    share = {name: float(np.mean(net[f"{name}.w"] != 0)) for name in ("x_to_conv1", "pool2_to_full1", "full1_to_o")}
    assert share["full1_to_o"] == 1 and 0.3 < share["x_to_conv1"] < 0.6 and 0.3 < share["pool2_to_full1"] < 0.7


def test_each_layer_is_computed_once_a_presentation() -> None:
    counts: dict[str, int] = {}
    for row in small().timetable("train").names():
        for name in row:
            counts[name] = counts.get(name, 0) + 1
    once = [n for n in counts if n.startswith(("propagate_", "learn_")) and "_t" not in n[-4:] and "t_to" not in n]
    assert len(once) > 20 and {n: counts[n] for n in once if counts[n] != 1 and "_to_o" not in n} == {}


def test_from_tied_to_untied_nothing_changes_but_what_is_learned() -> None:
    data, line = shown(6), SMALL.replace("drop .5; ", "")
    tied = small(line=line, batch_size=2)
    tied.run(data)
    untied = small(rc.urfb.with_parameters(rate=0.2), line, batch_size=2, tied=False)
    names = carry_over(tied, untied)
    assert (tied["x_to_conv1.rate"], untied["x_to_conv1.rate"]) == (1.0, 0.2)
    assert set(names) == {p.name for p in untied.projections.values()} and "conv2_to_conv1" in names
    for net in (tied, untied):
        net.run(data, learn=False)
    assert distance(untied["o.rate"], tied["o.rate"]) < EXACT
    filters = untied["x_to_conv1.w"]
    inside = filters[14]  # a place that sees all of its window
    assert np.array_equal(inside, tied["x_to_conv1.w"])
    untied.run(data)
    changed = untied["x_to_conv1.w"] - filters
    assert changed.any() and np.ptp(changed, axis=0).max() > 0  # each place by itself


def test_frozen_layers_stay_and_the_others_begin_anew() -> None:
    source = small(batch_size=2)
    source.run(shown(6))
    net = small(batch_size=2, tied=False, frozen=["conv1"], seed=1)
    assert carry_over(source, net, ["conv1"]) == ["x_to_conv1"]
    before = net.state(weights_only=True)
    net.run(shown(6))
    changed = {
        k for k, v in net.state(weights_only=True).items() if k.endswith(".w") and not np.array_equal(v, before[k])
    }
    assert "x_to_conv1.w" not in changed and {"conv1_to_conv2.w", "full1_to_o.w"} <= changed
    assert "conv1" not in [p.post.name for p in net.projections.values() if p.into == "apical"]


@pytest.mark.parametrize("tied", [True, False])
def test_alignment_is_measured_synapse_by_synapse(tied: bool) -> None:
    net = small(line="conv 3 3x3; conv 2 3x3; maxpool 2; full 4; output", tied=tied)
    w, r = net["conv1_to_conv2.w"], net["conv2_to_conv1.w"]
    up, down = (net.projections[n].connectivity.indices(108, 72) for n in ("conv1_to_conv2", "conv2_to_conv1"))
    forward, back = np.zeros((72, 108)), np.zeros((108, 72))
    forward[up.post, up.pre] = w.reshape(-1)[up.weight]
    back[down.post, down.pre] = r.reshape(-1)[down.weight]
    found = alignment(net)
    assert set(found) == {"conv1", "pool1", "full1"}
    if not tied:  # of tied weights each counts once, not as often as it is used
        assert found["conv1"].angle == pytest.approx(angle(back, forward))
        assert found["conv1"].distance == pytest.approx(relative_distance(back, forward))
    net["conv2_to_conv1.w"] = w.swapaxes(0, 1) if tied else 0.5
    assert found["conv1"].angle > 70 and (not tied or alignment(net)["conv1"].angle < 1e-5)
    assert "conv1" not in alignment(small(direct=True))


REFUSED = {
    "conv 3; output": "'conv 3' is no layer",
    "output; conv 3 3x3": "ends with 'output', once",
    "drop .5; output": "'drop' leaves out units of the layer before it",
    "full 5; conv 3 3x3; output": "they come before it",
    "conv 3 3x3; SUM; output": "SUM adds two convolutions",
}


@pytest.mark.parametrize("line", REFUSED)
def test_lines_that_are_no_network_are_refused(line: str) -> None:
    with pytest.raises(rc.RecircuitError, match=REFUSED[line]):
        layers_of(line)


def test_networks_that_do_not_fit_are_refused() -> None:
    for line, image, message in (
        ("conv 3 9x9; output", IMAGE, "window of 9 is larger than the image of 6"),
        ("conv 3 3x3; conv 4 3x3; SUM; output", IMAGE, "SUM adds two layers of one shape"),
        ("simplenet", IMAGE, "model: there is no model 'simplenet'. Did you mean `simpnet`. There are simpnet,"),
        ("conv 3 3x3; output", (2, 3), "window of 3 is larger than the image of 2"),
    ):
        with pytest.raises(rc.RecircuitError, match=message):
            image_network(line, image, 3)
    with pytest.raises(rc.RecircuitError, match="there is no layer 'conv9'"):
        small(frozen=["conv9"])


LINE = "conv 4 3x3; maxpool 2; full 20; output"


def test_train_model_on_digits(tmp_path: Path) -> None:
    options = [
        "--model",
        LINE,
        "--epochs",
        "1",
        "--backend",
        "numpy",
        "--out",
        str(tmp_path / "run"),
        "--rate",
        ".3",
        "--augment",
        "elastic 1 2",
    ]
    result = CliRunner().invoke(app, ["train", "digits", *options])
    assert result.exit_code == 0, result.output
    assert (
        LINE in result.output and "share their weights over places" in result.output and "stay as" not in result.output
    )
    error = float((tmp_path / "run" / "metrics.csv").read_text().splitlines()[1].split(",")[3])
    assert error < 0.35
    result = CliRunner().invoke(app, ["train", "digits", "--epochs", "2", "--resume", "--out", str(tmp_path / "run")])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    "options, message",
    [
        (["--model", "simpnett"], "did you mean simpnet"),
        (["--model", "conv 3; output"], "'conv 3' is no layer"),
        (["--model", "simpnet", "--layers", "64-10"], "give one of them"),
        (["--untied"], "goes with --model"),
        (["--model", LINE.replace("3x3", "9x9")], "larger than the image of 8"),
    ],
)
def test_train_refuses_in_words(options: list[str], message: str, tmp_path: Path, capsys: Any) -> None:
    with pytest.raises(SystemExit) as left:
        main(["train", "digits", "--out", str(tmp_path / "run"), *options])
    assert left.value.code == 2 and message in capsys.readouterr().err


def test_what_docs_images_says_runs() -> None:
    text = (Path(__file__).parents[3] / "docs" / "images.md").read_text()
    names: dict[str, Any] = {}
    for block in text.split("```python\n")[1:]:
        exec(compile(block.split("```")[0], "images.md", "exec"), names)
    assert names["history"].rows[-1]["test_error"] < 0.2
    assert "conv1" in names["net"].populations
