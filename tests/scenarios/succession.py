"""Who is never made an owner: somebody whose account is deactivated, unless nobody else is there."""

import httpx

from tests.scenarios.group_stage import members, path_of
from tests.scenarios.people import PASSWORD, Someone, log_in, somebody


async def deactivate(someone: Someone) -> None:
    await someone.done("POST", "/v1/users/me/deactivate", {"password": PASSWORD})


class Succession:
    """Supply ``client``."""

    async def test_a_deactivated_administrator_does_not_follow_an_owner_who_leaves(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben, cem = [await somebody(client) for _ in range(3)]
        place = await ann.group(ben, cem)
        await ann.done("PATCH", path_of(place, "members", ben.id), {"role": "ADMIN"})
        await deactivate(ben)
        await ann.done("POST", path_of(place, "leave"), {})
        assert await members(cem, place) == {cem.id: "OWNER", ben.id: "ADMIN"}

    async def test_nor_an_owner_whose_account_is_erased(self, client: httpx.AsyncClient) -> None:
        ann, ben, cem = [await somebody(client) for _ in range(3)]
        place = await ann.group(ben, cem)
        await ann.done("PATCH", path_of(place, "members", ben.id), {"role": "ADMIN"})
        await deactivate(ben)
        await ann.done("POST", "/v1/users/me/erase", {"password": PASSWORD, "redact_messages": False})
        assert await members(cem, place) == {cem.id: "OWNER", ben.id: "ADMIN"}

    async def test_they_are_not_named_and_handed_over_to_either(self, client: httpx.AsyncClient) -> None:
        ann, ben = [await somebody(client) for _ in range(2)]
        place = await ann.group(ben)
        await deactivate(ben)
        for last, body in (("leave", {"successor_id": ben.id}), ("transfer", {"user_id": ben.id})):
            assert await ann.refused("POST", path_of(place, last), body) == (404, "member_not_found")

    async def test_where_nobody_else_is_left_they_find_a_group_of_their_own_when_they_come_back(
        self, client: httpx.AsyncClient
    ) -> None:
        ann, ben = [await somebody(client) for _ in range(2)]
        place = await ann.group(ben)
        await deactivate(ben)
        await ann.done("POST", path_of(place, "leave"), {})
        back = await log_in(client, ben.me["username"])
        assert await members(back, place) == {ben.id: "OWNER"}
