"""What a persona remembers, as its file says: nothing, a session, or facts for a while."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field

from greenroom.personas.fields import Strict, Text

MemoryKind = Literal["none", "session", "long_term"]


ASKS: Final = (
    "May I remember things like this for a while? Only if you say so: /memory on."
    " To see or erase it: /memory."
)


class MemorySettings(Strict):
    """``memory:``; a word alone is its ``kind``. Facts need the member's consent besides."""

    kind: MemoryKind = "none"
    session_turns: int = Field(default=8, ge=1, le=50)
    session_minutes: int = Field(default=60, ge=1, le=1_440)
    days: int = Field(default=90, ge=1, le=366)
    facts: int = Field(default=50, ge=1, le=500)  # of one member
    asks: Text | None = ASKS  # said once, to who never said yes or no; null: it does not ask

    @property
    def turns(self) -> int:
        """How many turns of a session are looked at; 0: none."""
        return 0 if self.kind == "none" else self.session_turns

    @property
    def is_long_term(self) -> bool:
        """Whether facts are kept."""
        return self.kind == "long_term"


def _named(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


MemoryField = Annotated[
    MemorySettings,
    BeforeValidator(_named, json_schema_input_type=MemoryKind | MemorySettings),
]
