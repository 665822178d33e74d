"""Objects as bytes and back, without what must not leave the process.

The shape names fields and types, so that two versions of the program never misread each other.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Generic, TypeVar, get_type_hints

import msgspec

T = TypeVar("T")
RECORDED_FOR_OTHERS = "events"


class Record(Generic[T]):
    """One kind of dataclass. ``blanks`` are the fields that are left out, and what stands in their place."""

    def __init__(self, kind: type[T], blanks: Mapping[str, Any] | None = None) -> None:
        self._kind = kind
        self._blanks = dict(blanks or {})
        left_out = {RECORDED_FOR_OTHERS, *self._blanks}
        hints = get_type_hints(kind)
        names = [field.name for field in fields(kind) if field.name not in left_out]  # type: ignore[arg-type]
        self._names = names
        kept = msgspec.defstruct(kind.__name__, [(name, hints[name]) for name in names], array_like=True)
        self._struct = kept
        self._decoder = msgspec.msgpack.Decoder(kept)
        described = ",".join(f"{name}:{hints[name]}" for name in names)
        self.shape = hashlib.blake2b(described.encode(), digest_size=6).hexdigest()

    def pack(self, thing: T) -> bytes:
        """All of it but the blanks."""
        return msgspec.msgpack.encode([getattr(thing, name) for name in self._names])

    def unpack(self, data: bytes | msgspec.Raw) -> T:
        """A new object. Raises ``msgspec.DecodeError`` for what ``pack`` did not make."""
        kept = self._decoder.decode(data)
        return self._kind(**{name: getattr(kept, name) for name in self._names}, **self._blanks)
