"""Reading a file of knobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from emptor.errors import EmptorError


def read_changes(file: Path | None) -> dict[str, Any]:
    """Knobs from a JSON file: {"page": {"redundancy": 0}}; none without a file. Raises EmptorError for others."""
    if file is None:
        return {}
    try:
        content = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError as error:
        raise EmptorError(
            f'{file}: is not JSON ({error}); expected knobs such as {{"page": {{"redundancy": 0}}}}'
        ) from None
    if not isinstance(content, dict):
        raise EmptorError(f'{file}: expected an object of knobs such as {{"page": {{"redundancy": 0}}}}')
    return content
