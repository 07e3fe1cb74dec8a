"""Options of a ranking or pre-ranking method, as shop.toml has them."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from emptor.errors import EmptorError
from emptor.shop.config import StageOptions

Options = TypeVar("Options", bound=BaseModel)


def options_of(kind: type[Options], stage: StageOptions) -> Options:
    """A stage's own options. Raises: EmptorError naming the one that cannot be used."""
    try:
        return kind.model_validate(stage.options)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        takes = ", ".join(kind.model_fields) or "none"
        told = "unknown" if first["type"] == "extra_forbidden" else first["msg"]
        raise EmptorError(
            f"stage {stage.stage}, options.{place}: {told}; method {stage.method} takes {takes}"
        ) from None
