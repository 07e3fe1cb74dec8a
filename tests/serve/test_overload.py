"""Overload is answered at once with 503 and Retry-After, and passes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from emptor.serve.overload import BATCH, Gate, Overloaded
from tests.serve.conftest import running


def test_a_gate_turns_away_what_it_has_no_room_for() -> None:
    async def scenario() -> None:
        shed: list[int] = []
        gate = Gate("test", threads=1, max_waiting=2, max_wait_s=5, on_shed=lambda: shed.append(1))
        door = threading.Event()
        inside = [asyncio.create_task(gate.run(lambda: door.wait(5))) for _ in range(3)]
        await asyncio.sleep(0.05)
        start = time.monotonic()
        with pytest.raises(Overloaded):
            await gate.run(lambda: "late")
        assert time.monotonic() - start < 0.05 and shed == [1]
        door.set()
        assert await asyncio.gather(*inside) == [True, True, True]
        await asyncio.sleep(0.01)
        assert gate.inside == 0 and await gate.run(lambda: "again") == "again"
        gate.close()

    asyncio.run(scenario())


def test_what_waited_too_long_is_not_run() -> None:
    async def scenario() -> None:
        gate = Gate("test", threads=1, max_waiting=5, max_wait_s=0.1)
        ran: list[str] = []
        slow = asyncio.create_task(gate.run(lambda: time.sleep(0.3)))
        await asyncio.sleep(0.02)
        waits = asyncio.create_task(gate.run(lambda: ran.append("waited")))
        answers = await asyncio.gather(slow, waits, return_exceptions=True)
        assert answers[0] is None and isinstance(answers[1], Overloaded) and ran == []
        gate.close()

    asyncio.run(scenario())


def test_an_answer_after_its_deadline_is_given_only_while_nobody_is_turned_away() -> None:
    async def scenario() -> None:
        gate = Gate("test", threads=1, max_waiting=1, max_wait_s=5)

        def slow(asks: Sequence[str]) -> list[str | Exception]:
            time.sleep(0.1)
            return list(asks)

        due = time.monotonic() + 0.05
        assert await gate.run_batched(slow, "late but alone", due=due) == "late but alone"
        asked = [asyncio.create_task(gate.run_batched(slow, "busy", due=time.monotonic() + 0.05)) for _ in range(3)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(own, Overloaded) for own in answers)
        in_time = await gate.run_batched(slow, "in time", due=time.monotonic() + 5)
        assert in_time == "in time"
        gate.close()

    asyncio.run(scenario())


def test_what_waits_together_is_worked_on_together() -> None:
    async def scenario() -> None:
        gate = Gate("test", threads=1, max_waiting=50, max_wait_s=5)
        door = threading.Event()
        batches: list[list[int]] = []

        def double(asks: Sequence[int]) -> list[int | Exception]:
            batches.append(list(asks))
            return [ValueError("odd") if ask % 2 else 2 * ask for ask in asks]

        blocked = asyncio.create_task(gate.run(lambda: door.wait(5)))
        await asyncio.sleep(0.02)
        asked = [asyncio.create_task(gate.run_batched(double, n)) for n in range(5)]
        other = asyncio.create_task(gate.run(lambda: "between"))
        asked += [asyncio.create_task(gate.run_batched(double, n)) for n in range(5, 5 + BATCH + 1)]
        await asyncio.sleep(0.02)
        door.set()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert [isinstance(own, ValueError) for own in answers] == [n % 2 == 1 for n in range(5 + BATCH + 1)]
        assert answers[::2] == [2 * n for n in range(0, 5 + BATCH + 1, 2)]
        assert [len(own) for own in batches] == [5, BATCH, 1]
        assert await other == "between" and await blocked
        await asyncio.sleep(0.01)
        assert gate.inside == 0
        gate.close()

    asyncio.run(scenario())


def test_a_request_that_spoils_a_batch_spoils_its_own_only() -> None:
    async def scenario() -> None:
        gate = Gate("test", threads=1, max_waiting=50, max_wait_s=5)
        door = threading.Event()

        def divide(asks: Sequence[int]) -> list[float | Exception]:
            return [12 / ask for ask in asks]

        blocked = asyncio.create_task(gate.run(lambda: door.wait(5)))
        await asyncio.sleep(0.02)
        asked = [asyncio.create_task(gate.run_batched(divide, n)) for n in (3, 0, 4)]
        await asyncio.sleep(0.02)
        door.set()
        three, zero, four = await asyncio.gather(*asked, return_exceptions=True)
        assert (three, four) == (4, 3) and isinstance(zero, ZeroDivisionError) and await blocked
        gate.close()

    asyncio.run(scenario())


def test_a_gate_that_closes_turns_away_what_waits() -> None:
    async def scenario() -> None:
        gate = Gate("test", threads=2, max_waiting=50, max_wait_s=5)
        doors = [threading.Event(), threading.Event()]
        working = [asyncio.create_task(gate.run(lambda own=own: own.wait(5))) for own in doors]
        await asyncio.sleep(0.02)
        waiting = [asyncio.create_task(gate.run_batched(lambda asks: list(asks), n)) for n in range(9)]
        await asyncio.sleep(0.02)
        closing = asyncio.get_running_loop().run_in_executor(None, gate.close)
        await asyncio.sleep(0.02)
        for door in doors:
            door.set()
        await closing
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(own, Overloaded) for own in answers)
        assert await asyncio.gather(*working) == [True, True]

    asyncio.run(scenario())


def test_a_caller_that_goes_away_does_not_make_room_for_more_work() -> None:
    async def scenario() -> None:
        gate = Gate("test", threads=1, max_waiting=0, max_wait_s=5)
        door = threading.Event()
        task = asyncio.create_task(gate.run(lambda: door.wait(5)))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert gate.inside == 1
        with pytest.raises(Overloaded):
            await gate.run(lambda: None)
        door.set()
        gate.close()
        await asyncio.sleep(0.01)
        assert gate.inside == 0

    asyncio.run(scenario())


@pytest.fixture
def narrow_path(shop_path: Path) -> Path:
    """A shop whose server has one thread and lets two wait."""
    with (shop_path / "shop.toml").open("a") as file:
        file.write("\n[serve]\nthreads = 1\nmax_waiting = 2\n")
    return shop_path


def test_an_overloaded_server_sheds_and_recovers(narrow_path: Path) -> None:
    with running(narrow_path) as client:
        service = client.app.state.service  # type: ignore[attr-defined]
        pages = service.engine.pages
        door = threading.Event()

        def stuck(*args: object, **kwargs: object) -> object:
            door.wait(5)
            return pages(*args, **kwargs)

        service.engine.pages = stuck

        def ask(_: int) -> tuple[int, str | None, float]:
            start = time.monotonic()
            answer = client.get("/v1/search?q=mug")
            return answer.status_code, answer.headers.get("retry-after"), time.monotonic() - start

        with ThreadPoolExecutor(10) as pool:
            asked = [pool.submit(ask, n) for n in range(10)]
            time.sleep(0.1)
            assert client.get("/healthz").status_code == 200
            door.set()
            answers = [own.result() for own in asked]
        shed = [own for own in answers if own[0] == 503]
        assert len(shed) >= 7 and {own[0] for own in answers} == {200, 503}
        assert all(retry == "1" for _, retry, _ in shed)
        service.engine.pages = pages
        assert client.get("/v1/search?q=mug").status_code == 200
        assert f'emptor_shed_total{{gate="search"}} {len(shed)}.0' in client.get("/metrics").text


def test_before_it_is_ready_a_server_says_so(shop_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from emptor.serve import create_app, service

    door = threading.Event()
    monkeypatch.setattr(service, "warm_up", lambda *args, **kwargs: door.wait(5))
    with TestClient(create_app(shop_path)) as client:
        for path in ("/readyz", "/v1/search?q=x", "/v1/suggest?q=x", "/"):
            answer = client.get(path)
            assert answer.status_code == 503 and answer.headers["retry-after"] == "1", path
            assert "being opened" in answer.json()["error"]
        assert client.post("/v1/events", json={"action": "click", "user_id": "u"}).status_code == 503
        assert client.get("/healthz").status_code == 200
        assert "One moment" in client.get("/", headers={"accept": "text/html"}).text
        door.set()
        end = time.monotonic() + 10
        while client.get("/readyz").status_code != 200:
            assert time.monotonic() < end
            time.sleep(0.01)
