"""A running program: it is started, sent messages, waited for and ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter
from typing import NoReturn

from ....errors import RecircuitError
from ....processor import chosen_threads
from ..interrupted_wait import LOST, InterruptedWait
from ..interrupts import interruptible, postponed
from .messages import PART, Channel, Disconnected, Field, Kind, Malformed, Message, unpack
from .waiting_choice import WaitingChoice

#: Seconds that a worker has to say that it is ready: a GPU that many begin to use at once, with libraries of some hundred
#: megabytes that are read over a network, takes long.
PATIENCE = 180.0
#: Seconds that it has to end by itself after an error.
ENDING = 5.0

_HELLO = 1  # the number of its first answer


def threads() -> int:
    """Return how many threads a compiled circuit uses: $RECIRCUIT_THREADS, or one for each core that this process may
    use.
    """
    return chosen_threads("RECIRCUIT_THREADS")


class Worker:
    """A running program. It belongs to the process that started it, and ends with it.

    If something is raised in the middle of `ask`, such as a KeyboardInterrupt, no later answer is mistaken for another. Each
    answer has the number of its question, and what still arrives for a question that was given up is dropped first.
    """

    def __init__(self, folder: Path, backend: str, **environment: str) -> None:
        self.backend = backend
        self.owner = os.getpid()
        self._lock = threading.Lock()
        self._asking = 0  # the thread that waits for an answer
        self._number = _HELLO
        self._owing = False  # whether an answer may still come that nobody waits for
        self._given_up = False
        self._waiting = WaitingChoice()
        environment = {"OPENBLAS_NUM_THREADS": "1", "RECIRCUIT_THREADS": str(threads())} | environment
        self.process, ours = _started(folder, backend, environment)
        self._channel = Channel(ours)
        self._finalizer = weakref.finalize(self, _end, self.owner, self.process, ours)
        self._greet(folder)

    @property
    def alive(self) -> bool:
        """Say whether the worker can still be asked."""
        return self._finalizer.alive and self.process.poll() is None

    def close(self) -> None:
        """End the process."""
        self._finalizer()

    def let_go(self) -> None:
        """Close the inherited ends of pipes in a forked process, so that the worker can end with its owner."""
        self._channel.close()

    def ask(self, kind: Kind, *fields: Field, file: int | None = None) -> list[Field]:
        """Send a message and wait for the fields of its answer. Ctrl-C waits for the answer too."""
        with self._alone():
            return self._postponed(kind, fields, file)

    def run(self, *fields: Field, progress: Callable[[int], None] | None = None) -> tuple[list[Field], bool]:
        """Ask for a run; also return whether Ctrl-C was pressed, which ends the run after the current presentation."""
        asked, last_asked = threading.Event(), [0]
        waiting = InterruptedWait(self.backend, self._give_up)

        def stop() -> None:
            waiting.look()
            number = self._number
            if asked.is_set() and last_asked[0] != number and self._channel.offer(Kind.STOP, number):
                last_asked[0] = number

        def interrupt() -> None:
            self._interrupted(waiting)
            stop()

        try:
            with self._alone(), interruptible(interrupt, asked):
                answer = self._asked(Kind.RUN, fields, None, stop, progress)
        except BaseException:
            if asked.is_set():
                signal.raise_signal(signal.SIGINT)
            raise
        return answer, asked.is_set()

    def present(self, body: bytearray, expected: int) -> list[Field]:
        """Send a message of a closed loop, and return the fields of its answer, whose size is known.

        This is `ask` without the parts that take time: small messages are one packet, and Ctrl-C may end the wait.
        """
        with self._alone():
            if max(len(body), expected) > PART or self._owing or not self._finalizer.alive:
                return self._asked(Kind.PRESENT, tuple(unpack(body)), None, lambda: None, None)
            self._number += 1
            self._owing = True
            begin = perf_counter()
            try:
                answer = self._channel.exchange(
                    Kind.PRESENT_SOON if self._waiting.looks else Kind.PRESENT, self._number, body
                )
            except Disconnected:
                self.died()
            except Malformed as problem:
                self._end_of(problem)
            self._owing = False
            self._waiting.note(perf_counter() - begin)
        return self._fields_of(answer)

    @contextmanager
    def free(self) -> Iterator[bool]:
        """Keep other threads out, and say whether that is possible at once."""
        got = self._lock.acquire(blocking=False)
        try:
            yield got
        finally:
            if got:
                self._lock.release()

    def ask_alone(self, kind: Kind, *fields: Field) -> list[Field]:
        """Ask as `ask` does. The caller is inside `free`, which keeps other threads out."""
        return self._postponed(kind, fields, None)

    def _postponed(self, kind: Kind, fields: tuple[Field, ...], file: int | None) -> list[Field]:
        waiting = InterruptedWait(self.backend, self._give_up)
        with postponed(lambda: self._interrupted(waiting)):
            return self._asked(kind, fields, file, waiting.look, None)

    def _interrupted(self, waiting: InterruptedWait) -> None:
        """Handle a Ctrl-C. If the process was suspended (SIGSTOP), it is resumed, so that it can answer."""
        waiting.interrupt()
        self.process.send_signal(signal.SIGCONT)

    def _give_up(self) -> None:
        """End the process in the middle of its work, after Ctrl-C was pressed several times."""
        self._given_up = True
        self.process.kill()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one thread after the other enter."""
        if self._lock.locked() and self._asking == threading.get_ident():
            raise RecircuitError(
                f"{self.backend}: the circuit is running already. A progress function or a signal handler cannot "
                "use the circuit that called it."
            )
        with self._lock:
            self._asking = threading.get_ident()
            try:
                yield
            finally:
                self._asking = 0

    def _asked(
        self,
        kind: Kind,
        fields: tuple[Field, ...],
        file: int | None,
        meanwhile: Callable[[], None],
        progress: Callable[[int], None] | None,
    ) -> list[Field]:
        if not self._finalizer.alive:
            self.died()
        try:
            if self._owing:
                self._settle(meanwhile)
            self._number += 1
            self._owing = True
            number = self._number
            self._channel.send(kind, number, fields, file, meanwhile)
            while (answer := self._channel.receive(number, meanwhile)).kind is Kind.PROGRESS:
                if progress is not None:
                    progress(_whole(answer))
            self._owing = False
        except Disconnected:
            self.died()
        except Malformed as problem:
            self._end_of(problem)
        except BaseException:
            self._channel.offer(Kind.STOP, self._number)
            raise
        return self._fields_of(answer)

    def _fields_of(self, answer: Message) -> list[Field]:
        """Return the fields of an answer, or raise the error that it tells of. After some errors the process ends."""
        if answer.kind is Kind.ANSWER:
            return answer.fields
        message = f"{self.backend}: the compiled circuit says: {_text(answer).rstrip('.')}."
        if answer.kind is not Kind.LOST:
            raise RecircuitError(message)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(ENDING)
        self.close()
        raise RecircuitError(f"{message} {LOST}")

    def _settle(self, meanwhile: Callable[[], None]) -> None:
        """Drop what still arrives, up to the answer to a ping. It may have to be read before the ping can be sent."""
        self._number += 1
        while not self._channel.offer(Kind.PING, self._number):
            meanwhile()
            self._channel.make_room()
        self._channel.receive(self._number, meanwhile)
        self._owing = False

    def _greet(self, folder: Path) -> None:
        self._channel.socket.settimeout(PATIENCE)
        try:
            hello = self._channel.receive(_HELLO)
        except TimeoutError:
            self.close()
            raise RecircuitError(
                f"{self.backend}: the compiled circuit did not answer within {PATIENCE:.0f} s. If that happens again, remove "
                f"{folder}, so that it is compiled again."
            ) from None
        except Disconnected:
            self.died()
        except Malformed as problem:
            self._end_of(problem)
        self._channel.socket.settimeout(None)
        if hello.kind is Kind.ERROR:
            self.close()
        self._fields_of(hello)

    def died(self) -> NoReturn:
        """Raise the error that says how the process has ended. A process that still runs is ended first.

        Raises
        ------
        RecircuitError
            Always.
        """
        self.process.kill()
        code = self.process.wait()
        memory = ", out of memory?" if code == -signal.SIGKILL else ""
        how = "was ended by Ctrl-C" if self._given_up else f"ended without being asked to (status {code}{memory})"
        raise RecircuitError(f"{self.backend}: the compiled circuit {how}. {LOST}") from None

    def _end_of(self, problem: Malformed) -> NoReturn:
        self.close()
        raise RecircuitError(
            f"{self.backend}: the compiled circuit sent a message that cannot be read ({problem}), and was ended. {LOST}"
        ) from None


def _started(folder: Path, backend: str, environment: dict[str, str]) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Return the process, and our end of the socket that is its standard input."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        process = subprocess.Popen(
            ["./main"], cwd=folder, stdin=its.fileno(), stdout=subprocess.DEVNULL, start_new_session=True,
            env=os.environ | environment,
        )  # fmt: skip
    except OSError as problem:
        ours.close()
        raise RecircuitError(
            f"{backend}: the compiled circuit in {folder} cannot be started ({problem.strerror}). Remove that folder, so that "
            "it is compiled again; if files may not be run there, name another folder in RECIRCUIT_CACHE."
        ) from None
    finally:
        its.close()
    return process, ours


def _whole(message: Message) -> int:
    (value,) = message.fields
    if not isinstance(value, int):
        raise Malformed("progress is not a number")
    return value


def _text(message: Message) -> str:
    return " ".join(map(str, message.fields))


def _end(owner: int, process: subprocess.Popen[bytes], ours: socket.socket) -> None:
    ours.close()
    if os.getpid() == owner:
        process.kill()
        process.wait()
