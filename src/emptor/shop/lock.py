"""One writer at a time: an advisory lock on a file that says who holds it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emptor.errors import ShopBusy


@contextmanager
def locked(path: Path, *, wait_s: float = 0.0, doing: str = "writing to it") -> Iterator[None]:
    """Hold the lock file `path` while the block runs; the system frees it when the process dies.

    Raises:
        ShopBusy: another process held it for longer than `wait_s` seconds; the sentence has its process id.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        deadline = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    holder = os.pread(fd, 200, 0).decode(errors="replace").strip() or "an unknown process"
                    raise ShopBusy(
                        f"{path.parent} is busy: {holder}; wait until it has ended, or give --wait SECONDS"
                    ) from None
                time.sleep(0.05)
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"process {os.getpid()} is {doing}".encode(), 0)
        yield
        os.ftruncate(fd, 0)
    finally:
        os.close(fd)
