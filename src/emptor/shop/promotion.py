"""Which cascade of shop.toml "default" stands for: promoted and rolled back by replacing the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from emptor.errors import EmptorError
from emptor.shop.manifest import Manifest, Promotion, change_manifest
from emptor.shop.shop import Shop

KEPT = 200
"""Changes that the history remembers."""


def promote(
    shop: Shop,
    cascade: str,
    *,
    author: str = "",
    judgements: str | None = None,
    figures: Mapping[str, list[float | None]] | None = None,
    champion: str | None = None,
) -> Promotion:
    """Let "default" stand for a cascade of shop.toml from now on; what the gate measured goes into the history.

    Args:
        cascade: its name; "initial" is the one that shop.toml calls "default".
        champion: the default that it was judged against. Looked at again at the moment of the change: where another
            promotion or a rollback came in between, the figures speak of a cascade that is no longer the default.
    Raises: EmptorError where shop.toml has no such cascade, it is the default already, the champion is the default no
        more, or nothing was imported yet.
    """
    if cascade == "initial" and cascade not in shop.options.cascade:
        cascade = "default"
    _check_known(shop, cascade)

    def change(old: Manifest | None) -> Manifest:
        manifest = _published(shop, old)
        if champion is not None and manifest.cascade != champion:
            raise EmptorError(
                f"{cascade!r} was judged against {champion!r}, but the default cascade of {shop.path} is "
                f"{manifest.cascade!r} by now; judge it again with `emptor promote {shop.path} --cascade {cascade}`"
            )
        if manifest.cascade == cascade:
            raise EmptorError(f"{cascade!r} is the default cascade of {shop.path} already")
        return _changed(manifest, "promote", cascade, author=author, judgements=judgements, figures=figures)

    return change_manifest(shop.path, change).promotions[-1]


def rollback(shop: Shop, *, author: str = "") -> Promotion:
    """Take the last promotion back that was not taken back yet.

    Raises: EmptorError where there is none, or shop.toml lacks the cascade from before it.
    """

    def change(old: Manifest | None) -> Manifest:
        manifest = _published(shop, old)
        standing: list[Promotion] = []
        for own in manifest.promotions:
            if own.action == "promote":
                standing.append(own)
            elif standing:
                standing.pop()
        if not standing:
            raise EmptorError(f"{shop.path}: no promotion to take back; the default cascade is {manifest.cascade!r}")
        _check_known(shop, standing[-1].before)
        return _changed(manifest, "rollback", standing[-1].before, author=author)

    return change_manifest(shop.path, change).promotions[-1]


def _check_known(shop: Shop, cascade: str) -> None:
    if cascade in shop.options.off:
        raise EmptorError(f"cascade {cascade!r} is off: {shop.options.off[cascade]}")
    if cascade not in shop.options.cascade:
        known = ", ".join(sorted(shop.options.cascade))
        raise EmptorError(f"unknown cascade {cascade[:80]!r}; {shop.path / 'shop.toml'} has {known}")


def _published(shop: Shop, manifest: Manifest | None) -> Manifest:
    if manifest is None:
        raise EmptorError(f"{shop.path} has no catalogue yet; `emptor import {shop.path} --catalogue FILE`")
    return manifest


def _changed(
    manifest: Manifest,
    action: str,
    cascade: str,
    *,
    author: str,
    judgements: str | None = None,
    figures: Mapping[str, list[float | None]] | None = None,
) -> Manifest:
    entry = Promotion.model_validate(
        {
            "action": action,
            "before": manifest.cascade,
            "after": cascade,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "author": author,
            "judgements": judgements,
            "figures": dict(figures or {}),
        }
    )
    return manifest.model_copy(update={"cascade": cascade, "promotions": (*manifest.promotions, entry)[-KEPT:]})
