"""Pictures of the market: how fast they are drawn, and what a small network can read off them.

    python benchmarks/market_pictures.py [--pictures 20000] [--json docs/results/market_pictures.json]

Speed: pictures of random products, drawn and encoded as JPEG, at 64 and 256 px, by one and by two processes that have
drawn a while before (each keeps patterns and backdrops, which takes it a second or two to make).
Reading: a small convolutional network learns from 64-px pictures of random products, each with a random hidden look,
and is asked about pictures of others: category, colour, pattern (share of right names) and the look (R squared).
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import shlex
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import torch

from emptor.evaluate.report import environment
from emptor.market.pictures.draw import draw
from emptor.market.pictures.probes import any_example, pixels, probe, truths
from emptor.market.streams import stream

SEED = 20
QUALITY = 88
WARM_UP = 400
COUNTS = {64: 3000, 256: 1200}
ROUNDS = 3
HELD_OUT = 2000
EPOCHS = 9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=20_000, help="how many the network learns from")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    speeds = [speed(size, processes) for size in COUNTS for processes in (1, 2)]
    reading = read(arguments.pictures, arguments.epochs)
    result = {
        "command": shlex.join(["python", *sys.argv]),
        "env": {**environment(), "pillow": version("pillow"), "torch": version("torch")},
        "speed": speeds,
        "reading": reading,
    }
    print(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode())
    if arguments.json:
        arguments.json.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2) + b"\n")


def speed(size: int, processes: int) -> dict[str, Any]:
    """Pictures a second, the best and the median of a few rounds, since other work on the machine slows some down.

    And pictures a second of processor time, which says what one undisturbed core would do.
    """
    rates, seconds, total = [], 0.0, 0
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        list(pool.map(encoded, [size] * processes, [range(WARM_UP)] * processes))
        for _ in range(ROUNDS):
            batches = [range(at, min(at + 25, COUNTS[size])) for at in range(0, COUNTS[size], 25)]
            start = time.perf_counter()
            done = list(pool.map(encoded, [size] * len(batches), batches))
            rates.append(COUNTS[size] / (time.perf_counter() - start))
            total += sum(part[0] for part in done)
            seconds += sum(part[1] for part in done)
    return {
        "size_px": size,
        "processes": processes,
        "pictures_per_s": max(rates),
        "pictures_per_s_median": float(np.median(rates)),
        "pictures_per_cpu_s": ROUNDS * COUNTS[size] / seconds,
        "rounds": ROUNDS,
        "bytes_per_picture": total / ROUNDS / COUNTS[size],
    }


def encoded(size: int, numbers: Sequence[int]) -> tuple[int, float]:
    """Draw and encode the numbered pictures; how many bytes they have, and the seconds of processor time."""
    sitters = [any_example(SEED, number).sitter for number in numbers]
    total, start = 0, time.process_time()
    for number, sitter in zip(numbers, sitters, strict=True):
        file = io.BytesIO()
        draw(sitter, size=size, chance=stream(SEED, "picture", number)).save(file, "JPEG", quality=QUALITY)
        total += file.tell()
    return total, time.process_time() - start


def read(pictures: int, epochs: int) -> dict[str, Any]:
    """The figures of the probe, and how long it took."""
    torch.set_num_threads(1)  # small layers: two threads wait for each other more than they help
    numbers = range(pictures + HELD_OUT)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        batches = [numbers[at : at + 200] for at in range(0, len(numbers), 200)]
        drawn = np.concatenate(list(pool.map(pixels, [SEED] * len(batches), batches)))
    names, looks = truths(SEED, numbers)
    start = time.perf_counter()
    figures = probe(drawn, names, looks, held_out=HELD_OUT, epochs=epochs)
    return {**figures.to_dict(), "epochs": epochs, "seconds": time.perf_counter() - start}


if __name__ == "__main__":
    main()
