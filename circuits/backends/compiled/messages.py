"""Messages to and from a worker: a number, a kind, and fields with types. The worker's end is in ``source/messages.h``."""

from __future__ import annotations

import array
import contextlib
import select
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from ....waiting import WAKE

MAGIC = 0x31435252
PART = 1 << 16
#: How many times a closed loop looks whether its answer has come before it sleeps: about 100 microseconds.
LOOKS = 80

_HEADER = struct.Struct("=IIQQQ")  # magic, kind, number, size of the message, where in it this packet's part lies
_TIMEVAL = struct.Struct("ll")  # seconds, microseconds
_FIELD = struct.Struct("=IIQ")  # type, 0, bytes

Field = str | int | float | np.ndarray


class Kind(IntEnum):
    """The kinds of message."""

    GET = 1
    SET = 2
    LOAD = 3
    LABEL = 4
    TABLE = 5
    SEED = 6
    MEMORY = 7
    RUN = 8
    PROFILE = 9
    TIMES = 10
    NOISE = 11
    RESTORE = 12
    PING = 13
    STOP = 14
    LIVE = 15
    PRESENT = 16
    PRESENT_SOON = 17
    ANSWER = 64
    ERROR = 65
    PROGRESS = 66
    LOST = 67


#: The kinds of message that a worker sends. LOST is an error after which the worker ends.
ANSWERS = (Kind.ANSWER, Kind.ERROR, Kind.PROGRESS, Kind.LOST)
#: The number of a type in a message; numbers and text first, then what arrays hold.
TEXT, WHOLE, REAL = 1, 2, 3
ARRAYS = {np.dtype(name): 4 + k for k, name in enumerate(("uint8", "int32", "int64", "float32", "float64", "bool"))}
_DTYPES = {number: dtype for dtype, number in ARRAYS.items()}


class Malformed(Exception):
    """The data that arrived are not a message, or not the message that was expected."""


class Disconnected(Exception):
    """The other end of the socket is closed."""


@dataclass(frozen=True)
class Message:
    """A message that arrived."""

    kind: Kind
    number: int
    fields: list[Field]


def pack(fields: Sequence[Field]) -> bytes:
    """Return fields as bytes, each with its type and length, and each beginning at a multiple of 8."""
    parts: list[bytes | memoryview] = []
    for field in fields:
        type_, data = _packed(field)
        size = memoryview(data).nbytes
        parts += [_FIELD.pack(type_, 0, size), data, bytes(-size % 8)]
    return b"".join(parts)


def _packed(field: Field) -> tuple[int, bytes | memoryview]:
    if isinstance(field, np.ndarray):
        return ARRAYS[field.dtype], np.ascontiguousarray(field).reshape(-1).view(np.uint8).data
    if isinstance(field, str):
        return TEXT, field.encode()
    if isinstance(field, int):
        return WHOLE, struct.pack("=q", field)
    return REAL, struct.pack("=d", field)


def unpack(body: bytearray) -> list[Field]:
    """Return the fields of a message; arrays lie where the message does, and are not copied."""
    fields: list[Field] = []
    at = 0
    while at < len(body):
        if len(body) - at < _FIELD.size:
            raise Malformed("a message ends within a field")
        type_, _, size = _FIELD.unpack_from(body, at)
        at += _FIELD.size
        if size > len(body) - at:
            raise Malformed("a message ends within a field")
        fields.append(_unpacked(type_, body, at, size))
        at += size + -size % 8
    return fields


