"""The methods that keep circuits: in memory under a name, in a file, or in a copy."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from copy import deepcopy
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import numpy as np

from ...arguments import RAW, alternative_constructor, checked_arguments, fits
from ...atomic_files import write_whole
from ...errors import RecircuitError
from ...foreign_text import json_value
from ..backends import Program
from ..backends.interrupts import postponed
from ..backends.noise import NoiseState
from ..saving.arrays import packed, read_packed, unpacked
from ..saving.description import described, rebuild, settings
from ..saving.values import Reader, Writer
from ..state.moment import Moment, check_same_variables, same_bits
from ..state.positions import check_positions
from ..state.setting import STEP, check_step, checked_state
from .inspecting import InspectionMethods

__all__ = ["StorageMethods"]

FORMAT = 3
#: The beginnings of the names of arrays in a file.
STATE, BY_HAND = "state ", "set "


class StorageMethods(InspectionMethods):
    """The methods of a circuit that keep its state.

    Attributes
    ----------
    epoch : int
        The number of epochs of training that the circuit has had; `recircuit.train` continues with the next one.
    classes : tuple of str, optional
        The names of the classes, in the order of the output units, if the circuit was trained with names.
    """

    epoch: int = 0
    classes: tuple[str, ...] | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._program: Program | None = None
        self._built = -1  # the revision of the description from which the program was built
        self._values: dict[str, np.ndarray] = {}  # the values of the last program, while there is none
        self._noise: NoiseState | None = None  # its random numbers
        self._by_hand: dict[str, np.ndarray] = {}  # parameters of units and rules that the user has set
        self._stored: dict[str, Moment] = {}
        self.epoch, self.classes = 0, None

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "epoch" and not (fits(value, int) and value >= 0):
            raise RecircuitError(f"circuit: epoch is a whole number, at least 0; got {value!r}.")
        if name == "classes" and not (value is None or fits(value, tuple[str, ...])):
            raise RecircuitError(f"circuit: classes is a tuple of names or None; got {value!r}.")
        super().__setattr__(name, value)

    @abstractmethod
    def program(self, backend: str | None = None) -> Program:
        """Return the circuit's program."""

    @abstractmethod
    def state(self, *, weights_only: bool = False) -> dict[str, np.ndarray]:
        """Return a copy of all variables by name."""

    @abstractmethod
    def set_state(self, values: Mapping[str, np.ndarray]) -> None:
        """Set variables by name."""

    def given(self) -> set[str]:
        return super().given() | set(self._by_hand)

    # ---- in memory ---------------------------------------------------------------------------------------------------

    @checked_arguments
    def moment(self) -> Moment:
        """Return everything that changes while the circuit runs: variables, clock, random numbers and count of epochs."""
        return Moment(self.state(), self.program().noise(), self.epoch)

    @checked_arguments
    def go_on_from(self, moment: Moment) -> None:
        """Return to a moment of this circuit, or of a circuit with the same variables.

        Parameters
        ----------
        moment : Moment
            The moment, which `moment` returned.
        """
        program = self.program()
        now = {key: program.get(key) for key in program.variables}
        with postponed():
            self.set_state({k: v for k, v in moment.state.items() if k not in now or not same_bits(v, now[k])})
            if self._program is None:  # it is built later, where Ctrl-C stops the compiler
                self._noise = moment.noise or self._noise
            elif moment.noise is not None:
                self._program.set_noise(moment.noise)
            self.epoch = moment.epoch

    @checked_arguments
    def store(self, name: str = "default") -> None:
        """Keep the state of the circuit in memory: variables, clock, random numbers and count of epochs.

        Parameters
        ----------
        name : str
            The name under which `restore` finds it.
        """
        self._stored[name] = self.moment()

    @checked_arguments
    def restore(self, name: str = "default") -> None:
        """Return to the state that `store` kept. Later presentations then repeat exactly.

        Parameters
        ----------
        name : str
            The name that was given to `store`.

        Raises
        ------
        RecircuitError
            If nothing is stored under this name, or if the circuit has other variables now.
        """
        if name not in self._stored:
            known = f"; there are {[*self._stored]}" if self._stored else ""
            raise RecircuitError(
                f"restore: nothing is stored under the name {name!r}{known}. Call store({name!r}) first."
            )
        check_same_variables(self._stored[name].state, self.lowered(), f"the state that is stored as {name!r}")
        self.go_on_from(self._stored[name])

    # ---- in a file ---------------------------------------------------------------------------------------------------

    @checked_arguments
    def save(self, path: str | Path) -> None:
        """Write the circuit to a file: its description, state, clock, random numbers and count of epochs.

        The file is a safetensors file: it holds numbers and text, and nothing in it is executed when it is loaded.
        Weights that a Python function draws are saved as the numbers that it draws. States that `store` keeps are not saved.

        Parameters
        ----------
        path : str or Path
            The file. An existing file is replaced, either completely or not at all.

        Raises
        ------
        RecircuitError
            If the file cannot be written, or if a part of the description cannot be saved.

        Examples
        --------
        >>> net.save("trained.safetensors")                                                        # doctest: +SKIP
        >>> net = rc.Circuit.load("trained.safetensors")                                           # doctest: +SKIP
        """
        write_whole(Path(path), self._packed())

    @alternative_constructor
    @checked_arguments
    def load(cls, path: str | Path) -> Self:
        """Return the circuit that `save` wrote to a file. It continues exactly as the saved circuit would have.

        Nothing in the file is executed: its equations pass the same checks as declared ones.

        Parameters
        ----------
        path : str or Path
            The file.

        Raises
        ------
        RecircuitError
            If there is no such file, if it is damaged, or if it was written by another version of recircuit.
        """
        return cls._unpacked(*read_packed(Path(path), "circuit"), str(path))

    def _packed(self) -> bytes:
        moment, writer = self.moment(), Writer("save")
        contents = {"circuit": FORMAT, "recircuit": version("recircuit"), "epoch": self.epoch}
        contents |= {"description": described(self, writer)}
        by_hand = {f"{BY_HAND}{key}": values for key, values in self._by_hand.items()}
        return packed(moment.arrays(STATE) | by_hand | writer.arrays, json.dumps(contents))

    @classmethod
    def _unpacked(cls, text: str, arrays: dict[str, np.ndarray], where: str) -> Self:
        contents = _read(text, where)
        reader = Reader(arrays, where)
        try:
            made = cls(**settings(contents["description"], reader))
            rebuild(made, contents["description"], reader)
            made.epoch = int(contents["epoch"])
        except RAW as problem:
            raise RecircuitError(
                f"{where} is damaged: {type(problem).__name__}: {problem}. Use another file."
            ) from None
        moment = Moment.of_arrays(arrays, STATE, made.epoch)
        made._values, made._noise = dict(moment.state), moment.noise
        made._by_hand = {k.removeprefix(BY_HAND): values for k, values in arrays.items() if k.startswith(BY_HAND)}
        made._check_read(where)
        return made

    def _check_read(self, where: str) -> None:
        """Refuse a state from a file that the circuit cannot have."""
        lowered = self.lowered()
        check_same_variables(self._values, lowered, where)
        try:
            check_step(self._values[STEP])
            for key, values in self._values.items():
                check_positions(lowered, key, values)
            checked_state(self, lowered, self._by_hand)
        except RecircuitError as problem:
            raise RecircuitError(f"{where} is damaged: {problem}") from None

    # ---- in a copy ---------------------------------------------------------------------------------------------------

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return an independent circuit that continues like this one. Its program is built when it is first needed."""
        made = object.__new__(type(self))
        memo[id(self)] = made
        shared = {"_program": None, "_lowered": None, "_built": -1, "_tables": (None, {})}
        for name, value in vars(self).items():
            setattr(made, name, shared[name] if name in shared else deepcopy(value, memo))
        if self._program is not None:
            self._program.check_alive()
            made._values = {k: self._program.get(k) for k in self._program.variables}
            made._noise = self._program.noise()
        return made

    def __copy__(self) -> Self:
        return self.__deepcopy__({})

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_bytes, (type(self), self._packed())


def _from_bytes(kind: type[StorageMethods], content: bytes) -> StorageMethods:
    """Return a circuit that was pickled."""
    return kind._unpacked(*unpacked(content, "the pickled circuit", "circuit"), "the pickled circuit")


def _read(text: str, where: str) -> dict[str, Any]:
    """Return the contents of a file, if it holds a circuit and was written by this version."""
    try:
        contents = json_value(text)
    except ValueError:
        contents = None
    if not isinstance(contents, dict) or "circuit" not in contents:
        raise RecircuitError(
            f"{where} does not hold a circuit of recircuit. A checkpoint of a training run is opened by "
            "rc.Checkpoint.load(path), and a folder of a run by rc.load_run(folder)."
        )
    if contents["circuit"] != FORMAT:
        raise RecircuitError(
            f"{where} was written by recircuit {contents.get('recircuit', '?')} in format {contents['circuit']} of circuit "
            f"files, and this version of recircuit reads format {FORMAT} only. Load the file with the version that wrote it."
        )
    return contents
