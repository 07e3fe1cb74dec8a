"""Back to the catalogue as it was before the last import or publish: the generation before is kept for that."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from emptor.errors import EmptorError
from emptor.shop.manifest import PREVIOUS, Manifest, change_manifest, read_manifest

if TYPE_CHECKING:
    from emptor.shop.shop import Shop


def return_to_previous(shop: Shop, *, wait_s: float = 10.0) -> tuple[int, int]:
    """Make the generation before the live one live again, with the updates that were made while it was; the other way
    round the next time. Log, models, settings and the default cascade stay.

    Returns: (the generation that is live now, the one that was).
    Raises: EmptorError where there is no generation to go back to.
    """
    with shop.writing(wait_s=wait_s, doing="going back to the previous generation"):

        def change(old: Manifest | None) -> Manifest:
            before = read_manifest(shop.path, name=PREVIOUS)
            if old is None or before is None or before.generation == old.generation:
                raise EmptorError(f"{shop.path}: there is no generation before the live one to go back to")
            if not (shop.path / "generations" / str(before.generation)).is_dir():
                raise EmptorError(
                    f"{shop.path}: generation {before.generation} is not there any more; import the catalogue again"
                )
            now = datetime.now(UTC).isoformat(timespec="seconds")
            left.append(old.generation)
            return old.model_copy(update={"generation": before.generation, "published_at": now})

        left: list[int] = []
        return change_manifest(shop.path, change).generation, left[0]
