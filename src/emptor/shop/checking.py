"""`emptor check`: what a shop holds, what it lacks, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from emptor.errors import EmptorError
from emptor.shop.manifest import PREVIOUS, Manifest, read_manifest
from emptor.shop.popularity import popularity
from emptor.shop.schema import PRODUCT
from emptor.shop.shop import Shop
from emptor.shop.strangers import strangers_of
from emptor.shop.view import View


@dataclass
class Finding:
    """`level`: ok | note | problem; `advice`: what to do, empty when nothing is needed."""

    level: str
    what: str
    advice: str = ""


@dataclass
class Report:
    """Facts (name, value) and findings about one shop."""

    facts: list[tuple[str, str]] = field(default_factory=list)
    filled: list[tuple[str, int, float]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not any(finding.level == "problem" for finding in self.findings)


def check(shop: Shop) -> Report:
    """Read everything that serving would read. Never changes the shop."""
    report = Report()
    report.facts.append(("shop", f"{shop.options.name or shop.path.name} at {shop.path}"))
    report.facts.append(("cascades", ", ".join(sorted(shop.options.cascade))))
    try:
        manifest = shop.manifest()
    except EmptorError as error:
        report.findings.append(Finding("problem", str(error)))
        return report
    view = None
    if manifest is None:
        report.findings.append(
            Finding("problem", "no catalogue is published", f"emptor import {shop.path} --catalogue FILE")
        )
    else:
        report.facts.append(("default cascade", _default(manifest)))
        view = _check_catalogue(shop, report)
    _check_events(shop, view, report)
    try:
        previous = read_manifest(shop.path, name=PREVIOUS)
    except EmptorError as error:
        previous = None
        report.findings.append(Finding("problem", str(error)))
    named = {m.generation for m in (manifest, previous) if m is not None}
    stale = [shop.generations / str(number) for number in shop.numbers() if number not in named]
    if stale:
        size = sum(_size(path) for path in stale)
        take = "1 old generation takes" if len(stale) == 1 else f"{len(stale):,} old generations take"
        report.findings.append(Finding("note", f"{take} {readable_size(size)}", f"emptor gc {shop.path}"))
    report.facts.append(("on disk", readable_size(_size(shop.path))))
    return report


def _default(manifest: Manifest) -> str:
    """Which cascade of shop.toml answers where none is named, and since when."""
    if not manifest.promotions:
        return manifest.cascade
    last = manifest.promotions[-1]
    how = "promoted" if last.action == "promote" else f"after {last.before} was rolled back"
    return f"{manifest.cascade}, {how} {last.at[:10]}{f' by {last.author}' if last.author else ''}"


def _check_catalogue(shop: Shop, report: Report) -> View | None:
    """Look at the live generation; returns it where it can be read."""
    try:
        view = shop.view()
    except EmptorError as error:
        report.findings.append(Finding("problem", str(error), "import the catalogue again"))
        return None
    about = view.generation.about
    report.facts += [
        (
            "generation",
            f"{view.generation.number}, made {about['created_at']} from {about.get('source', 'unknown')}",
        ),
        ("products", f"{view.count:,} ({int(view.in_stock[view.alive].sum()):,} in stock)"),
        ("brands, categories", f"{len(view.brands):,}, {len(view.categories):,}"),
        ("different words", f"{len(view.generation.words):,}"),
    ]
    try:
        described = view.generation.pictures
    except EmptorError as error:
        report.findings.append(Finding("problem", str(error)))
    else:
        if described is not None:
            seen = int(np.isfinite(described[0][:, 0]).sum())
            report.facts.append(("pictures described", f"{seen:,}, on basis {described[1]}"))
    gone, changed = view.changes()
    if gone or changed:
        report.facts.append(("updates since", f"{len(changed):,} changed, {len(gone):,} deleted"))
    filled = _filled_now(view, gone, changed)
    report.filled = [(name, filled[name], filled[name] / max(view.count, 1)) for name in PRODUCT.names]
    shares = {name: share for name, _, share in report.filled}
    try:
        indexed = view.searcher.num_docs
    except EmptorError as error:
        report.findings.append(Finding("problem", str(error)))
        return view
    if indexed != view.count:
        report.findings.append(
            Finding(
                "problem",
                f"the index holds {indexed:,} products, the catalogue {view.count:,}",
                f"emptor publish {shop.path}",
            )
        )
    if shares["title"] < 0.99:
        report.findings.append(
            Finding("note", f"{1 - shares['title']:.0%} of the products have no title", "--map title=COLUMN")
        )
    for name, cure in (
        ("price", "--map price=COLUMN; without prices there is no price filter"),
        ("category", "--map category=COLUMN+COLUMN; without categories there is no category filter"),
        ("brand", "--map brand=COLUMN"),
        ("image_file", "--images FOLDER or ZIP"),
    ):
        if shares[name] == 0:
            label = "picture" if name == "image_file" else name
            report.findings.append(Finding("note", f"no product has a {label}", cure))
    if view.generation.analyser.options != shop.options.search.analyser:
        report.findings.append(
            Finding(
                "note",
                "shop.toml's search.analyser differs from what the index was built with",
                f"emptor publish {shop.path}",
            )
        )
    half_life = shop.options.popular.half_life_days
    if about.get("half_life_days", half_life) != half_life:
        report.findings.append(
            Finding(
                "note",
                f"shop.toml's popular.half_life_days is {half_life:g}, the generation was built with "
                f"{about['half_life_days']:g}",
                f"emptor publish {shop.path}",
            )
        )
    return view


def _filled_now(view: View, gone: set[str], changed: list[dict[str, Any]]) -> dict[str, int]:
    """How many products have each field, updates included."""
    filled = {name: int(view.generation.about["filled"][name]) for name in PRODUCT.names}
    has = lambda product, name: product[name] not in (None, {}, [])  # noqa: E731
    for product_id in gone | {product["product_id"] for product in changed}:
        row = view.generation.row(product_id)
        before = None if row is None else view.generation.product(row)
        for name in PRODUCT.names:
            filled[name] -= before is not None and has(before, name)
    for product in changed:
        for name in PRODUCT.names:
            filled[name] += has(product, name)
    return filled


def _check_events(shop: Shop, view: View | None, report: Report) -> None:
    if not (shop.path / "events.sqlite").exists():
        report.facts.append(("events", "none"))
        if view is not None:
            report.findings.append(_UNPOPULAR)
        return
    try:
        count = shop.events.count()
        if view is None:
            report.facts.append(("events", f"{count:,}"))
            return
        seen = view.generation.last_seq
        later = 0 if seen is None else shop.events.count_after(seen)
        since = f", {later:,} of them since generation {view.generation.number}" if later > 0 else ""
        report.facts.append(("events", f"{count:,}{since}"))
        strangers = strangers_of(shop, view)
        if strangers is not None:
            report.findings.append(Finding("note", str(strangers), strangers.advice))
        if not np.any(view.popularity):
            report.findings.append(_why_unpopular(shop, view))
    except EmptorError as error:
        report.findings.append(Finding("problem", str(error)))


_UNPOPULAR = Finding(
    "note",
    "no product has been clicked or bought: popularity falls back to newest first",
    "--events FILE, or POST /v1/events, then emptor publish",
)


def _why_unpopular(shop: Shop, view: View) -> Finding:
    """The generation knows no popular product: nothing was clicked, or it was built before the clicks came."""
    liked = sum(view.row(product_id) is not None for product_id in popularity(shop))
    if not liked:
        return _UNPOPULAR
    products = "1 product was" if liked == 1 else f"{liked:,} products were"
    return Finding(
        "note",
        f"{products} clicked or bought, but generation {view.generation.number} was built before that was known",
        f"emptor publish {shop.path}",
    )


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file() and not file.is_symlink())


def readable_size(size: float) -> str:
    """`1.5 GiB`: bytes for people."""
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
