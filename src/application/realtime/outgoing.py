"""What goes out to clients: one body for everybody who hears it, and its other forms made at most once."""

from collections.abc import Callable

_EPHEMERAL = tuple(b'{"type":"%s.' % kind for kind in (b"typing", b"presence", b"receipt"))


class Outgoing:
    """A JSON frame on its way to any number of connections, which share this object and all that is made of it."""

    __slots__ = ("_forms", "body")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self._forms: dict[Callable[[bytes], bytes], bytes] = {}

    def form(self, make: Callable[[bytes], bytes]) -> bytes:
        """What ``make`` makes of the body: another encoding, or the bytes of a transport. Made once."""
        try:
            return self._forms[make]
        except KeyError:
            made = self._forms[make] = make(self.body)
            return made

    @property
    def is_ephemeral(self) -> bool:
        """Whether it says how things stand at the moment, so that the next one makes up for its loss."""
        return self.body.startswith(_EPHEMERAL)
