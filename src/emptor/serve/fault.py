"""What a server could not take up: told once per change of the files, and remembered until it is mended."""

from __future__ import annotations

from pathlib import Path

from emptor.shop.files import stamp
from emptor.shop.manifest import NAME as MANIFEST

_State = tuple[tuple[int, int, int], ...]


class Fault:
    """The present fault, `text`, or None. Some faults show at every look and others at the first after a change, so one
    is over only when something new was taken up, or when a look at changed files found nothing wrong.
    """

    def __init__(self) -> None:
        self.text: str | None = None
        self._seen: _State = ()

    @staticmethod
    def state(shop: Path) -> _State:
        """Changes when somebody edits the settings or publishes."""
        return stamp(shop / "shop.toml"), stamp(shop / MANIFEST)

    def is_news(self, text: str, seen: _State) -> bool:
        """Remember a fault met at a state of the files; whether it was not known already."""
        news = (text, seen) != (self.text, self._seen)
        self.text, self._seen = text, seen
        return news

    def passed(self, seen: _State, *, is_new: bool) -> None:
        """A look went well: is_new says whether it took something up."""
        if is_new or seen != self._seen:
            self.text = None
