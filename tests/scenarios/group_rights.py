"""Who may do what in a group: every command by everybody, written out here and not asked of the code that decides."""

from typing import Any

import httpx
import pytest

from entrypoints.container import Container
from tests.scenarios.group_stage import POSITIONS, Cast, cast, head, member_of, path_of, told
from tests.scenarios.people import Someone, somebody, verdict

Wanted = tuple[int, str]
YES, DONE = (200, "None"), (204, "None")
RANK, WRONG = (403, "insufficient_role"), (422, "validation_failed")
REFUSED: dict[str, Wanted] = {
    "former": (403, "not_a_participant"),
    "outsider": (404, "conversation_not_found"),
    "anonymous": (401, "unauthenticated"),
}
SOON = "2126-01-01T00:00:00.000Z"

# Method, path below the group ({who}: of whom), body, and the answer to owner, admin and member.
COMMANDS: dict[str, tuple[str, str, str, Any, tuple[Wanted, Wanted, Wanted]]] = {
    "add": ("POST", "members", "newcomer", {"user_ids": ["{who}"]}, (YES, YES, RANK)),
    "remove a member": ("DELETE", "members/{who}", "other_member", None, (DONE, DONE, RANK)),
    "remove an admin": ("DELETE", "members/{who}", "other_admin", None, (DONE, RANK, RANK)),
    "remove the owner": ("DELETE", "members/{who}", "owner", None, (DONE, RANK, RANK)),
    "remove nobody": (
        "DELETE",
        "members/{who}",
        "outsider",
        None,
        ((404, "member_not_found"),) * 2 + (RANK,),
    ),
    "remove a former": (
        "DELETE",
        "members/{who}",
        "former",
        None,
        ((404, "member_not_found"),) * 2 + (RANK,),
    ),
    "leave": ("POST", "leave", "owner", {}, (DONE, DONE, DONE)),
    "leave to": ("POST", "leave", "other_member", {"successor_id": "{who}"}, (DONE, WRONG, WRONG)),
    "leave to nobody": (
        "POST",
        "leave",
        "former",
        {"successor_id": "{who}"},
        ((404, "member_not_found"), WRONG, WRONG),
    ),
    "promote": ("PATCH", "members/{who}", "other_member", {"role": "ADMIN"}, (YES, RANK, RANK)),
    "demote": ("PATCH", "members/{who}", "other_admin", {"role": "MEMBER"}, (YES, RANK, RANK)),
    "demote the owner": ("PATCH", "members/{who}", "owner", {"role": "MEMBER"}, (RANK, RANK, RANK)),
    "silence a member": (
        "PATCH",
        "members/{who}",
        "other_member",
        {"silenced_until": SOON},
        (YES, YES, RANK),
    ),
    "silence an admin": (
        "PATCH",
        "members/{who}",
        "other_admin",
        {"silenced_until": SOON},
        (YES, RANK, RANK),
    ),
    "silence the owner": ("PATCH", "members/{who}", "owner", {"silenced_until": None}, (RANK, RANK, RANK)),
    "both": (
        "PATCH",
        "members/{who}",
        "other_member",
        {"role": "ADMIN", "silenced_until": SOON},
        (YES, RANK, RANK),
    ),
    "neither": ("PATCH", "members/{who}", "other_member", {}, (YES, YES, RANK)),
    "transfer": ("POST", "transfer", "other_member", {"user_id": "{who}"}, (YES, RANK, RANK)),
    "transfer to nobody": (
        "POST",
        "transfer",
        "former",
        {"user_id": "{who}"},
        ((404, "member_not_found"), RANK, RANK),
    ),
    "rename": ("PATCH", "", "owner", {"subject": "Another"}, (YES, YES, RANK)),
    "describe": ("PATCH", "", "owner", {"description": None}, (YES, YES, RANK)),
    "expire": ("PATCH", "", "owner", {"expiry_seconds": 60}, (YES, YES, RANK)),
    "restrict": ("PATCH", "", "owner", {"post_policy": "ADMINS"}, (YES, YES, RANK)),
    "delete": ("DELETE", "", "owner", None, (DONE, RANK, RANK)),
    "list members": ("GET", "members", "owner", None, (YES, YES, YES)),
}
LOOKS = ("", "messages")


