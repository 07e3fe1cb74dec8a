"""`emptor import` and `export`: files in, files out."""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from emptor.cli.common import ShopFolder, Wait, count, out
from emptor.errors import EmptorError
from emptor.progress import step

if TYPE_CHECKING:
    import numpy as np


class Mode(StrEnum):
    """What happens to products that the file lacks."""

    upsert = "upsert"
    sync = "sync"


def import_(
    shop: ShopFolder,
    catalogue: Annotated[Path | None, typer.Option(help="CSV, TSV, JSONL (each also .gz) or Parquet file.")] = None,
    maps: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="Where a field comes from; columns joined by +, attributes as attr.NAME=COLUMN. Fields of events "
            "likewise; event.FIELD=COLUMN where both files have such a field. Repeats. Remembered.",
        ),
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="A column to leave out. Repeats.")] = None,
    images: Annotated[
        Path | None, typer.Option(help="Folder or ZIP of pictures named as the image field or id.")
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option(help="Behaviour log: CSV, TSV, JSONL (each also .gz; UBI too) or Parquet; or a folder of such."),
    ] = None,
    action: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[VALUE=]NAME",
            help="Of a log without a column of actions: the action of all, such as click. True=click says what a value "
            "of the column means, and is remembered. Repeats.",
        ),
    ] = None,
    time: Annotated[
        str | None, typer.Option(metavar="TIME", help="Of events without one, such as 2024-01-01T00:00:00Z.")
    ] = None,
    session_per_file: Annotated[
        bool | None,
        typer.Option(
            "--session-per-file/--no-session-per-file",
            help="Put the name of its file before each session_id: where every file of a log counts its sessions anew. "
            "Remembered.",
        ),
    ] = None,
    format: Annotated[
        str | None, typer.Option(help="csv, tsv, jsonl or parquet, where the name does not tell.")
    ] = None,
    category_separator: Annotated[str | None, typer.Option(help="What separates the levels of a category.")] = None,
    mode: Annotated[
        Mode, typer.Option(help="upsert keeps products that the file lacks; sync retires them.")
    ] = Mode.upsert,
    wait: Wait = 0.0,
) -> None:
    """Make a shop from a catalogue file, or bring one up to date.

    A row that cannot be read goes to a quarantine file with its line and what was expected; the import goes on. Safe to
    stop at any moment: nothing changes before the end, and running it again starts afresh.
    """
    from emptor.shop.events import event_files, parse_actions, parse_event_maps, parse_one_time
    from emptor.shop.importer import import_catalogue
    from emptor.shop.importing import parse_maps
    from emptor.shop.shop import Shop

    if catalogue is None and events is None:
        raise EmptorError("nothing to import: give --catalogue FILE, --events FILE or both")
    if events is None and (action or time is not None):
        raise EmptorError("--action and --time say how to read events: give --events FILE too")
    if events is None and session_per_file is not None:
        raise EmptorError("--session-per-file says how to read events: give --events FILE too")
    of_catalogue, of_events = _split_maps(maps or [], catalogue=catalogue is not None, events=events is not None)
    columns, event_columns = parse_maps(of_catalogue), parse_event_maps(of_events)
    default_action, meanings = parse_actions(action or [])
    defaults: dict[str, Any] = {} if default_action is None else {"action": default_action}
    if time is not None:
        defaults["time"] = parse_one_time(time)
    if catalogue is not None and catalogue.is_dir():
        raise EmptorError(
            f"{catalogue} is a folder: give the file of products in it (CSV, TSV, JSONL, each also .gz, or Parquet), "
            "one import for each file; a folder of events goes with --events, one of pictures with --images"
        )
    if catalogue is not None and not catalogue.is_file():
        raise EmptorError(f"there is no file {catalogue}")
    files = event_files(events) if events is not None else []
    is_new = not (shop / "shop.toml").exists()
    try:
        with Shop.create(shop) as target:
            read = _Read()
            for file in files:
                own = None if catalogue is not None else format
                options: dict[str, Any] = {"columns": event_columns, "defaults": defaults, "actions": meanings}
                _import_events(target, file, {**options, "format": own, "session_per_file": session_per_file}, read)
            if catalogue is not None:
                result = import_catalogue(
                    target,
                    catalogue,
                    maps=columns,
                    ignore=ignore or [],
                    format=format,
                    category_separator=category_separator,
                    images=images,
                    mode=mode.value,
                    wait_s=wait,
                )
                _print_import(target.path, result)
            elif read.stored and target.manifest() is not None:
                out.print("Run [bold]emptor publish[/] to let new clicks and purchases count as popularity.")
            _print_strangers(target, read.products)
            _print_sessions(read)
        if read.left_out and not read.taken:
            out.print(f"[red]No event was taken[/]: {escape(read.commonest_fault())}.")
            raise typer.Exit(1)
    except EmptorError:
        if is_new:
            _remove_empty(shop)
        raise


