"""An HTTP client for benchmarks that leaves the cores to the server: it shares them with it.

One event loop, kept connections, nothing parsed but the status line and the length. Eight threads with http.client
would take more of two cores than some searches.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import uvloop


@dataclass(slots=True)
class Answer:
    """One answer. seconds: from the request's first byte to the answer's last; content: head and body."""

    path: str
    status: int
    seconds: float
    content: bytes


class _Connection(asyncio.Protocol):
    """A kept connection with one request on its way at a time."""

    def __init__(self, take: Callable[[Answer], None]) -> None:
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._take = take
        self._content = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def send(self, path: str) -> None:
        self._path, self._start = path, time.perf_counter()
        self._transport.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        self._content += data
        end = self._content.find(b"\r\n\r\n")
        if end < 0:
            return
        at = self._content.find(b"content-length: ", 0, end) + 16
        if len(self._content) < end + 4 + int(self._content[at : self._content.index(b"\r", at)]):
            return
        content, self._content = self._content, b""
        self._take(Answer(self._path, int(content[9:12]), time.perf_counter() - self._start, content))

    def connection_lost(self, error: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(None)

    def close(self) -> None:
        self._transport.close()


async def _connect(port: int, take: Callable[[Answer], None]) -> _Connection:
    made = await asyncio.get_running_loop().create_connection(lambda: _Connection(take), "127.0.0.1", port)
    return made[1]


def ask(port: int, paths: Iterable[str], *, clients: int = 1, take: Callable[[Answer], None]) -> None:
    """GET every path over so many connections side by side, each as soon as its last is answered."""

    async def one(shared: Iterator[str]) -> None:
        answered = asyncio.Event()

        def got(answer: Answer) -> None:
            take(answer)
            path = next(shared, None)
            if path is None:
                answered.set()
            else:
                connection.send(path)

        connection = await _connect(port, got)
        path = next(shared, None)
        if path is not None:
            connection.send(path)
            waiting = asyncio.ensure_future(answered.wait())
            await asyncio.wait([waiting, connection.lost], return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                raise ConnectionError("the server closed the connection")
        connection.close()

    async def run() -> None:
        shared = iter(paths)
        await asyncio.gather(*(one(shared) for _ in range(clients)))

    uvloop.run(run())


def send_by_clock(
    port: int, paths: Sequence[str], *, rate: float, connections: int, take: Callable[[Answer], None]
) -> list[float]:
    """GET the paths at so many a second, whatever comes back.

    Returns: seconds that each request was sent late, for want of a free connection or of time of this process.
    """
    late: list[float] = []

    async def run() -> None:
        idle: list[_Connection] = []
        for _ in range(connections):
            connection = await _connect(port, lambda answer: None)
            connection._take = lambda answer, own=connection: (take(answer), idle.append(own))  # type: ignore[misc]
            idle.append(connection)
        begin = time.perf_counter()
        for number, path in enumerate(paths):
            due = begin + number / rate
            while time.perf_counter() < due or not idle:
                await asyncio.sleep(0.001)
            late.append(time.perf_counter() - due)
            idle.pop(0).send(path)
        end = time.perf_counter() + 10
        while len(idle) < connections and time.perf_counter() < end:
            await asyncio.sleep(0.01)
        for connection in idle:
            connection.close()

    uvloop.run(run())
    return late
