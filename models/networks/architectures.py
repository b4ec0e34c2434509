"""Networks for images, as the papers write them: a line of layers, and how it was trained."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from ...errors import UsageError
from ...registry import Registry, an_instance_of

__all__ = ["ARCHITECTURES", "Architecture", "Layer", "layers_of"]

Kind = Literal["conv", "maxpool", "sum", "full", "output"]


@dataclass(frozen=True)
class Layer:
    """A layer of a network for images.

    Parameters
    ----------
    kind : {"conv", "maxpool", "sum", "full", "output"}
        What it is.
    maps : int
        The number of maps of a convolution, or of units of a full layer.
    kernel, stride, padding : (int, int), int, int or "same"
        The windows of a convolution or a pool.
    dropped : float
        The probability with which its units are left out.
    """

    kind: Kind
    maps: int = 0
    kernel: tuple[int, int] = (0, 0)
    stride: int = 1
    padding: int | str = "same"
    dropped: float = 0.0


@dataclass(frozen=True)
class Architecture:
    """A network for images, and the parameters with which its paper trained it.

    Parameters
    ----------
    line : str
        The layers, as in ``"conv 32 5x5; maxpool 3; output"``.
    source : str
        The paper and section.
    about : str
        What the network is, in a sentence.
    transfer, loss, batch_size, rate : str, str, int, float
        The parameters of the paper.
    tied : bool
        Whether the paper's own network shares its weights (a convolution); the line is the same for both.
    """

    line: str
    source: str
    about: str
    transfer: str = "clip"
    loss: str = "hinge"
    batch_size: int = 100
    rate: float = 0.1
    tied: bool = True


#: The lines are the papers' own, except for what is in brackets there. "drop" is the probability of leaving out.
_PAPERS = {
    "simpnet": Architecture(
        "conv 32 5x5; maxpool 3; drop .8; full conn. 500; drop .3; output",
        "Amit 2019, section 4",
        "A network of one convolution, a pool and a full layer.",
        batch_size=500,
    ),
    "deepnet": Architecture(
        "conv 32 5x5; maxpool 3; conv 32 3x3; conv 32 3x3; maxpool 3; drop .8; "
        "conv 32 3x3; conv 32 3x3; maxpool 3; drop .3; full conn. 500; output",
        "Amit 2019, section 4",
        "A network of five convolutions in three stages, and a full layer.",
        batch_size=500,
    ),
    "deepernet": Architecture(
        "conv 16 3x3; conv 16 3x3; SUM; conv 32 3x3; conv 32 3x3; SUM; maxpool 3; drop .5; "
        "conv 64 3x3; conv 64 3x3; SUM; maxpool 3; "
        "conv 128 3x3; conv 128 3x3; SUM; maxpool 3; drop .8; "
        "full conn. 500; output",
        "Amit 2019, section 4",
        "A network of eight convolutions with connections that skip layers, and a full layer.",
        batch_size=500,
    ),
    "deepernet_s": Architecture(
        "conv 16 3x3; conv 16 3x3; SUM; maxpool 3, stride 3; drop .5; "
        "conv 64 3x3; conv 64 3x3; SUM; maxpool 2, stride 2; "
        "conv 64 2x2; conv 64 2x2; SUM; maxpool 2, stride 2; drop .5; "
        "full conn. 500; output",
        "Amit 2019, section 4.1",
        "A smaller version of deepernet, with six convolutions, that also runs untied.",
        batch_size=500,
    ),
    "baldi_cifar": Architecture(
        "conv 64 5x5; maxpool 3; conv 64 5x5; maxpool 3; conv 64 5x5; maxpool 3; full conn. 1024; output",
        "Baldi, Sadowski and Lu 2018, section 4.3",
        "A network of three convolutions, each with a pool, and a full layer.",
        transfer="tanh", loss="softmax", batch_size=128, rate=0.01,
    ),
    "lansdell_cnn": Architecture(
        "conv 32 3x3; maxpool 3; conv 128 5x5; maxpool 3; conv 256 5x5; maxpool 3; "
        "full conn. 2048; drop .5; full conn. 2048; drop .5; output",
        "Lansdell, Prakash and Kording 2020, C.4",
        "A network of three convolutions, each with a pool, and two full layers with dropout.",
        transfer="tanh", loss="softmax", rate=0.01,
    ),
    "lillicrap_local": Architecture(
        "conv 6 6x6, padding 0; full conn. 1500; full conn. 1500; output",
        "Lillicrap et al. 2016, Supplementary Note 5",
        "A network of one layer of local connections and two full layers.",
        transfer="tanh", loss="mse", rate=0.01, tied=False,
    ),
}  # fmt: skip

ARCHITECTURES: Registry[Architecture] = Registry(
    "model",
    _PAPERS,
    group="recircuit.models",
    check=an_instance_of(Architecture, "Make it with recircuit.models.networks.architectures.Architecture(line, ...)."),
    others="Layers in words, with ; between, are a model too, as in 'conv 32 5x5; maxpool 3; output'.",
)
"""The networks for images that have a name."""

_WINDOW = r"(?:, ?stride (?P<stride>\d+))?(?:, ?padding (?P<padding>\d+))?"
_PATTERNS: dict[Kind | Literal["drop"], str] = {
    "conv": r"conv (?P<maps>\d+) (?P<down>\d+)x(?P<across>\d+)" + _WINDOW,
    "maxpool": r"maxpool (?P<down>\d+)" + _WINDOW,
    "sum": r"SUM",
    "full": r"full(?: conn\.?)? (?P<maps>\d+)",
    "drop": r"drop (?P<dropped>\d*\.\d+|0)",
    "output": r"output",
}


def layers_of(line: str) -> list[Layer]:
    """Return the layers that a line like ``"conv 32 5x5; maxpool 3; drop .8; full conn. 500; output"`` names.

    Windows are padded so that convolutions keep the size of the image, and pools of stride 2 (as they have, if nothing
    else is said) halve it exactly. ``drop`` belongs to the layer before it. SUM adds the two layers before it.

    Raises
    ------
    UsageError
        If a word is none of these, or stands in a place where it makes no network.
    """
    found: list[Layer] = []
    for word in (part.strip() for part in line.split(";") if part.strip()):
        layer = _read(word, line)
        if not isinstance(layer, Layer):
            if not found or found[-1].kind == "output":
                raise UsageError(f"model: 'drop' leaves out units of the layer before it, and there is none: {line!r}.")
            found[-1] = replace(found[-1], dropped=layer)
        else:
            found.append(layer)
    _check(found, line)
    return found


def _read(word: str, line: str) -> Layer | float:
    """Return a layer; or the probability of ``drop``."""
    for kind, pattern in _PATTERNS.items():
        if match := re.fullmatch(pattern, word, re.IGNORECASE):
            values = match.groupdict()
            if kind == "drop":
                return float(values["dropped"])
            down = int(values.get("down") or 0)
            return Layer(
                kind,
                maps=int(values.get("maps") or 0),
                kernel=(down, int(values.get("across") or down)),
                stride=int(values.get("stride") or (2 if kind == "maxpool" else 1)),
                padding=int(values["padding"]) if values.get("padding") else "same",
            )
    raise UsageError(
        f"model: {word!r} is no layer; expected conv MAPS KxK, maxpool K (both may go on with ', stride N' and ', padding "
        f"N'), SUM, full UNITS, drop P or output, with ; between them. Got {line!r}."
    )


def _check(layers: list[Layer], line: str) -> None:
    kinds = [layer.kind for layer in layers]
    wrong = ""
    if kinds.count("output") != 1 or kinds[-1] != "output" or len(kinds) < 2:
        wrong = "a network has layers and ends with 'output', once"
    elif "full" in kinds and {"conv", "maxpool", "sum"} & {*kinds[kinds.index("full") :]}:
        wrong = "conv, maxpool and SUM are of images, which a full layer has none of: they come before it"
    elif any(kinds[k - 2 : k] != ["conv", "conv"] for k, kind in enumerate(kinds) if kind == "sum"):
        wrong = "SUM adds two convolutions, right before it"
    if wrong:
        raise UsageError(f"model: {wrong}. Got {line!r}.")
