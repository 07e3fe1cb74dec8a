"""Admission: a bounded number of requests works, a bounded number waits, the rest is told to come again."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from emptor.serve.errors import Unavailable

T = TypeVar("T")


class Overloaded(Unavailable):
    """More requests than this server can answer in time."""


@dataclass(slots=True)
class _Job:
    """Work on its way to a thread. latest: time.monotonic() after which it is not begun any more."""

    work: Callable[[], Any]
    latest: float
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]


class Gate:
    """Runs blocking work in a few threads, for callers on one event loop.

    Answering "busy" at once keeps the requests that are let in quick; an endless queue makes all late. A plain queue
    rather than an executor: two hand-overs a request cost half as much, and the interpreter is what is short here.

    Args:
        name: of the threads. threads: how many work at once.
        max_waiting: requests that may wait for a thread.
        max_wait_s: a request that waited longer is not run any more.
        on_shed: called for each request turned away.
    """

    def __init__(
        self,
        name: str,
        *,
        threads: int,
        max_waiting: int,
        max_wait_s: float,
        on_shed: Callable[[], None] = lambda: None,
    ) -> None:
        self._places = threads + max_waiting
        self._max_wait_s = max_wait_s
        self._on_shed = on_shed
        self._inside = 0  # only touched on the event loop
        self._closed = False
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"emptor-{name}-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def inside(self) -> int:
        """Requests that work or wait now."""
        return self._inside

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work()`, run in a thread.

        Raises: Overloaded where there is no room, or the work could not start in time; it has not run then.
        """
        if self._closed or self._inside >= self._places:
            self._on_shed()
            raise Overloaded("the server is busy; try again in a moment")
        self._inside += 1
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._jobs.put(_Job(work, time.monotonic() + self._max_wait_s, loop, answer))
        return await answer

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            result: Any = None
            error: BaseException | None = None
            if time.monotonic() > job.latest:
                error = Overloaded("the server is busy and could not start on this in time; try again in a moment")
            elif not job.answer.cancelled():  # else the caller has gone away
                try:
                    result = job.work()
                except BaseException as raised:
                    error = raised
            self._hand_back(job, result, error)
            del job, result, error  # an idle thread holds on to nothing

    def _hand_back(self, job: _Job, result: Any, error: BaseException | None) -> None:
        with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
            job.loop.call_soon_threadsafe(self._settle, job.answer, result, error)

    def _settle(self, answer: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
        self._inside -= 1
        if isinstance(error, Overloaded):
            self._on_shed()
        if answer.done():
            return
        if error is None:
            answer.set_result(result)
        else:
            answer.set_exception(error)

    def close(self) -> None:
        """Let running work end; waiting work is turned away."""
        self._closed = True
        waiting: list[_Job] = []
        with suppress(Empty):
            while True:
                job = self._jobs.get_nowait()
                if job is not None:
                    waiting.append(job)
        for job in waiting:
            self._hand_back(job, None, Overloaded("the server is being shut down"))
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
