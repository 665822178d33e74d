"""Reacting to messages."""

import asyncio
from typing import Any
from urllib.parse import quote

import httpx

from tests.scenarios.messages import counters, history, say
from tests.scenarios.people import Someone, somebody

CODES = ("👍", "👍🏽", "❤️", "❤", "👨‍👩‍👧‍👦", "🇩🇪", "1️⃣", "🏳️‍🌈", ":+1:", ":a_b-c:")
WRONG = (
    "a",
    "👍👍",
    "1",
    ":A:",
    "::",
    ":a b:",
    "é",
    "🇩",
    "x" * 33,
    ":" + "x" * 31 + ":",
    "👍 ",
    "\u200d",
    "%",
    "👍\n",
)


async def react(who: Someone, message: dict[str, Any], code: str, method: str = "PUT") -> None:
    await who.done(method, f"/v1/messages/{message['id']}/reactions/{quote(code)}")


def tally(code: str, count: int, mine: bool) -> dict[str, Any]:
    return {"reaction_code": code, "count": count, "mine": mine}


class Reactions:
    """Supply ``client``."""

    async def test_everybody_sees_how_many_and_whether_it_was_they(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.direct(ben)
        message = await say(ann, place)
        for _ in range(2):
            await react(ben, message, "👍")
        await asyncio.sleep(0.002)
        await react(ann, message, "👍")
        await asyncio.sleep(0.002)
        await react(ann, message, ":+1:")
        assert await counters(ann, place) == (1, 4)
        for who, mine in ((ann, True), (ben, False)):
            wanted = [tally("👍", 2, mine=True), tally(":+1:", 1, mine=mine)]
            for seen in (*(await history(who, place)), await who.get(f"/v1/messages/{message['id']}")):
                assert (seen["reactions"], seen["revision"]) == (wanted, 4)
                assert seen["edited_at"] is None
        for _ in range(2):
            await react(ben, message, "👍", "DELETE")
        await react(ben, message, ":+1:", "DELETE")
        assert await counters(ann, place) == (1, 5)
        (seen,) = await history(ben, place)
        assert seen["reactions"] == [tally("👍", 1, mine=False), tally(":+1:", 1, mine=False)]

    async def test_an_emoji_or_a_short_code_and_nothing_else(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        place = await ann.direct(ann)
        message = await say(ann, place)
        for code in CODES:
            await react(ann, message, code)
        (seen,) = await history(ann, place)
        assert {each["reaction_code"] for each in seen["reactions"]} == set(CODES)
        for code in WRONG:
            for method in ("PUT", "DELETE"):
                response = await ann.ask(method, f"/v1/messages/{message['id']}/reactions/{quote(code)}")
                assert response.status_code == 422, code
                assert response.json()["errors"][0]["pointer"] == "/reaction_code"
        assert (await history(ann, place)) == [seen]

    async def test_a_message_has_at_most_twenty_codes_also_at_once(self, client: httpx.AsyncClient) -> None:
        ann, ben = await somebody(client), await somebody(client)
        place = await ann.direct(ben)
        message = await say(ann, place)
        path = f"/v1/messages/{message['id']}/reactions"
        answers = await asyncio.gather(*(ben.ask("PUT", f"{path}/:c{n}:") for n in range(24)))
        assert sorted(answer.status_code for answer in answers) == [204] * 20 + [409] * 4
        refused = next(answer for answer in answers if answer.status_code == 409)
        assert refused.json()["code"] == "too_many_reactions"
        (seen,) = await history(ann, place)
        known = seen["reactions"][0]["reaction_code"]
        await react(ann, message, known)
        await react(ben, message, seen["reactions"][1]["reaction_code"], "DELETE")
        await react(ann, message, ":another:")
        assert await ann.refused("PUT", f"{path}/:more:") == (409, "too_many_reactions")

    async def test_a_deleted_message_takes_none_and_has_none(self, client: httpx.AsyncClient) -> None:
        ann = await somebody(client)
        place = await ann.direct(ann)
        message = await say(ann, place)
        await react(ann, message, "👍")
        await ann.done("DELETE", f"/v1/messages/{message['id']}?for=everyone")
        path = f"/v1/messages/{message['id']}/reactions"
        assert await ann.refused("PUT", f"{path}/👍") == (409, "message_deleted")
        await react(ann, message, "👍", "DELETE")
        assert (await ann.get(path))["items"] == []

    async def test_the_list_says_who_in_the_order_in_which_they_did(self, client: httpx.AsyncClient) -> None:
        ann, *others = [await somebody(client) for _ in range(4)]
        place = await ann.group(*others)
        message = await say(ann, place)
        for other in others:
            for code in ("👍", ":a:"):
                await react(other, message, code)
                await asyncio.sleep(0.002)
        path = f"/v1/messages/{message['id']}/reactions"
        for query, codes in (("", ("👍", ":a:")), (f"code={quote('👍')}&", ("👍",)), ("code=:b:&", ())):
            found: list[dict[str, Any]] = []
            cursor = ""
            while True:
                page = await ann.get(f"{path}?{query}limit=2{cursor}")
                found += page["items"]
                if page["next_cursor"] is None:
                    break
                cursor = f"&cursor={page['next_cursor']}"
            assert [(each["user"]["id"], each["reaction_code"]) for each in found] == [
                (other.id, code) for other in others for code in codes
            ]
        await others[0].done("PUT", f"/v1/contacts/{ann.id}/block")
        (first, *_) = (await ann.get(path))["items"]
        assert (first["user"]["id"], first["user"]["is_online"], first["user"]["bio"]) == (
            others[0].id,
            None,
            None,
        )
        for query in ("code=a", "code=", "limit=0", "x=1"):
            assert await ann.refused("GET", f"{path}?{query}") == (422, "validation_failed"), query
        assert await ann.refused("GET", f"{path}?cursor=x") == (400, "invalid_cursor")
