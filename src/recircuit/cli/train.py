"""`recircuit train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm

from recircuit.circuits import Circuit
from recircuit.circuits.backends import BACKENDS
from recircuit.circuits.library.outputs import OUTPUTS
from recircuit.circuits.library.transfer import TRANSFERS
from recircuit.cli import completion
from recircuit.folder_lock import locked
from recircuit.models.analysis.measures import MEASURES
from recircuit.models.data import DATA as DATA_SETS
from recircuit.models.data import Dataset, load
from recircuit.models.networks.architectures import ARCHITECTURES
from recircuit.models.networks.layered import unlearned
from recircuit.models.networks.registry import NETWORKS
from recircuit.models.networks.usual_rate import FEW
from recircuit.models.runs.config import RunConfig
from recircuit.models.runs.default_options import RATE_DECAY
from recircuit.models.runs.folder import CONFIG, Record, may_start, plan, read_record, rule_hash
from recircuit.models.training.history import History
from recircuit.models.training.loop import TrainingInterrupted
from recircuit.models.training.loop import train as train_circuit
from recircuit.models.training.machine import choose, threads, versions
from recircuit.models.training.modes import all_modes
from recircuit.models.training.run_files import RunFiles
from recircuit.models.training.samples import augmented
from recircuit.plasticity import RULES, Rule

__all__ = ["train"]

_READ = ", ".join(name for name, source in DATA_SETS.items() if source.in_folder)
_THERE = ", ".join(name for name, source in DATA_SETS.items() if not source.in_folder)
DATA = (
    f"The data set: {_THERE} (needs no files); {_READ} (these need --data); or the path of an .npz file that holds x_train, "
    "y_train, x_test and y_test."
)
DATA_DIR = "The folder that holds the files of the data set (mnist, cifar10 and others)."
LAYERS = (
    f"The number of units of each layer. The rule decides which kind of network they form: {NETWORKS.listed()}. "
    "[default: FEATURES-100-CLASSES; FEATURES-500-CLASSES if there are 10,000 samples or more]"
)
MODEL = (
    f"A network for images, in place of --layers: {ARCHITECTURES.listed()}. It is trained as in its paper unless other options "
    "say otherwise. A list of layers is possible too, for instance 'conv 32 5x5; maxpool 3; drop .8; full 500; output'."
)
UNTIED = "With --model: give every synapse of a convolution a weight of its own, so that learning is local."
AUGMENT = (
    "Change the images at random in every epoch. 'shift .1, flip .5, elastic 34 4' shifts them by up to .1 of their size, "
    "mirrors half of them, and distorts them elastically with alpha 34 and sigma 4; each part may be left out."
)
RULE = (
    f"The learning rule: {RULES.listed()}; or a rule in a file, for instance ./mine.py:my_rule. `recircuit rules` describes "
    "the rules."
)
TRANSFER = f"The transfer function of the hidden units: {TRANSFERS.listed()}, or an expression of basal."
LOSS = f"The loss, which the output circuit computes: {OUTPUTS.listed()}."
EPOCHS = "The number of passes through the training samples. [default: 20; 6 if there are 10,000 samples or more]"
BATCH_SIZE = (
    "The number of samples that are shown at a time. Updates are averaged over them. [default: 1/64 of the samples, "
    "but 10 to 100]"
)
_FACTORS = ", ".join(f"{k.rate_factor:g} with {loss}" for loss, k in OUTPUTS.items() if k.rate_factor != 1)
RATE = (
    "The learning rate, in hertz for a rule in continuous time (dw/dt = ...). [default: that of the rule, in most rules 1, "
    f"times {_FACTORS}, and times N/{FEW} with a --batch-size N below {FEW}]"
)
DECAY = f"The decay of the learning rate: after n updates it is rate/(1 + n*rate-decay). [default: {RATE_DECAY:g}]"
CONNECTIVITY = "The probability that a synapse exists. Forward and feedback synapses are drawn separately."
BACKEND = (
    f"The backend: auto, {BACKENDS.listed()}. numpy needs no compiler; interpreter is slow and checks the others; auto "
    "compiles the circuit if the run is long enough to gain by it."
)
MATMUL = (
    "The precision of matrix products on the backend cuda: full, or tf32, which is faster and keeps 11 bits of each "
    "factor. [default: full]"
)
MEASURE = (
    "Measures that are made after every epoch and written to metrics.csv, besides angle, distance and sign agreement of the "
    f"feedback weights and the transpose of the forward weights: {MEASURES.listed()}."
)
OUT = "The folder of the run. [default: runs/DATA-RULE-HASH-SEED, with a hash of the options]"
RESUME = (
    "Continue the run in the folder from its last whole epoch, with its options. --epochs may be larger than before."
)
OVERWRITE = "Replace the run that the folder holds."
TRUST = (
    "With --resume: execute the file of the rule that config.json names, if the file has not changed since the run was "
    "started. Use this only for folders of people whom you trust."
)


def train(
    data: Annotated[str, typer.Argument(metavar="DATA", autocompletion=completion.data_sets, help=DATA)],
    layers: Annotated[str | None, typer.Option(metavar="N-N-N", help=LAYERS)] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", autocompletion=completion.models, help=MODEL)] = None,
    untied: Annotated[bool, typer.Option("--untied", help=UNTIED)] = False,
    rule: Annotated[str | None, typer.Option(autocompletion=completion.rules, help=RULE + " [default: urfb]")] = None,
    loss: Annotated[str | None, typer.Option(autocompletion=completion.losses, help=LOSS + " [default: hinge]")] = None,
    transfer: Annotated[
        str | None, typer.Option(autocompletion=completion.transfers, help=TRANSFER + " [default: clip]")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help=EPOCHS)] = None,
    batch_size: Annotated[int | None, typer.Option(help=BATCH_SIZE)] = None,
    rate: Annotated[float | None, typer.Option(help=RATE)] = None,
    rate_decay: Annotated[float | None, typer.Option(help=DECAY)] = None,
    momentum: Annotated[float | None, typer.Option(help="The momentum of the updates. [default: 0]")] = None,
    weight_decay: Annotated[
        float | None, typer.Option(help="The share of every weight that decays per update. [default: 0]")
    ] = None,
    augment: Annotated[str | None, typer.Option(metavar="HOW", help=AUGMENT)] = None,
    connectivity: Annotated[float | None, typer.Option(help=CONNECTIVITY + " [default: 1]")] = None,
    precision: Annotated[
        str | None, typer.Option(help="The precision of numbers: float32 or float64. [default: float32]")
    ] = None,
    backend: Annotated[
        str | None, typer.Option(autocompletion=completion.backends, help=BACKEND + " [default: auto]")
    ] = None,
    matmul: Annotated[str | None, typer.Option(help=MATMUL)] = None,
    seed: Annotated[
        int | None, typer.Option(help="The seed for the initial weights, the sample order and the noise. [default: 0]")
    ] = None,
    measure: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[,NAME]", autocompletion=completion.several(completion.measures), help=MEASURE),
    ] = None,
    data_dir: Annotated[str | None, typer.Option("--data", metavar="DIR", help=DATA_DIR)] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help=OUT)] = None,
    resume: Annotated[bool, typer.Option("--resume", help=RESUME)] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help=OVERWRITE)] = False,
    trust: Annotated[bool, typer.Option("--trust", help=TRUST)] = False,
) -> None:
    """Train a network on DATA.

    The folder of the run receives config.json, metrics.csv, weights.safetensors and curves.png. Ctrl-C stops the run;
    --resume continues it from the last whole epoch and ends with the same weights.
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
    record = Record(run=config, rule=rule, rule_hash=rule_hash(config.rule), data=sizes, backend=backend, machine=about)
    for line in [
        note,
        *_introduction(config, circuit, data),
        f"Backend {backend}: {why}; threads: {threads(backend)}.",
    ]:
        if line:
            typer.echo(line)
    return train_circuit(
        circuit, augmented(data, config.augment), epochs, backend=backend, measures=config.measure, progress=tqdm.write,
        mode=all_modes(circuit),
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
            f"The field of an output unit left the range of the hinge circuit {beyond} times (|h| >= M), where the "
            "error that the circuit computes is wrong. A smaller --rate keeps it inside.",
            err=True,
        )
    epochs = "epoch" if len(history) == 1 else "epochs"
    typer.echo(f"Test error {history.test_error:.2%} after {len(history)} {epochs}; see {folder}")
