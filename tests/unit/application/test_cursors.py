"""Cursors: who may open one, and where."""

import pytest

from application.cursors import Cursors, InvalidCursor


class Hashes:
    """A key that is no secret."""

    def of(self, body: bytes) -> bytes:
        return bytes(sum(body[n::16]) % 256 for n in range(16))


def test_a_cursor_opens_to_what_was_sealed() -> None:
    cursors = Cursors(Hashes())
    assert cursors.open("a", cursors.seal("a", (7, "x")), tuple[int, str]) == (7, "x")
    assert cursors.open("a", None, tuple[int, str]) is None


def test_one_of_another_list_or_of_another_shape_is_refused() -> None:
    cursors = Cursors(Hashes())
    cursor = cursors.seal("a", (7, "x"))
    for list_name, kind in (("b", tuple[int, str]), ("a", tuple[int, int]), ("a", tuple[int, str, int])):
        with pytest.raises(InvalidCursor) as refused:
            cursors.open(list_name, cursor, kind)
        assert refused.value.pointer == "/cursor"
