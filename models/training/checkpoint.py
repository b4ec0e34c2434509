"""Checkpoints: all that a training run needs to continue as if it had never stopped, in one safetensors file.

A safetensors file holds numbers and text and nothing that could be executed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from math import inf, isfinite
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from ...arguments import alternative_constructor, checked_arguments, kept_arguments
from ...atomic_files import write_whole
from ...circuits import Circuit
from ...circuits.backends.noise import NoiseState
from ...circuits.description.fingerprint import described
from ...circuits.lowering.variables import split_key
from ...circuits.saving.arrays import packed, read_packed
from ...circuits.state.moment import Moment, check_same_variables
from ...errors import RecircuitError
from ...json_models import as_json, from_json
from .history import Row
from .modes import modes_in_words

__all__ = ["About", "Checkpoint"]

#: The format of the files.
FORMAT = 3
#: The beginning of the names of arrays that callbacks keep.
CALLBACK = "callback "


class About(BaseModel):
    """The run that a checkpoint belongs to, and how far it had come.

    Attributes
    ----------
    epoch : int
        The number of epochs of the run until then.
    before : int
        The number of epochs that the circuit had before the run.
    seed : int
        The seed of the order of samples and of the noise.
    network : dict of str to str
        The parts of the circuit (`recircuit.circuits.description.fingerprint.described`).
    data : dict of str to str
        The name and the fingerprint of the data set.
    backend, threads, versions : str, int, dict
        What made it. With others, the rest of the run has other bits.
    rows : list of dict
        What was measured after each epoch.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    format: int = FORMAT
    epoch: int = 0
    before: int = 0
    seed: int = 0
    network: dict[str, str] = {}
    data: dict[str, str] = {}
    backend: str = ""
    threads: int = 0
    versions: dict[str, str] = {}
    rows: list[Row] = []


@kept_arguments
@dataclass(frozen=True)
class Checkpoint:
    """The state of a circuit at the end of an epoch, and the run that it belongs to.

    Parameters
    ----------
    state : mapping of str to array
        Every stored variable by name: weights, states and parameters of rules, updates, rates of units.
    about : About
        The run.
    noise : NoiseState, optional
        The state of the random numbers. With None, `restore` leaves those of the circuit as they are.
    of_callbacks : mapping of str to array
        What callbacks need to go on, by name.
    """

    state: Mapping[str, np.ndarray] = field(repr=False)
    about: About = field(default_factory=About)
    noise: NoiseState | None = field(default=None, repr=False)
    of_callbacks: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)

    @checked_arguments
    def save(self, path: str | Path) -> None:
        """Write the checkpoint to a file, either completely or not at all.

        Parameters
        ----------
        path : str or Path
            The file.

        Raises
        ------
        RecircuitError
            If it cannot be written. An older file is then as it was.
        """
        write_whole(Path(path), self.packed())

    def packed(self) -> bytes:
        """Return the content of the file that `save` writes."""
        more = {f"{CALLBACK}{name}": array for name, array in self.of_callbacks.items()}
        return packed(self._moment().arrays() | more, as_json(self.about))

    @alternative_constructor
    @checked_arguments
    def load(cls, path: str | Path) -> Checkpoint:
        """Read a checkpoint from a file. Nothing in the file is executed.

        Parameters
        ----------
        path : str or Path
            The file.

        Raises
        ------
        RecircuitError
            If there is no such file, it is damaged, it is no checkpoint of recircuit, or it was written by another version.
        """
        path = Path(path)
        text, arrays = read_packed(path, "checkpoint")
        of_callbacks = {key.removeprefix(CALLBACK): v for key, v in arrays.items() if key.startswith(CALLBACK)}
        moment = Moment.of_arrays({key: v for key, v in arrays.items() if not key.startswith(CALLBACK)})
        bad = [k for k, v in moment.state.items() if np.issubdtype(v.dtype, np.floating) and not np.isfinite(v).all()]
        if bad:
            raise RecircuitError(f"{path}: {bad[0]} holds NaN or infinity. Use another checkpoint.")
        return cls(moment.state, _about(text, path), moment.noise, of_callbacks)

    @checked_arguments
    def restore(self, circuit: Circuit, *, weights_only: bool = False) -> None:
        """Set the variables of a circuit; either all of them are set or none.

        Parameters
        ----------
        circuit : Circuit
            A circuit with the same populations and projections.
        weights_only : bool, default False
            Whether to set the weights only, as for a circuit with another batch size, other phases or other rules.

        Raises
        ------
        RecircuitError
            If the checkpoint is of another network. The message says where they differ.
        """
        if weights_only:
            check_same_variables(self.state, circuit.lowered(), "the checkpoint", _of_weights)
            circuit.set_state({key: values for key, values in self.state.items() if _of_weights(key)})
        else:
            check_same_variables(self.state, circuit.lowered(), "the checkpoint")
            circuit.go_on_from(self._moment())

    def _moment(self) -> Moment:
        return Moment(self.state, self.noise, self.about.before + self.about.epoch)

    @checked_arguments
    def check(self, circuit: Circuit, fingerprint: str, seed: int, modes: Sequence[str | None] = (None,)) -> None:
        """Refuse to continue with another network, other data, another seed, or in other modes of the circuit.

        Parameters
        ----------
        circuit : Circuit
            The circuit that is to be trained.
        fingerprint : str
            The fingerprint of the data.
        seed : int
            The seed of the run.
        modes : sequence of str, optional
            The modes of the circuit in which it is trained. The default is its only schedule.

        Raises
        ------
        RecircuitError
            If one of them differs. The message says which.
        """
        there, here = self.about.network, described(circuit) | modes_in_words(modes)
        for key in dict.fromkeys([*there, *here]):
            if there.get(key) != here.get(key):
                a, b = _apart(there.get(key, "absent"), here.get(key, "absent"))
                raise RecircuitError(
                    f"The checkpoint is of another network: {key} there is {a!r}, here {b!r}. Resume with what it was "
                    "started with, or start a new run elsewhere."
                )
        if self.about.data.get("fingerprint") != fingerprint:
            raise RecircuitError(
                f"The checkpoint was trained on other data ({self.about.data.get('name')!r} as it was then). Resume "
                "with the same files, or start a new run in another folder."
            )
        if self.about.seed != seed:
            raise RecircuitError(
                f"The checkpoint was trained with seed {self.about.seed}, and this run has {seed}. Resume with the "
                "seed it was started with."
            )


def _apart(there: str, here: str) -> tuple[str, str]:
    """Return the first lines in which two texts differ."""
    return next(pair for pair in zip_longest(there.split("\n"), here.split("\n"), fillvalue="") if len({*pair}) > 1)


def _of_weights(key: str) -> bool:
    return split_key(key)[1] == "w"


def _about(text: str, path: Path) -> About:
    """Return what a file says of its run, if this version of recircuit wrote it."""
    try:
        about = from_json(About, text)
    except ValidationError as problem:
        raise RecircuitError(
            f"{path}: what the file says of its training run cannot be read ({problem.errors()[0]['msg']}). The file is "
            "damaged, or another version of recircuit wrote it. Use another checkpoint."
        ) from None
    if about.format != FORMAT:
        raise RecircuitError(
            f"{path} is in format {about.format} of checkpoints, and this version of recircuit reads format {FORMAT} only. "
            "Load the file with the version that wrote it."
        )
    if not all(isfinite(row.get("epoch", inf)) for row in about.rows):
        raise RecircuitError(f"{path} is damaged: one of its rows has no number of an epoch. Use another checkpoint.")
    return about