def _split_maps(maps: list[str], *, catalogue: bool, events: bool) -> tuple[list[str], list[str]]:
    """--map of the catalogue, and of the events: by the prefix, else by what is imported and who has such a field."""
    from emptor.shop.events.mapping import FIELDS as EVENT_FIELDS
    from emptor.shop.importing.mapping import FIELDS

    of_catalogue, of_events = [], []
    for text in maps:
        field = text.partition("=")[0].strip()
        if field.startswith("event."):
            if not events:
                raise EmptorError(f"--map {text!r} is about events: give --events FILE too")
            of_events.append(text.strip().removeprefix("event."))
        elif not catalogue or (events and field in EVENT_FIELDS and field not in FIELDS):
            of_events.append(text)
        else:
            of_catalogue.append(text)
    return of_catalogue, of_events


def _remove_empty(shop: Path) -> None:
    """Take back a shop that was made for an import that failed, unless it holds something by now."""
    import shutil

    from emptor.shop.events import EventLog

    log = {"events.sqlite", "events.sqlite-wal", "events.sqlite-shm", "events.rollup.lock"}
    left = {"shop.toml", "shop.lock", "images", "staging"} | log
    if not shop.is_dir() or not {path.name for path in shop.iterdir()} <= left:
        return
    if (shop / "events.sqlite").exists():
        with EventLog(shop) as events:
            if events.count():
                return
    shutil.rmtree(shop)


@dataclass
class _Read:
    """What the files of events came to. products: how many events name each.

    stored: of `taken`, those that were not known. told: lines that stand for all files alike. sessions, repeated:
    hashes of the session ids of all files, and of those that several of them have.
    faults: (field, expected) -> events left out for it; found: up to 4 of the values found there.
    """

    taken: int = 0
    stored: int = 0
    left_out: int = 0
    products: Counter[str] = field(default_factory=Counter)
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)
    found: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    sessions: Any = ()
    repeated: Any = ()

    def tell(self, line: str) -> None:
        """Print a line, the first time that it is said."""
        if line not in self.told:
            self.told.add(line)
            out.print(line)

    def met(self, sessions: np.ndarray) -> None:
        """Take up the session ids of one more file."""
        import numpy as np

        before = np.asarray(self.sessions, np.int64)  # an empty tuple has no type
        again = np.intersect1d(before, sessions, assume_unique=True)
        self.repeated = np.union1d(np.asarray(self.repeated, np.int64), again)
        self.sessions = np.union1d(before, sessions)

    def refused(self, name: str, found: str, expected: str) -> None:
        self.faults[name, expected] += 1
        values = self.found.setdefault((name, expected), [])
        if found not in values and len(values) < 4:
            values.append(found)

    def commonest_fault(self) -> str:
        """The commonest fault and its cure, in a sentence."""
        from emptor.shop.events.mapping import FIELDS

        (name, expected), number = self.faults.most_common(1)[0]
        found = self.found[name, expected]
        told = f"{number:,} of {self.left_out:,} have {', '.join(found)} as {name} (expected {expected})"
        said = [value for value in found if value != "nothing"]
        if name == "action" and said:
            value = next((value for value in said if value.lower() in ("true", "1")), said[0])
            return f"{told}; say what each value means, such as --action {shlex.quote(f'{value}=click')}"
        cures = {
            "action": "say --action click where all are of one kind, or --map action=COLUMN",
            "time": "say --map time=COLUMN, or --time 2024-01-01T00:00:00Z where none is known",
            "user_id": "say --map session_id=COLUMN or --map user_id=COLUMN",
        }
        of_columns = f"say --map {name}=COLUMN where it is in another column"
        return f"{told}; {cures.get(name) or (of_columns if name in FIELDS else 'see the quarantine')}"


def _import_events(target: Any, file: Path, options: dict[str, Any], read: _Read) -> None:
    """Import one file of events, print what became of them and add it to what was read."""
    from emptor.shop.events import import_events
    from emptor.shop.importing import Fault, Quarantine
    from emptor.shop.remembered import read_remembered, remember_events

    with (
        Quarantine(target.path / "quarantine" / f"events-{file.name}.jsonl") as quarantine,
        step(f"Reading {file.name}", total=file.stat().st_size) as bar,
    ):
        seen = 0

        def progress(position: int) -> None:
            nonlocal seen
            bar.advance(position - seen)
            seen = position

        def refuse(line: int, field: str, found: str, expected: str) -> None:
            quarantine.add(Fault(line, None, field, found, expected))
            read.refused(field, found, expected)

        known = read_remembered(target.path)
        given = options["actions"]
        per_file = known.session_per_file if options["session_per_file"] is None else options["session_per_file"]
        of_last = options["session_per_file"] is None and per_file
        options = {**options, "remembered": known.events, "actions": known.actions | given}
        options["session_per_file"] = per_file
        counts = import_events(target.events, file, quarantine=refuse, progress=progress, **options)
    read.products += counts.products
    read.taken += counts.stored + counts.duplicate
    read.stored += counts.stored
    read.left_out += counts.quarantined
    read.met(counts.sessions)
    if counts.stored or counts.duplicate:
        remember_events(target.path, options["columns"], given, session_per_file=per_file)
    for name, column in counts.reused.items():
        again = f"as in the last import; --map {escape(name)}=COLUMN to change"
        read.tell(f"  {escape(name):<16} [dim]from[/] {escape(column)}  [dim]{again}[/]")
    if of_last and len(counts.sessions):
        again = "as in the last import; --no-session-per-file to change"
        read.tell(f"  {'session_id':<16} [dim]begins with the name of its file[/]  [dim]{again}[/]")
    for value, name in counts.meant.items():
        if value not in given:
            again = f"as in the last import; --action {escape(value)}=NAME to change"
            read.tell(f"  {escape(name):<16} [dim]from the action[/] {escape(value)}  [dim]{again}[/]")
    out.print(
        f"{escape(file.name)}: [bold]{count(counts.stored, 'event')}[/] stored, {counts.duplicate:,} known already."
    )
    if counts.quarantined:
        out.print(f"[yellow]{count(counts.quarantined, 'event')} left out[/], see {quarantine.path}")


