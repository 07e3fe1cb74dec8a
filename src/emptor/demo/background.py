"""The demo's training beside its server: a process of its own that takes only what the server leaves."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from emptor.shop.training import NAME

log = logging.getLogger(__name__)

NICE = 19
ONE_THREAD = dict.fromkeys(
    (
        *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
        *("POLARS_MAX_THREADS", "RAYON_NUM_THREADS"),
    ),
    "1",
)
_END_S = 5.0


class Background:
    """Trains a demo shop while it is served. Whatever happens to the training, the server goes on.

    The process has a group of its own, so that Ctrl-C is for the server alone, which then stops it; but no session of
    its own: Linux shares a processor between sessions first, and a nice process alone in one would get half of it.
    """

    def __init__(self, shop: Path) -> None:
        self._shop = shop
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin; never raises."""
        try:
            folder = self._shop / NAME
            folder.mkdir(exist_ok=True)
            with (folder / "demo.log").open("wb") as file:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "emptor", "demo-training", str(self._shop)],
                    env={**os.environ, **ONE_THREAD, "COLUMNS": "200", "NO_COLOR": "1"},
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=file,
                    process_group=0,
                )
            os.setpriority(os.PRIO_PROCESS, self._process.pid, NICE)
        except Exception as error:
            log.warning("the demo could not begin to train: %s", error)

    def stop(self) -> None:
        """End the process and the commands that it runs."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_END_S)
                return
