"""Names fall into the slots that the cluster's specification says, and addresses name their seeds."""

import pytest
from msgspec.structs import replace

from adapters.redis.address import address_of, is_cluster, seeds_of
from adapters.redis.slots import by_slot, slot_of, slot_of_command
from entrypoints.plugins import redis_broker
from entrypoints.settings import SettingRefused
from tests.support.server import settings_for


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("{user1000}.following", "{user1000}.followers"),
        ("{user1000}.following", "user1000"),
        ("foo{{bar}}zap", "{bar"),
        ("foo{bar}{zap}", "bar"),
        ("presence:{é}", "é"),
    ],
)
def test_what_stands_between_the_first_braces_decides(name: str, same: str) -> None:
    assert slot_of(name) == slot_of(same) == slot_of(same.encode())


def test_a_slot_is_the_checksum_that_the_specification_says() -> None:
    assert slot_of("123456789") == 0x31C3
    assert slot_of("foo{}{bar}") == slot_of(b"foo{}{bar}") != slot_of("bar")
    assert slot_of("") == 0


def test_keys_come_in_groups_of_one_slot() -> None:
    assert by_slot(["{a}1", "{b}1", "{a}2"]) == [["{a}1", "{a}2"], ["{b}1"]]


def test_a_command_belongs_where_its_first_key_is() -> None:
    key = slot_of("k")
    assert [slot_of_command(words) for words in (("GET", "k"), ("DEL", b"k", "l"), ("HGETALL", "k"))] == [
        key
    ] * 3
    assert slot_of_command(("EVALSHA", "digest", 1, "k", "argument")) == key
    for without in (("PING",), ("TIME",), ("SCRIPT", "FLUSH"), ("EVAL", "return 1", 0)):
        assert slot_of_command(without) is None


def test_a_cluster_is_named_by_some_of_its_servers() -> None:
    url = "redis://ann:s3@one:7000,two:7001,three?cluster=1"
    assert is_cluster(url)
    assert not is_cluster("redis://:s3@one:7000/2")
    seeds = seeds_of(url)
    assert [(seed.host, seed.port) for seed in seeds] == [("one", 7000), ("two", 7001), ("three", 6379)]
    assert {(seed.username, seed.password, seed.database) for seed in seeds} == {("ann", "s3", 0)}
    assert all(seed.tls is not None for seed in seeds_of("rediss://one,two?cluster=1&ssl_cert_reqs=none"))


@pytest.mark.parametrize(
    "url",
    ["redis://:hidden@one,two/3?cluster=1", "unix:///hidden?cluster=1", "redis://:hidden@one:x?cluster=1"],
)
def test_what_no_cluster_can_be_is_refused_without_saying_the_secret(url: str) -> None:
    with pytest.raises(ValueError, match="REDIS_URL") as refused:
        seeds_of(url)
    assert "hidden" not in str(refused.value)


def test_several_servers_without_a_word_of_a_cluster_are_refused() -> None:
    with pytest.raises(ValueError, match="cluster=1"):
        address_of("redis://:hidden@one,two/0")


@pytest.mark.parametrize("url", ["nonsense", "redis://one,two", "redis://one,two/3?cluster=1"])
async def test_a_server_with_a_wrong_address_of_redis_does_not_start_and_names_the_setting(url: str) -> None:
    settings = replace(settings_for(), redis_url=url)
    with pytest.raises(SettingRefused, match="REDIS_URL"):
        async with redis_broker(settings):
            pass