def _print_sessions(read: _Read) -> None:
    if len(read.repeated):
        of = f"{len(read.repeated):,} of {count(len(read.sessions), 'session id')}"
        out.print(
            f"[yellow]{of} {'is' if len(read.repeated) == 1 else 'are'} in several files[/], and each counts as one "
            "session. Where every file counts anew, take these events out with `emptor forget`, and import them again "
            "with --session-per-file."
        )


def _print_strangers(target: Any, products: Counter[str]) -> None:
    from emptor.shop.strangers import strangers_among

    if products and target.manifest() is not None:
        strangers = strangers_among(target.readable(), products)
        if strangers is not None:
            out.print(f"[yellow]{escape(str(strangers))}[/]: {escape(strangers.advice)}.")


def _print_import(path: Path, result: Any) -> None:
    for name, column in result.mapping:
        again = f"  [dim]as in the last import; --map {escape(name)}=COLUMN to change[/]"
        out.print(f"  {escape(name):<16} [dim]from[/] {escape(column)}{again if name in result.as_last_time else ''}")
    if result.left_out:
        out.print(
            f"  [dim]left out, as in the last import:[/] {escape(', '.join(result.left_out))}"
            "  [dim]--map attr.NAME=COLUMN takes one up[/]"
        )
    for name, column in result.not_found:
        out.print(
            f"[yellow]{escape(name)} came from {escape(column)} before, which this file lacks[/]: "
            f"--map {escape(name)}=COLUMN says where it is now."
        )
    out.print(
        f"[bold]{count(result.products, 'product')}[/] in generation {result.generation}: {result.added:,} new, "
        f"{result.changed:,} changed, {result.unchanged:,} unchanged, {result.retired:,} retired."
    )
    if result.overruled:
        out.print(
            f"[yellow]{count(result.overruled, 'product')} updated or deleted since the last import "
            f"{'stands' if result.overruled == 1 else 'stand'} as in the file now[/]: "
            "`emptor update` again where the file is the older."
        )
    if result.lost_updates:
        out.print(
            f"[yellow]{count(result.lost_updates, 'update')} made meanwhile had no effect[/]: "
            "the products are not in the shop any more."
        )
    if result.pictures or result.bad_pictures:
        out.print(f"{count(result.pictures, 'picture')}, {result.bad_pictures:,} unusable.")
    if "title" not in dict(result.mapping):
        out.print(
            "[yellow]No column became the title[/], which is what is searched first: --map title=COLUMN says which."
        )
    if result.quarantined:
        repeats = (
            f" ({result.repeated:,} of them repeats of an id, the last of which was kept)" if result.repeated else ""
        )
        entries = f"{result.quarantined:,} entr{'y' if result.quarantined == 1 else 'ies'}"
        out.print(f"[yellow]{entries} in quarantine[/]{repeats}: {result.quarantine}")
    out.print(
        f'Next: [bold]emptor search {shlex.quote(str(path))} "..."[/] or [bold]emptor serve {shlex.quote(str(path))}[/]'
    )


def export(
    shop: ShopFolder,
    catalogue: Annotated[Path | None, typer.Option(help="Write the products: .parquet, .jsonl or .csv (.gz).")] = None,
    events: Annotated[Path | None, typer.Option(help="Write the events: .parquet, .jsonl or .ubi.jsonl.")] = None,
) -> None:
    """Give everything back: the catalogue, the events, or both."""
    from emptor.shop.catalogue import products_of
    from emptor.shop.events import export_events
    from emptor.shop.exporting import write_products
    from emptor.shop.shop import Shop

    if catalogue is None and events is None:
        raise EmptorError("nothing to export: give --catalogue FILE, --events FILE or both")
    with Shop.open(shop) as source:
        if catalogue is not None:
            view = source.readable()
            with step("Writing products", total=view.count) as bar:
                written = write_products(bar.counted(products_of(view)), catalogue)
            out.print(f"{count(written, 'product')} written to {catalogue}")
        if events is not None:
            with step("Writing events", total=source.events.count()) as bar:
                written = export_events(source.events, events, progress=bar.advance)
            out.print(f"{count(written, 'event')} written to {events}")
