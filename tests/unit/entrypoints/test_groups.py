"""Groups on the memory adapters."""

import httpx

from entrypoints.http.app import application
from entrypoints.lifespan import running
from tests.scenarios.bad_conversations import BadConversations
from tests.scenarios.group_info import Info
from tests.scenarios.group_input import GroupInput
from tests.scenarios.group_rights import GroupRights
from tests.scenarios.group_stage import path_of, told_of
from tests.scenarios.groups import Joining, Leaving, Roles, several
from tests.scenarios.succession import Succession
from tests.support.server import settings_for


class TestGroupRights(GroupRights):
    pass


class TestJoining(Joining):
    pass


class TestLeaving(Leaving):
    pass


class TestRoles(Roles):
    pass


class TestSuccession(Succession):
    pass


class TestInfo(Info):
    pass


class TestGroupInput(GroupInput):
    pass


class TestBadConversations(BadConversations):
    pass


async def test_a_group_takes_no_more_than_it_may_and_then_nobody() -> None:
    async with running(settings_for(SENTINAL_GROUP_MEMBERS="3")) as container:
        transport = httpx.ASGITransport(application(container), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            ann, ben, cem, dan = await several(client, 4)
            everybody = {"subject": "x", "member_ids": [ben.id, cem.id, dan.id]}
            refused = await ann.refused("POST", "/v1/conversations/groups", everybody)
            assert refused == (409, "group_full")
            place = await ann.group(ben)
            path = path_of(place, "members")
            too_many = await ann.refused("POST", path, {"user_ids": [cem.id, dan.id]})
            assert too_many == (409, "group_full")
            assert await told_of(container, place, 1) == []
            # Who is in, and who would not come anyway, takes no room.
            await dan.done("PATCH", "/v1/users/me/settings", {"privacy_groups": "NOBODY"})
            answer = await ann.done("POST", path, {"user_ids": [ben.id, cem.id, dan.id]})
            assert (len(answer["added"]), answer["not_added"]) == (1, [dan.id])
            assert (await ann.done("POST", path, {"user_ids": [ben.id]}))["added"] == []
