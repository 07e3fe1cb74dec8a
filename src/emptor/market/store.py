"""Where a market keeps what no shop knows: beside the shop, never in it.

`my-shop.world/` stands beside `my-shop/`: world.json, the config from which the whole truth follows again, and
state.npz, how content its users are and which orders are still to come back. Nothing that trains or serves reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import orjson

from emptor.errors import EmptorError
from emptor.market.config import VERSION, WorldConfig
from emptor.market.record import Back
from emptor.shop.files import fsync_file, fsync_folder


@dataclass
class State:
    """day: the next to be simulated. satisfaction [U] float32. backs: orders that will be sent back."""

    day: int
    satisfaction: np.ndarray
    backs: list[Back] = field(default_factory=list)


def folder_of(shop: Path) -> Path:
    """The world's folder of a shop."""
    return shop.with_name(f"{shop.name}.world")


def save_config(shop: Path, config: WorldConfig) -> None:
    """Write down which world a shop sells in."""
    folder = folder_of(shop)
    folder.mkdir(parents=True, exist_ok=True)
    content = {"market": VERSION, "hash": config.hash, **config.model_dump()}
    _write(folder / "world.json", orjson.dumps(content, option=orjson.OPT_INDENT_2))


def load_config(shop: Path) -> WorldConfig:
    """The world that a shop sells in.

    Raises: EmptorError where there is none, or it was made by another version of the market.
    """
    file = folder_of(shop) / "world.json"
    try:
        content = orjson.loads(file.read_bytes())
    except FileNotFoundError:
        raise EmptorError(
            f"{shop} sells in no simulated market ({file} is missing); make one with `emptor market new`, "
            f"or a copy of this shop with users in it by `emptor market adopt {shop} COPY`"
        ) from None
    except orjson.JSONDecodeError as error:
        raise EmptorError(f"{file}: is not JSON ({error}); restore it, or make the market anew") from None
    if not isinstance(content, dict) or content.get("market") != VERSION:
        found = content.get("market") if isinstance(content, dict) else None
        raise EmptorError(f"{file}: a world of market {found}, and this is {VERSION}; make the market anew")
    config = WorldConfig.read({name: own for name, own in content.items() if name not in ("market", "hash")})
    if config.hash != content.get("hash"):
        raise EmptorError(f"{file}: was changed by hand; the shop and its log belong to another world; make it anew")
    return config


def save_state(shop: Path, state: State) -> None:
    """Write the state, whole or not at all."""
    arrays = {"day": np.array(state.day), "satisfaction": state.satisfaction}
    for number, back in enumerate(state.backs):
        arrays[f"due.{number}"] = np.array(back.day)
        for name, column in back.columns.items():
            arrays[f"back.{number}.{name}"] = column.astype("U") if column.dtype == object else column
    temporary = folder_of(shop) / ".state.npz"
    with temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    fsync_file(temporary)
    temporary.replace(folder_of(shop) / "state.npz")
    fsync_folder(folder_of(shop))


def load_state(shop: Path, config: WorldConfig) -> State:
    """The state, or a fresh one where no day has passed."""
    file = folder_of(shop) / "state.npz"
    if not file.exists():
        return State(0, np.zeros(config.users, np.float32))
    try:
        with np.load(file, allow_pickle=False) as arrays:
            backs: list[Back] = []
            while f"due.{len(backs)}" in arrays:
                lead = f"back.{len(backs)}."
                columns = {name.removeprefix(lead): arrays[name] for name in arrays.files if name.startswith(lead)}
                columns = {name: own.astype(object) if own.dtype.kind == "U" else own for name, own in columns.items()}
                backs.append(Back(int(arrays[f"due.{len(backs)}"]), columns))
            state = State(int(arrays["day"]), arrays["satisfaction"].astype(np.float32), backs)
    except (OSError, ValueError, KeyError) as error:
        raise EmptorError(f"{file}: is damaged ({error}); restore it, or make the market anew") from error
    if len(state.satisfaction) != config.users:
        raise EmptorError(f"{file}: has {len(state.satisfaction):,} users, the world {config.users:,}; make it anew")
    return state


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}")
    temporary.write_bytes(content)
    fsync_file(temporary)
    temporary.replace(path)
    fsync_folder(path.parent)
