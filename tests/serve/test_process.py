"""The server as a process of its own: it opens, stands huge and broken input, and ends in good order."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from emptor.errors import EmptorError
from emptor.serve import read_traces, serve
from emptor.serve.run import address, listen

START = """
import sys
from pathlib import Path
from emptor.serve import serve
serve(Path(sys.argv[1]), port=0, on_ready=lambda url, has_lab: print(url, flush=True))
"""


THREADS = """
import sys
from pathlib import Path
import numpy, scipy.linalg
from threadpoolctl import threadpool_info
from emptor.serve import serve
told = lambda: [own["num_threads"] for own in threadpool_info() if own["user_api"] == "blas"]
serve(Path(sys.argv[1]), port=0, on_ready=lambda url, has_lab: print(told(), flush=True))
"""


@contextmanager
def served(shop: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    process = subprocess.Popen([sys.executable, "-c", START, str(shop)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url, "the server ended before it was ready"
        yield url, process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]


def test_matrix_products_bring_no_threads_of_their_own(shop_path: Path) -> None:
    command = [sys.executable, "-c", THREADS, str(shop_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = process.stdout.readline().strip()
        process.kill()
    assert told and set(told.strip("[]").split(", ")) == {"1"}


def test_a_process_serves_stands_everything_and_ends_in_order(shop_path: Path) -> None:
    with served(shop_path) as (url, process):
        with httpx.Client(base_url=url, timeout=30) as client:
            assert client.get("/readyz").json()["ready"] is True
            assert client.get("/v1/search?q=mug").json()["results"]
            assert client.get("/", headers={"accept": "text/html"}).status_code == 200
            sent = client.post("/v1/events", json=[{"action": "click", "user_id": "u", "event_id": "kept"}])
            assert sent.json()["stored"] == 1
        for raw in (
            b"GET /v1/search?q=" + b"x" * 10_000_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /v1/search?q=\x00\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /\xc3\x28 HTTP/1.1\r\nHost: a\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00",
            b"POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n",
        ):
            status = first_line(url, raw)
            assert status == "" or 400 <= int(status.split()[1]) < 500, (raw[:40], status)
        assert httpx.get(f"{url}/v1/search?q=mug", timeout=10).json()["results"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) in (0, -signal.SIGTERM)
    assert read_traces(shop_path).collect().height >= 2, "what was queued is written at the end"


def first_line(url: str, raw: bytes) -> str:
    where = urlsplit(url)
    with socket.create_connection((where.hostname, where.port), timeout=20) as connection:
        try:
            connection.sendall(raw)
            answer = connection.recv(200)
        except OSError:  # the server hung up on it, which is an answer too
            return ""
    return answer.split(b"\r\n")[0].decode("latin-1")


def test_ctrl_c_ends_it_quietly(shop_path: Path) -> None:
    with served(shop_path) as (_, process):
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0


def test_a_taken_port_and_a_missing_or_broken_shop_are_told(shop_path: Path, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(EmptorError, match=rf"cannot listen on 127\.0\.0\.1:{port}.*--port"):
            serve(shop_path, port=port)
    with pytest.raises(EmptorError, match="there is no shop"):
        serve(tmp_path / "nothing", port=0)
    with pytest.raises(EmptorError, match="cannot listen on no such host"):
        serve(shop_path, host="no such host", port=0)
    (shop_path / "generations" / "1" / "generation.json").write_bytes(b"{}")
    (shop_path / "generations" / "1" / "columns" / "price.npy").write_bytes(b"broken")
    with pytest.raises(EmptorError, match="incomplete or damaged"):
        serve(shop_path, port=0)


def test_addresses_are_what_a_browser_takes() -> None:
    with listen("0.0.0.0", 0) as listener:
        assert address(listener) == f"http://localhost:{listener.getsockname()[1]}"
