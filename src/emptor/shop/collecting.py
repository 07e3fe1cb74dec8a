"""`emptor gc`: remove generations that neither manifest names."""

from __future__ import annotations

import shutil

from emptor.shop.files import fsync_folder
from emptor.shop.manifest import PREVIOUS, read_manifest
from emptor.shop.shop import Shop


def collect(shop: Shop, *, wait_s: float = 0.0) -> list[int]:
    """Delete old generations and their updates; returns their numbers.

    A server that still answers from one keeps its files open until its last request is done.
    """
    with shop.writing(wait_s=wait_s, doing="collecting old generations"):
        manifests = (shop.manifest(), read_manifest(shop.path, name=PREVIOUS))
        kept = {manifest.generation for manifest in manifests if manifest is not None}
        removed = []
        for number in shop.numbers():
            if number not in kept:
                folder = shop.generations / str(number)
                # renamed first, so that a half-deleted generation is never taken for a whole one
                doomed = folder.with_name(f".building-{number}-gone")
                folder.rename(doomed)
                shutil.rmtree(doomed, ignore_errors=True)
                (shop.path / "deltas" / f"{number}.jsonl").unlink(missing_ok=True)
                removed.append(number)
        if shop.generations.exists():
            fsync_folder(shop.generations)
    return sorted(removed)
