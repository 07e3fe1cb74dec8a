"""Counts what a program makes durable, and in which order: kill -9 cannot show a missing fsync, this can.

`run_traced` runs Python code or a command with a preloaded shim (fsync_shim.c, compiled on first use) and
returns its fsync, fdatasync and rename calls. The code may put marks of its own between them:

    import os; mark = lambda text: os.write(trace, f"mark\\t{text}\\n".encode())

where `trace` comes from `os.open(os.environ["FSYNC_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)`; MARK is
this, ready to be put before the code.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

Call = tuple[str, str]
"""("fsync" | "fdatasync" | "rename" | "mark", path; of a rename the new path as the program gave it)"""

MARK = """
import os
_trace = os.open(os.environ["FSYNC_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def mark(text):
    os.write(_trace, f"mark\\t{text}\\n".encode())
"""

KILLED = -9


@cache
def shim() -> Path:
    """The compiled shim; skips the test where there is no compiler or no LD_PRELOAD."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("counting fsyncs needs Linux and a C compiler (gcc)")
    source = Path(__file__).with_name("fsync_shim.c")
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    library = Path(tempfile.gettempdir()) / f"fsync-shim-{os.getuid()}-{digest}.so"
    if not library.exists():
        built = library.with_suffix(f".{os.getpid()}-{threading.get_ident()}.so")  # tests call this from threads
        command = [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-o", str(built), str(source), "-ldl"]
        subprocess.run(command, check=True, capture_output=True)
        built.replace(library)
    return library


def run_traced(
    program: str | Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    timeout: float = 60,
    kill_at: int | None = None,
) -> list[Call]:
    """Run Python code (text) or a command (list) to its end and return its calls in order.

    Args:
        kill_at: kill -9 the program instead of letting it make its n-th call, counted from 1. A program that
            ends before that ends as usual; compare the number of calls with `kill_at` to tell.

    Raises:
        AssertionError: the program failed; its standard error is shown.
    """
    command = [sys.executable, "-c", program] if isinstance(program, str) else list(program)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "calls"
        log.touch()
        wanted = {**os.environ, **(environment or {}), "LD_PRELOAD": str(shim()), "FSYNC_LOG": str(log)}
        if kill_at is not None:
            wanted["FSYNC_KILL_AT"] = str(kill_at)
        done = subprocess.run(command, env=wanted, timeout=timeout, capture_output=True, text=True)
        killed = kill_at is not None and done.returncode == KILLED
        assert killed or done.returncode == 0, f"ended with {done.returncode}:\n{done.stderr}"
        return [(name, path) for name, _, path in map(_parts, log.read_text().splitlines())]


def _parts(line: str) -> tuple[str, str, str]:
    return line.partition("\t")
