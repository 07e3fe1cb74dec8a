"""Requests take turns at running Python, and let others run while they do not need it."""

from __future__ import annotations

import threading
import time

import pytest

from emptor.turn import aside, taking_turns


def test_one_runs_at_a_time_and_steps_aside() -> None:
    seen: list[str] = []
    stepped, go = threading.Event(), threading.Event()

    def first() -> None:
        with taking_turns():
            seen.append("first")
            with aside():
                stepped.set()
                go.wait(5)
            seen.append("first again")

    def second() -> None:
        stepped.wait(5)
        with taking_turns():
            seen.append("second")
            go.set()
            time.sleep(0.05)  # the first wants its turn back meanwhile
            seen.append("second ends")

    threads = [threading.Thread(target=own) for own in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert seen == ["first", "second", "second ends", "first again"]


def test_stepping_aside_twice_is_stepping_aside_once() -> None:
    with taking_turns():
        with aside(), aside():
            pass
        with aside():
            pass


def test_an_error_gives_the_turn_back() -> None:
    with pytest.raises(ZeroDivisionError), taking_turns(), aside():
        raise ZeroDivisionError
    with taking_turns():
        pass


def test_without_a_turn_nothing_is_given_away() -> None:
    with aside(), taking_turns():
        pass
