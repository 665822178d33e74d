"""Addresses of Redis are read as redis-py reads them, and never repeated in a complaint."""

from typing import Any

import pytest
from redis.asyncio.connection import parse_url

from adapters.redis.address import address_of

ADDRESSES = (
    "redis://",
    "redis://h",
    "REDIS://h:1/3",
    "redis://h/3/",
    "redis://h/abc",
    "redis://h/-1",
    "redis://h:0/1",
    "redis://u@h",
    "redis://:@h",
    "redis://[::1]:7/1",
    "redis://:p%40w@h/2?db=4",
    "redis://h?db=&timeout=3",
    "unix:///tmp/x%20y?db=2",
    "unix://u:p@/tmp/x",
)


@pytest.mark.parametrize("url", ADDRESSES)
def test_an_address_is_read_as_redis_py_reads_it(url: str) -> None:
    ours, theirs = address_of(url), parse_url(url)
    expected: dict[str, Any] = {"host": "localhost", "port": 6379, "db": 0, **theirs}
    assert (ours.host, ours.port, ours.database) == (expected["host"], expected["port"], expected["db"])
    assert (ours.path, ours.username, ours.password, ours.tls) == (
        theirs.get("path"),
        theirs.get("username"),
        theirs.get("password"),
        None,
    )


def test_tls_checks_who_answers_unless_told_otherwise() -> None:
    checked, unchecked = address_of("rediss://h").tls, address_of("rediss://h?ssl_cert_reqs=none").tls
    assert checked is not None
    assert unchecked is not None
    assert (checked.check_hostname, unchecked.check_hostname) == (True, False)
    by_name = address_of("rediss://h?ssl_check_hostname=no").tls
    assert by_name is not None
    assert not by_name.check_hostname


@pytest.mark.parametrize("url", ["", "h:6379", "http://:secret@h", "redis://h:secret", "redis://h?db=secret"])
def test_what_is_no_address_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="REDIS_URL is not an address") as refused:
        address_of(url)
    assert "secret" not in str(refused.value)
