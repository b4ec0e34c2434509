"""`recircuit train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm

from recircuit.circuits import Circuit
from recircuit.circuits.library.outputs import OUTPUTS
from recircuit.circuits.library.transfer import TRANSFERS
from recircuit.folder_lock import locked
from recircuit.models.analysis.measures import MEASURES
from recircuit.models.data import DATA as DATA_SETS
from recircuit.models.data import Dataset, load
from recircuit.models.networks.architectures import ARCHITECTURES
from recircuit.models.networks.layered import unlearned
from recircuit.models.runs.config import RATE_DECAY, RunConfig
from recircuit.models.runs.folder import CONFIG, Record, may_start, plan, read_record, rule_hash
from recircuit.models.training.history import History
from recircuit.models.training.loop import TrainingInterrupted
from recircuit.models.training.loop import train as train_circuit
from recircuit.models.training.machine import choose, threads, versions
from recircuit.models.training.run_files import RunFiles
from recircuit.models.training.samples import augmented
from recircuit.plasticity import RULES, Rule

__all__ = ["train"]

_READ = ", ".join(name for name, source in DATA_SETS.items() if source.in_folder)
_THERE = ", ".join(name for name, source in DATA_SETS.items() if not source.in_folder)
DATA = f"A data set: {_THERE} (no files are needed); {_READ} (these with --data); or the path of an .npz file."
DATA_DIR = "The folder in which the files of mnist, cifar10 and the others lie."
LAYERS = "Units of each layer. [default: FEATURES-100-CLASSES; FEATURES-500-CLASSES from 10,000 samples on]"
MODEL = (
    f"In place of --layers, for images: {ARCHITECTURES.listed()}, trained as in its paper if nothing else is said; "
    "or layers in words, as in 'conv 32 5x5; maxpool 3; drop .8; full 500; output'."
)
UNTIED = "With --model: every synapse of a convolution has a weight of its own, which is local."
AUGMENT = "Of images, anew in every epoch: 'shift .1, flip .5, elastic 34 4' (shares of the size; alpha and sigma), or a part."
RULE = f"The learning rule: {RULES.listed()}; or one in a file, as ./mine.py:my_rule. `recircuit rules` describes them."
TRANSFER = f"The transfer function of the hidden units: {TRANSFERS.listed()}, or an expression of basal."
LOSS = f"The loss, computed by the output circuit: {OUTPUTS.listed()}."
EPOCHS = "How often all training samples are shown. [default: 20; 6 from 10,000 samples on]"
BATCH_SIZE = "Samples shown at a time, over which an update is averaged. [default: a 64th of all, 10 to 100]"
_FACTORS = ", ".join(f"{k.rate_factor:g} with {loss}" for loss, k in OUTPUTS.items() if k.rate_factor != 1)
RATE = f"The learning rate. [default: the rule's own, mostly 1; times {_FACTORS}]"
DECAY = f"After n updates the rate is rate/(1 + n*rate-decay). [default: {RATE_DECAY:g}]"
CONNECTIVITY = "Probability of each synapse, forward and feedback drawn by themselves."
BACKEND = (
    "auto, numpy (no compiler), cpp, cuda, or interpreter (slow, for checking the others). "
    "auto compiles where the run is long enough to gain by it."
)
MATMUL = "Precision of products on cuda: full, or tf32 (11 bits of each factor, faster). [default: full]"
MEASURE = (
    "More columns for metrics.csv, after every epoch, beside angle, distance and signs of the feedback weights against "
    f"the transpose of the forward ones, which are always there: {MEASURES.listed()}."
)
OUT = "Folder of the run. [default: runs/DATA-RULE-SEED]"
RESUME = "Go on with the run in the folder, from its last whole epoch, with its options; --epochs may be larger."
OVERWRITE = "Write over the run that the folder holds."
TRUST = (
    "With --resume: execute the file of the rule that config.json names, if it is what it was when the run was started. "
    "Only for folders of people whom you trust."
)


def train(
    data: Annotated[str, typer.Argument(metavar="DATA", help=DATA)],
    layers: Annotated[str | None, typer.Option(metavar="N-N-N", help=LAYERS)] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help=MODEL)] = None,
    untied: Annotated[bool, typer.Option("--untied", help=UNTIED)] = False,
    rule: Annotated[str | None, typer.Option(help=RULE + " [default: urfb]")] = None,
    loss: Annotated[str | None, typer.Option(help=LOSS + " [default: hinge]")] = None,
    transfer: Annotated[str | None, typer.Option(help=TRANSFER + " [default: clip]")] = None,
    epochs: Annotated[int | None, typer.Option(help=EPOCHS)] = None,
    batch_size: Annotated[int | None, typer.Option(help=BATCH_SIZE)] = None,
    rate: Annotated[float | None, typer.Option(help=RATE)] = None,
    rate_decay: Annotated[float | None, typer.Option(help=DECAY)] = None,
    momentum: Annotated[float | None, typer.Option(help="Of the updates. [default: 0]")] = None,
    weight_decay: Annotated[float | None, typer.Option(help="Per update, of every weight. [default: 0]")] = None,
    augment: Annotated[str | None, typer.Option(metavar="HOW", help=AUGMENT)] = None,
    connectivity: Annotated[float | None, typer.Option(help=CONNECTIVITY + " [default: 1]")] = None,
    precision: Annotated[str | None, typer.Option(help="float32 or float64. [default: float32]")] = None,
    backend: Annotated[str | None, typer.Option(help=BACKEND + " [default: auto]")] = None,
    matmul: Annotated[str | None, typer.Option(help=MATMUL)] = None,
    seed: Annotated[int | None, typer.Option(help="Of weights, order and noise. [default: 0]")] = None,
    measure: Annotated[list[str] | None, typer.Option(metavar="NAME[,NAME]", help=MEASURE)] = None,
    data_dir: Annotated[str | None, typer.Option("--data", metavar="DIR", help=DATA_DIR)] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help=OUT)] = None,
    resume: Annotated[bool, typer.Option("--resume", help=RESUME)] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help=OVERWRITE)] = False,
    trust: Annotated[bool, typer.Option("--trust", help=TRUST)] = False,
) -> None:
    """Train a network on DATA: config.json, metrics.csv, weights.safetensors and curves.png in the folder of the run.

    Ctrl-C stops it; --resume goes on from the last whole epoch and ends with the same weights.
    """
    options = dict(
        data=data, data_dir=data_dir, layers=layers, model=model, untied=untied or None, rule=rule, loss=loss,
        transfer=transfer, epochs=epochs,
        batch_size=batch_size, rate=rate, rate_decay=rate_decay, momentum=momentum, weight_decay=weight_decay,
        augment=augment, connectivity=connectivity, precision=precision, backend=backend, matmul=matmul, seed=seed,
        measure=tuple(measure) if measure else None,
    )  # fmt: skip
    given = {name: value for name, value in options.items() if value is not None}
    folder = out or RunConfig.of(**given).folder()
    with locked(folder):
        config, note = plan(folder, given, resume=resume, trust=trust)
        samples = load(config.data, config.data_dir)
        config = config.filled(samples)
        if not resume:
            note = may_start(folder, config, overwrite=overwrite)
        try:
            history = _trained(config, samples, folder, note, resume)
        except TrainingInterrupted as stopped:
            history = stopped.history
        except KeyboardInterrupt:
            typer.echo(f"recircuit: Stopped before any training; nothing in {folder} has changed.", err=True)
            raise typer.Exit(130) from None
    _conclude(history, config, folder)


def _trained(config: RunConfig, data: Dataset, folder: Path, note: str, resume: bool) -> History:
    circuit, epochs = config.circuit(data), config.epochs or 1
    before = read_record(folder) if resume else None
    if before is not None and config.backend == "auto":
        backend, why = before.backend, "as before"
    else:
        backend, why = choose(circuit, config.backend, epochs * -(-data.n_train // circuit.batch_size))
    about: dict[str, str | int] = {"threads": threads(backend), **versions(backend)}
    sizes = {"name": data.name, "n_train": data.n_train, "n_test": data.n_test, "fingerprint": data.fingerprint()}
    rule = str(config.made_rule())
    record = Record(
        run=config, rule=rule, rule_hash=rule_hash(config.rule), data=sizes, backend=backend, machine=about
    )  # fmt: skip
    for line in [
        note,
        *_introduction(config, circuit, data),
        f"Backend {backend}: {why}; threads: {threads(backend)}.",
    ]:
        if line:
            typer.echo(line)
    return train_circuit(
        circuit, augmented(data, config.augment), epochs, backend=backend, measures=config.measure, progress=tqdm.write,
        out=RunFiles(folder, resume=resume, overwrite=True, files={CONFIG: record.content()}),
    )  # fmt: skip


def _introduction(config: RunConfig, circuit: Circuit, data: Dataset) -> list[str]:
    rule = config.made_rule()
    lines = [
        f"{data.name}: {data.n_train:,} training and {data.n_test:,} test samples, {circuit.batch_size} at a time.",
        f"{config.network()}, rule {rule.name} ({_kind(rule)}), loss {config.loss}, transfer {config.transfer}.",
    ]
    if any(p.connectivity.shared and p.plastic for p in circuit.projections.values()):
        lines.append("Convolutions share their weights over places, which is not local: a control. See --untied.")
    fixed = unlearned(circuit)
    if fixed:
        lines.append(
            f"The rule {rule.name} is for the output: the weights into {', '.join(fixed)} stay as they are drawn."
        )
    return lines


def _kind(rule: Rule) -> str:
    return "local" if rule.local else "not local: a control"


def _conclude(history: History, config: RunConfig, folder: Path) -> None:
    done = f"{len(history)} of {config.epochs} epochs"
    if history.interrupted:
        typer.echo(f"recircuit: Stopped after {done}, which are in {folder}; add --resume to go on.", err=True)
        raise typer.Exit(130)
    if "beyond" in history.names and (beyond := int(history["beyond"].sum())):
        typer.echo(
            f"The field of an output unit left the range of the hinge circuit {beyond} times (|h| >= M), where what it "
            "computes is wrong. A smaller --rate keeps it inside.",
            err=True,
        )
    typer.echo(f"Test error {history.test_error:.2%} after {len(history)} epochs; see {folder}")