def _unpacked(type_: int, body: bytearray, at: int, size: int) -> Field:
    if type_ == TEXT:
        try:
            return body[at : at + size].decode()
        except UnicodeDecodeError:
            raise Malformed("a message holds text that is not UTF-8") from None
    if type_ in (WHOLE, REAL) and size == 8:
        value: int | float = struct.unpack_from("=q" if type_ == WHOLE else "=d", body, at)[0]
        return value
    dtype = _DTYPES.get(type_)
    if dtype is None or size % dtype.itemsize:
        raise Malformed(f"a message holds a field of type {type_} and {size} bytes")
    return np.frombuffer(body, dtype, size // dtype.itemsize, at)


class Channel:
    """Python's end of the socket.

    A message is sent in packets, whose borders the socket keeps. So an exception at any place, such as a KeyboardInterrupt,
    leaves whole packets only. The worker forgets a message that was broken off when the next one begins, and an answer is
    recognised by its number.
    """

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        for limit in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            connected.setsockopt(socket.SOL_SOCKET, limit, _TIMEVAL.pack(0, int(1e6 * WAKE)))
        self._buffer = bytearray(_HEADER.size + PART)

    def send(
        self,
        kind: Kind,
        number: int,
        fields: Sequence[Field] = (),
        file: int | None = None,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        """Send a message, and an open file along with it; wait while the worker does not read."""
        body = memoryview(pack(fields))
        rights = [] if file is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file]))]
        for at in range(0, max(len(body), 1), PART):
            header = _HEADER.pack(MAGIC, kind, number, len(body), at)
            while not self._sent([header, body[at : at + PART]], rights if at == 0 else []):
                meanwhile()

    def _sent(self, packet: Sequence[bytes | memoryview], rights: Sequence[tuple[int, int, array.array[int]]]) -> bool:
        """Send a packet, and say whether it could be sent within a while."""
        try:
            self.socket.sendmsg(packet, rights, socket.MSG_NOSIGNAL)
        except BlockingIOError:
            return False
        except ConnectionError:
            raise Disconnected from None
        return True

    def exchange(self, kind: Kind, number: int, body: bytearray) -> Message:
        """Send a message of one packet, and wait for an answer of one.

        After PRESENT_SOON this process looks for the answer before it sleeps, as the worker looks for the next message.
        """
        packet = [_HEADER.pack(MAGIC, kind, number, len(body), 0), body]
        while not self._sent(packet, ()):
            pass
        looks = LOOKS if kind is Kind.PRESENT_SOON else 0
        while True:
            answered, of, size, at, part = self._packet(looks)
            if of == 0:
                raise Malformed("the worker could not read what it was sent")
            if of == number:
                break
        if at or len(part) != size:
            raise Malformed("an answer has several parts")
        return Message(Kind(answered), of, unpack(bytearray(part)))

    def offer(self, kind: Kind, number: int) -> bool:
        """Send a message without fields if that is possible without waiting, and say whether it was."""
        try:
            header = _HEADER.pack(MAGIC, kind, number, 0, 0)
            self.socket.sendmsg([header], [], socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except OSError:
            return False
        return True

    def receive(self, number: int, meanwhile: Callable[[], None] = lambda: None) -> Message:
        """Wait for the next message of this number, and drop messages of other numbers.

        It raises `Disconnected` if the worker has ended, and `Malformed` if the message cannot be read.
        """
        body = bytearray()
        while True:
            meanwhile()
            kind, of, size, at, part = self._packet(meanwhile=meanwhile)
            if of == 0:
                raise Malformed("the worker could not read what it was sent")
            if of != number:
                continue
            if at == 0:
                body = bytearray()
            if at != len(body):
                raise Malformed("a part of an answer is missing")
            body += part
            if len(body) == size:
                return Message(Kind(kind), of, unpack(body))

    def make_room(self) -> None:
        """Wait a while until something can be sent, or read and drop a packet: the worker may be waiting until it is read."""
        poll = select.poll()
        poll.register(self.socket, select.POLLIN | select.POLLOUT)
        if any(event & ~select.POLLOUT for _, event in poll.poll(1e3 * WAKE)):
            self._packet()

    def close(self) -> None:
        """Close this end of the socket, so that the worker ends."""
        with contextlib.suppress(OSError):
            self.socket.close()

    def _packet(
        self, looks: int = 0, meanwhile: Callable[[], None] = lambda: None
    ) -> tuple[int, int, int, int, memoryview]:  # fmt: skip
        length = self._look(looks) if looks else None
        while length is None:
            try:
                length = self.socket.recv_into(self._buffer)
            except BlockingIOError:  # nothing has come yet; a signal that came meanwhile is handled now
                meanwhile()
            except ConnectionError:
                length = 0
        if length == 0:
            raise Disconnected
        if length < _HEADER.size:
            raise Malformed(f"a packet of {length} bytes")
        magic, kind, number, size, at = _HEADER.unpack_from(self._buffer)
        if magic != MAGIC or kind not in ANSWERS or at + length - _HEADER.size > size:
            raise Malformed("a packet that is no part of an answer")
        return kind, number, size, at, memoryview(self._buffer)[_HEADER.size : length]

    def _look(self, times: int) -> int | None:
        """Look for a packet this number of times; return its length, or None if none has come."""
        for _ in range(times):
            try:
                return self.socket.recv_into(self._buffer, 0, socket.MSG_DONTWAIT)
            except BlockingIOError:
                continue
            except ConnectionError:
                return 0
        return None
