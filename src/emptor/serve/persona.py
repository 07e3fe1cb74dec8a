"""A user of the log as a face: a short name and an avatar, both made from the id alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

_WHOLE = 6
_SHORT = 4
_GROUNDS = (
    ("#1f5f4a", "#f2c879"),
    ("#f2a488", "#3b4a6b"),
    ("#2f5d8a", "#f4d3c4"),
    ("#e9b44c", "#4b3f72"),
    ("#6b4a7d", "#f0b7a4"),
    ("#7fb7a3", "#274046"),
    ("#d9748a", "#fbe3c0"),
    ("#40556b", "#9fd3c7"),
    ("#c8d5b9", "#8a4f3d"),
    ("#a3485c", "#f3d9b1"),
)
"""(ground, face): told apart at 2rem."""


@dataclass(frozen=True)
class Avatar:
    """A round face of 36 x 36 units. turn: degrees; x, y: where the face stands; look: how the features lean in it."""

    ground: str
    face: str
    ink: str
    turn: int
    x: int
    y: int
    round: int
    eyes: int
    look: int
    open: bool

    @classmethod
    def of(cls, user_id: str) -> Avatar:
        draw = hashlib.blake2b(user_id.encode(), digest_size=8, person=b"avatar").digest()
        ground, face = _GROUNDS[draw[0] % len(_GROUNDS)]
        return cls(
            ground,
            face,
            "#17211d" if _is_light(face) else "#ffffff",
            turn=draw[1] % 41 - 20,
            x=draw[2] % 9 - 4,
            y=2 + draw[3] % 6,
            round=(8, 12, 18)[draw[4] % 3],
            eyes=3 + draw[5] % 3,
            look=draw[6] % 5 - 2,
            open=draw[7] % 2 == 0,
        )


@dataclass(frozen=True)
class Persona:
    """Somebody to shop as."""

    user_id: str
    name: str
    avatar: Avatar


def persona(user_id: str) -> Persona:
    """The face of a user: a short id is the name, of a longer one its beginning."""
    letters = "".join(letter for letter in user_id if letter.isalnum()).upper()
    return Persona(user_id, letters if 0 < len(letters) <= _WHOLE else letters[:_SHORT] or "?", Avatar.of(user_id))


def _is_light(colour: str) -> bool:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue > 140
