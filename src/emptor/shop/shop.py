"""A shop: a folder with a catalogue in generations, an event log, pictures and settings."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from emptor.encoders import LocalTextEncoder, TextEncoder
from emptor.errors import EmptorError
from emptor.shop.config import STARTING_TOML, ShopOptions, read_options
from emptor.shop.delta import MAX_CHANGES, Change, Delta, read_update
from emptor.shop.events import EventLog
from emptor.shop.files import fsync_folder, stamp, write_durably
from emptor.shop.generation import Generation
from emptor.shop.images import ImageStore
from emptor.shop.lock import locked
from emptor.shop.manifest import Manifest, read_manifest
from emptor.shop.view import LiveIndex, View


class Shop:
    """An open shop folder. Several processes may hold the same shop open; one at a time writes.

    Example:
        >>> shop = Shop.open("my-shop")
        >>> shop.view().count
        45305
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._options_stamp = stamp(path / "shop.toml")
        self.options: ShopOptions = read_options(path / "shop.toml")
        self.options_fault: str | None = None
        """Why an edited shop.toml could not be taken up; None where the one in force is the one on the disk."""
        self.images = ImageStore(path / "images")
        self._view: View | None = None
        self._live: LiveIndex | None = None
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Shop:
        """Open an existing shop. Raises EmptorError where there is none, or one of a newer format."""
        folder = Path(path)
        if not folder.is_dir():
            raise EmptorError(f"there is no shop at {folder}; `emptor import {folder} --catalogue FILE` makes one")
        return cls(folder)

    @classmethod
    def create(cls, path: str | os.PathLike[str], *, name: str = "") -> Shop:
        """Open the shop at `path`, making an empty one where there is nothing yet."""
        folder = Path(path)
        if not (folder / "shop.toml").exists():
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise EmptorError(f"{folder} exists and is no shop (no shop.toml); name an empty or a new folder")
            folder.mkdir(parents=True, exist_ok=True)
            # JSON's string escapes are TOML's
            text = STARTING_TOML.format(name=json.dumps(name or folder.resolve().name))
            write_durably(folder / "shop.toml", text.encode())
            fsync_folder(folder.resolve().parent)
        return cls(folder)

    @cached_property
    def events(self) -> EventLog:
        """The behaviour log, opened on first use."""
        return EventLog(self.path)

    @cached_property
    def encoder(self) -> TextEncoder | None:
        """The text encoder that shop.toml names, loaded on first use."""
        folder = self.options.search.encoder
        return None if folder is None else LocalTextEncoder(self.path / folder)

    def reread_options(self) -> bool:
        """Take up an edited shop.toml; True if there was one. Raises EmptorError where it cannot be read, once.

        Cascades, gate and weights count from then on; the analyser with the next generation; limits of the server
        and the log with its next start.
        """
        now = stamp(self.path / "shop.toml")
        if now == self._options_stamp:
            return False
        self._options_stamp = now
        try:
            self.options = read_options(self.path / "shop.toml")
        except EmptorError as error:
            self.options_fault = str(error)
            raise
        self.options_fault = None
        return True

    @property
    def generations(self) -> Path:
        return self.path / "generations"

    def numbers(self) -> list[int]:
        """Generations that are on the disk, whatever else somebody keeps beside them."""
        return [int(folder.name) for folder in self.generations.glob("[0-9]*") if folder.name.isdigit()]

    def manifest(self) -> Manifest | None:
        """What is published now; None for a shop without a catalogue."""
        return read_manifest(self.path)

    def view(self) -> View:
        """The catalogue as it is now: the published generation and every acknowledged update."""
        return self.state()[0]

    def state(self) -> tuple[View, Manifest]:
        """The catalogue as it is now, and the manifest that says so."""
        with self._lock:
            manifest = self.manifest()
            if manifest is None:
                raise EmptorError(f"{self.path} has no catalogue yet; `emptor import {self.path} --catalogue FILE`")
            view = self._view
            if view is None or view.generation.number != manifest.generation:
                view, manifest = self._open_generation(manifest)
            delta = Delta(self.path, manifest.generation)
            if delta.size() > view._delta_end:
                changes, end = delta.read(view._delta_end)
                if changes:
                    if self._live is None:
                        self._live = LiveIndex(view.generation, self.path)
                    view = view.with_changes(changes, end=end, live=self._live)
            self._view = view
            return view, manifest

    def readable(self) -> View:
        """A view to read and not to search: needs no index, so a lost one can be built again."""
        manifest = self.manifest()
        if manifest is None:
            raise EmptorError(f"{self.path} has no catalogue yet; `emptor import {self.path} --catalogue FILE`")
        view = View(Generation(self.generations / str(manifest.generation)))
        changes, end = Delta(self.path, manifest.generation).read()
        return view.with_changes(changes, end=end, live=None) if changes else view

    def ready_for_updates(self) -> None:
        """Make the private copy of the index now, so that the first update is as quick as the next."""
        with self._lock:
            if self._view is not None and self._live is None:
                self._live = LiveIndex(self._view.generation, self.path)

    def _open_generation(self, manifest: Manifest) -> tuple[View, Manifest]:
        if self._live is not None:
            self._live.close()
            self._live = None
        try:
            return View(Generation(self.generations / str(manifest.generation))), manifest
        except EmptorError:
            # the manifest may have moved on and the old generation been collected between two reads
            newer = self.manifest()
            if newer is None or newer.generation == manifest.generation:
                raise
            return View(Generation(self.generations / str(newer.generation))), newer

    def update(
        self,
        updates: Sequence[Mapping[str, Any]],
        *,
        wait_s: float = 10.0,
        unknown: Callable[[int, Change], None] | None = None,
    ) -> int:
        """Change products at once: durable when this returns, searchable within a second in every process.

        Args:
            updates: `{"product_id": ..., "price": 9.5, "in_stock": false}` sets fields; a product that the shop does
                not have is added (it needs a title); `{"product_id": ..., "delete": true}` removes it.
            unknown: told each update (its place, and what it is) of a product that the shop does not have, and that
                update is left out; None: it is a bad one.
        Returns: number of updates written.
        Raises: EmptorError for the first bad update; then nothing is written.
        """
        changes = [read_update(raw) for raw in updates]
        view = self.view()
        there: dict[str, bool] = {}
        good: list[Change] = []
        for place, change in enumerate(changes):
            product_id = change.product_id
            if product_id not in there:
                there[product_id] = view.row(product_id) is not None
            if not there[product_id] and (change.op == "delete" or not change.fields.get("title")):
                if unknown is not None:
                    unknown(place, change)
                    continue
                cure = "" if change.op == "delete" else "; give a title to add it"
                raise EmptorError(f"update of {product_id[:80]!r}: the shop has no such product{cure}")
            there[product_id] = change.op == "set"
            good.append(change)
        if not good:
            return 0
        with self.changing(wait_s=wait_s):
            manifest = self.manifest()
            assert manifest is not None  # view() has seen one, and manifests are only replaced
            delta = Delta(self.path, manifest.generation)
            if len(delta.read()[0]) + len(good) > MAX_CHANGES:
                raise EmptorError(
                    f"{self.path} already holds {MAX_CHANGES} updates since the last import; "
                    "run `emptor publish` to fold them in, or import a file"
                )
            delta.append(good)
        return len(good)

    @contextmanager
    def writing(self, *, wait_s: float = 0.0, doing: str = "importing") -> Iterator[None]:
        """Be the one writer of generations while the block runs."""
        with locked(self.path / "shop.lock", wait_s=wait_s, doing=doing):
            self._sweep()
            try:
                yield
            finally:
                self._sweep()

    @contextmanager
    def changing(self, *, wait_s: float = 10.0) -> Iterator[None]:
        """Hold the delta still: for appending to it, and for the moment in which an import takes it over."""
        with locked(self.path / "delta.lock", wait_s=wait_s, doing="updating products"):
            yield

    def _sweep(self) -> None:
        """Remove what a killed process left half-done."""
        if self.generations.exists():
            for folder in self.generations.glob(".building-*"):
                shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(self.path / "staging", ignore_errors=True)
        for folder in (self.path / "views").glob("*-*"):
            pid = folder.name.split("-")[0]
            if pid.isdigit() and not Path("/proc", pid).exists():
                shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Flush and close the event log, drop the private index copy."""
        if "events" in self.__dict__:
            self.events.close()
            del self.__dict__["events"]
        with self._lock:
            self._view = None
            if self._live is not None:
                self._live.close()
                self._live = None

    def __enter__(self) -> Shop:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
