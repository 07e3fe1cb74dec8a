"""Admission: a bounded number of requests works, a bounded number waits, the rest is told to come again."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from emptor.serve.errors import Unavailable

A = TypeVar("A", contravariant=True)
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

BATCH = 8
"""Requests worked on at once: enough to share what is done once a batch, and none waits long for the others."""


FEW = 16
"""Requests that may always wait, however slow the last ones were."""
PACE_SHARE = 0.02
"""Weight of the newest answer in the pace: about the last fifty count."""
BUSY_S = 1.0
"""So long after a request was turned away there is overload, and an answer later than its deadline is not given."""
BUSY = "the server is busy; try again in a moment"


class Overloaded(Unavailable):
    """More requests than this server can answer in time."""


class LoopLag:
    """How late the event loop runs: about what a request has waited in its socket before anybody saw it."""

    STEP_S = 0.02

    def __init__(self) -> None:
        self.seconds = 0.0

    async def watch(self) -> None:
        """Keep `seconds` up to date until it is cancelled."""
        while True:
            due = time.monotonic() + self.STEP_S
            await asyncio.sleep(self.STEP_S)
            self.seconds = max(time.monotonic() - due, 0.0)


class Many(Protocol[A, T_co]):
    """Work on several requests at once: an answer, or the error, for each. Equal ones may share a batch."""

    def __call__(self, asks: Sequence[A], /) -> Sequence[T_co | Exception]: ...


@dataclass(slots=True)
class _Job:
    """Work on its way to a thread.

    latest: time.monotonic() after which it is not begun any more. due: after which, under overload, its answer is not
    given any more.
    """

    many: Many[Any, Any]
    ask: Any
    latest: float
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]
    due: float | None


def _alone(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """The batch of work that shares nothing."""
    return [work() for work in works]


class Gate:
    """Runs blocking work in a few threads, for callers on one event loop.

    Answering "busy" at once keeps the requests that are let in quick; an endless queue makes all late. A plain queue
    rather than an executor: hand-overs cost half as much, and the interpreter is what is short here.
    Requests that wait when a thread gets free are worked on in one batch, where they allow it.

    Args:
        name: of the threads. threads: how many work at once.
        max_waiting: requests that may wait for a thread.
        max_wait_s: a request that waited longer is not run any more.
        target_s: when more come in than can be answered, so many may wait as are begun within this time.
        on_shed: called for each request turned away.
        lag: how late the event loop is; where requests have waited too long before they got here, they are turned away.
        around: what a thread holds while it works.
    """

    def __init__(
        self,
        name: str,
        *,
        threads: int,
        max_waiting: int,
        max_wait_s: float,
        target_s: float | None = None,
        on_shed: Callable[[], None] = lambda: None,
        lag: LoopLag | None = None,
        around: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._max_waiting = max_waiting
        self._target_s = max_wait_s if target_s is None else target_s
        self._pace = 0.0  # seconds from one answer to the next while others wait; only touched on the event loop
        self._settled = 0.0
        self._refused = float("-inf")  # when a request was last turned away
        self._max_wait_s = max_wait_s
        self._on_shed = on_shed
        self._around = around
        self._lag = lag or LoopLag()
        self._inside = 0  # only touched on the event loop
        self._closed = False
        self._jobs: deque[_Job] = deque()
        self._wake = threading.Condition()
        self._threads = [
            threading.Thread(target=self._work, name=f"emptor-{name}-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def refuses(self) -> bool:
        """Whether a request that comes in now must be turned away; counts it where it is."""
        full = self._closed or self._inside >= len(self._threads) + self._room()
        if full:
            self._shed()
        return full

    def _shed(self) -> None:
        self._refused = time.monotonic()
        self._on_shed()

    def _room(self) -> int:
        """Requests that may wait: as many as can be begun within the target at the pace of late.

        A few always may: a pause (a new generation is taken up, the machine is busy with something else) is no
        overload, and turns nobody away. The loop's lag counts twice: it was waited before a request was seen, and the
        answer will wait as long.
        """
        within = (self._target_s - 2 * self._lag.seconds) / self._pace if self._pace else self._max_waiting
        return max(min(int(within), self._max_waiting), min(FEW, self._max_waiting))

    @property
    def inside(self) -> int:
        """Requests that work or wait now."""
        return self._inside

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work()`, run in a thread.

        Raises: Overloaded where there is no room, or the work could not start in time; it has not run then.
        """
        return await self.run_batched(_alone, work)

    async def run_batched(self, many: Many[A, T], ask: A, *, due: float | None = None) -> T:
        """The answer of `many` to `ask`, worked on together with what else waits for an equal `many`.

        Args:
            due: time.monotonic() after which an answer is of no use while others are turned away for want of time.
        Raises: what `many` answers or raises for this ask; Overloaded as `run` does, or for an answer that is too late.
        """
        if self.refuses():
            raise Overloaded(BUSY)
        self._inside += 1
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        job = _Job(many, ask, time.monotonic() + self._max_wait_s, loop, answer, due)
        with self._wake:
            self._jobs.append(job)
            self._wake.notify()
        return await answer

    def _work(self) -> None:
        while self._wait():
            # the turn first, then the jobs: what comes in while others run is part of the batch
            with self._around():
                done = self._run(self._next())
            self._hand_back(done)
            del done  # an idle thread holds on to nothing

    def _wait(self) -> bool:
        """Wait for a job; False where the gate closes."""
        with self._wake:
            while not self._jobs and not self._closed:
                self._wake.wait()
            return bool(self._jobs)

    def _next(self) -> list[_Job]:
        """The oldest job and those behind it that may share its batch; none where another thread took them."""
        with self._wake:
            batch = [self._jobs.popleft()] if self._jobs else []
            while batch and batch[0].many is not _alone and self._jobs and len(batch) < BATCH:
                if self._jobs[0].many != batch[0].many:
                    break
                batch.append(self._jobs.popleft())
            return batch

    def _run(self, batch: list[_Job]) -> list[tuple[_Job, Any, BaseException | None]]:
        """Each job with its answer or its error."""
        now = time.monotonic()
        done: list[tuple[_Job, Any, BaseException | None]] = []
        begun = []
        for job in batch:
            if now > job.latest:
                late = Overloaded("the server is busy and could not start on this in time; try again in a moment")
                done.append((job, None, late))
            elif job.answer.cancelled():  # the caller has gone away
                done.append((job, None, None))
            else:
                begun.append(job)
        if begun:
            done += self._answers(begun)
        return done

    def _answers(self, begun: list[_Job]) -> list[tuple[_Job, Any, BaseException | None]]:
        """Each job with its answer or its error."""
        try:
            answers = begun[0].many([job.ask for job in begun])
        except BaseException as raised:
            if len(begun) > 1:  # one of them spoils it for all: each alone
                return [own for job in begun for own in self._answers([job])]
            answers = [raised]
        return [
            (job, None, own) if isinstance(own, BaseException) else (job, own, None)
            for job, own in zip(begun, answers, strict=True)
        ]

    def _hand_back(self, done: list[tuple[_Job, Any, BaseException | None]]) -> None:
        """Wake the loop once for all answers of a batch."""
        if done:
            with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
                done[0][0].loop.call_soon_threadsafe(self._settle_all, done)

    def _settle_all(self, done: list[tuple[_Job, Any, BaseException | None]]) -> None:
        for job, result, error in done:
            self._settle(job, result, error)

    def _settle(self, job: _Job, result: Any, error: BaseException | None) -> None:
        self._inside -= 1
        now = time.monotonic()
        if self._inside >= len(self._threads):
            self._pace += PACE_SHARE * (now - self._settled - self._pace)
        self._settled = now
        if error is None and job.due is not None and now + self._lag.seconds > job.due and now - self._refused < BUSY_S:
            error = Overloaded("the server is busy and the answer came too late; try again in a moment")
        if isinstance(error, Overloaded):
            self._shed()
        if job.answer.done():
            return
        if error is None:
            job.answer.set_result(result)
        else:
            job.answer.set_exception(error)

    def close(self) -> None:
        """Let running work end; waiting work is turned away."""
        with self._wake:
            self._closed = True
            waiting = list(self._jobs)
            self._jobs.clear()
            self._wake.notify_all()
        self._hand_back([(job, None, Overloaded("the server is being shut down")) for job in waiting])
        for thread in self._threads:
            thread.join()