class GroupRights:
    """Supply ``client`` and ``container``."""

    @pytest.mark.parametrize("name", COMMANDS)
    async def test_everybody_gets_the_answer_of_their_position(
        self, client: httpx.AsyncClient, container: Container, name: str
    ) -> None:
        people = await cast(client)
        answers = dict(zip(POSITIONS, COMMANDS[name][4], strict=False)) | REFUSED
        for position, wanted in answers.items():
            place = await people.group()
            before = await told(container, place)
            response = await _do(people, people[position], place, name)
            assert _in_short(response) == wanted, (position, response.text)
            if wanted not in (YES, DONE):
                # What is refused leaves nothing behind.
                assert await told(container, place) == before

    async def test_members_and_former_ones_look_and_others_learn_nothing(
        self, client: httpx.AsyncClient
    ) -> None:
        people = await cast(client)
        place = await people.group()
        for look in LOOKS:
            for position in POSITIONS:
                wanted = REFUSED[position] if position in ("outsider", "anonymous") else YES
                response = await people[position].ask("GET", _path(place, look))
                assert _in_short(response) == wanted, (look, position)

    async def test_whoever_has_left_is_told_that_before_anything_else(
        self, client: httpx.AsyncClient
    ) -> None:
        people = await cast(client)
        place = await people.group()
        former = people.former
        stale = await former.ask("PATCH", path_of(place), {"subject": "x"}, if_match='"stale"')
        assert verdict(stale) == REFUSED["former"]
        for method, path, body in (
            ("POST", "leave", {"successor_id": former.id}),
            ("POST", "transfer", {"user_id": former.id}),
            ("DELETE", f"members/{former.id}", None),
            ("PATCH", f"members/{people.outsider.id}", {"role": "ADMIN"}),
            ("POST", "read", {"up_to_sequence": 1}),
        ):
            assert await former.refused(method, path_of(place, path), body) == REFUSED["former"], path

    async def test_a_direct_conversation_has_no_members_to_change(self, client: httpx.AsyncClient) -> None:
        people = await cast(client)
        place = await people.owner.direct(people.member)
        await people.owner.send(place)
        for who in (people.owner, people.member):
            revision = await head(who, place)
            for name in COMMANDS:
                if name in ("expire", "list members"):
                    continue
                response = await _do(people, who, place, name)
                assert verdict(response) == (409, "not_a_group"), name
            assert await who.refused("DELETE", member_of(place, who)) == (409, "not_a_group")
            assert await head(who, place) == revision
        for position, wanted in (("outsider", REFUSED["outsider"]), ("anonymous", REFUSED["anonymous"])):
            for name in COMMANDS:
                response = await _do(people, people[position], place, name)
                assert verdict(response) == wanted, name

    async def test_a_closed_group_is_nowhere_for_anybody(
        self, client: httpx.AsyncClient, container: Container
    ) -> None:
        people = await cast(client)
        place = await people.group()
        events = len(await told(container, place))
        await people.owner.done("DELETE", path_of(place))
        closed = (await told(container, place, events))[0]
        assert (closed["type"], closed["data"]) == ("conversation.deleted", None)
        for position in POSITIONS[:-1]:
            someone = people[position]
            for name in COMMANDS:
                response = await _do(people, someone, place, name)
                assert verdict(response) == (404, "conversation_not_found"), (position, name)
            for look in (*LOOKS, "members"):
                assert await someone.refused("GET", _path(place, look)) == (404, "conversation_not_found")
            assert verdict(await someone.send(place)) == (404, "conversation_not_found")
            for way in ("read", "delivered"):
                refused = await someone.refused("POST", path_of(place, way), {"up_to_sequence": 1})
                assert refused == (404, "conversation_not_found")
            for list_of in ("", "?left=true", "?archived=true"):
                listed = (await someone.get("/v1/conversations" + list_of))["items"]
                assert place not in str(listed)
        assert len(await told(container, place)) == events + 1

    async def test_a_group_nobody_knows_and_one_that_is_no_uuid_are_answered_alike(
        self, client: httpx.AsyncClient
    ) -> None:
        people = await cast(client)
        for place in ("0198c0de-0000-7000-8000-000000000000", "not-a-uuid"):
            for name in COMMANDS:
                response = await _do(people, people.owner, place, name)
                assert verdict(response) == (404, "conversation_not_found"), (place, name)
        place = await people.group()
        for method, body in (("DELETE", None), ("PATCH", {"role": "ADMIN"})):
            refused = await people.owner.refused(method, path_of(place, "members", "not-a-uuid"), body)
            assert refused == (404, "member_not_found")

    async def test_a_missing_right_is_told_before_a_stale_entity_tag(self, client: httpx.AsyncClient) -> None:
        people = await cast(client)
        place = await people.group()
        for position, wanted in (("member", RANK), ("owner", (412, "precondition_failed"))):
            stale = await people[position].ask("PATCH", path_of(place), {"subject": "x"}, if_match='"stale"')
            assert verdict(stale) == wanted

    async def test_who_was_demoted_may_no_more_and_who_was_promoted_may(
        self, client: httpx.AsyncClient
    ) -> None:
        owner, ann, ben = [await somebody(client) for _ in range(3)]
        place = await owner.group(ann, ben)
        rename = ("PATCH", path_of(place), {"subject": "Another"})
        assert await ann.refused(*rename) == RANK
        await owner.done("PATCH", member_of(place, ann), {"role": "ADMIN"})
        await ann.done(*rename)
        await owner.done("PATCH", member_of(place, ann), {"role": "MEMBER"})
        assert await ann.refused(*rename) == RANK


def _path(place: str, below: str) -> str:
    return path_of(place, below) if below else path_of(place)


async def _do(people: Cast, actor: Someone, place: str, name: str) -> httpx.Response:
    method, below, of, body, _ = COMMANDS[name]
    who = people[of].id

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: filled(each) for key, each in value.items()}
        if isinstance(value, list):
            return [filled(each) for each in value]
        return value.replace("{who}", who) if isinstance(value, str) else value

    return await actor.ask(method, _path(place, below.format(who=who)), filled(body))


def _in_short(response: httpx.Response) -> Wanted:
    return (response.status_code, "None") if not response.content else verdict(response)
