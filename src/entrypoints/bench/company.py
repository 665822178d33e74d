"""Who takes part in a run: throw-away people or given tokens, and the groups they are put into."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from adapters.system.clock import SystemClock, SystemIds
from entrypoints.bench.requests import Answer, Requests, ServerUnreachable

GROUP_AT_MOST = 256


class LimitMet(Exception):
    """A limit of the server is in the way; the text says what to do."""


@dataclass(slots=True)
class Person:
    """Somebody with a token. ``password`` is there for who was made for this run."""

    id: str
    token: str
    password: str | None = None


@dataclass(slots=True)
class Group:
    """A conversation made for this run, and the revision it began with."""

    id: str
    members: list[Person]
    revision: int


@dataclass(slots=True)
class Company:
    """Everybody, and everywhere they talk."""

    people: list[Person] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)

    def revisions_of(self, person: Person) -> dict[str, int]:
        return {
            group.id: group.revision
            for group in self.groups
            if any(member.id == person.id for member in group.members)
        }


async def gather(
    requests: Requests, *, people: int, tokens: list[str], conversations: int, members: int
) -> Company:
    """Make what is needed. Raises ``ServerUnreachable``, and ``LimitMet`` where a rate is in the way."""
    company = Company()
    if tokens:
        company.people = list(await asyncio.gather(*(_known(requests, token) for token in tokens)))
    else:
        for _ in range(people):
            company.people.append(await _register(requests))
    size = min(members, len(company.people), GROUP_AT_MOST)
    for n in range(conversations):
        # Each begins with another, so that everybody is in about as many.
        chosen = [company.people[(n + k) % len(company.people)] for k in range(size)]
        company.groups.append(await _group(requests, chosen, n))
    return company


async def dismiss(requests: Requests, company: Company) -> None:
    """Erase the people who were made for this run, and with them their groups."""
    for person in company.people:
        if person.password is not None:
            body = {"password": person.password, "redact_messages": True}
            await requests.post("/v1/users/me/erase", body, person.token)


async def _known(requests: Requests, token: str) -> Person:
    me = _of(await requests.get("/v1/users/me", token), "a token was refused")
    return Person(id=me["id"], token=token)


async def _register(requests: Requests) -> Person:
    name = SystemIds().new(SystemClock().now()).hex
    body = {"username": f"bench_{name[:20]}", "password": name, "display_name": "Bench", "device_id": "bench"}
    tokens = _of(await requests.post("/v1/auth/register", body), "nobody can be registered")
    return Person(id=tokens["user"]["id"], token=tokens["access_token"], password=name)


async def _group(requests: Requests, members: list[Person], n: int) -> Group:
    owner, *others = members
    body = {"subject": f"bench {n}", "member_ids": [person.id for person in others]}
    answer = await requests.post("/v1/conversations/groups", body, owner.token)
    made = _of(answer, "no group can be made")
    if made["not_added"]:
        raise ServerUnreachable("Some of these people cannot be added to groups: use others.")
    return Group(id=made["conversation"]["id"], members=members, revision=made["conversation"]["revision"])


def _of(answer: Answer, what: str) -> Any:
    if answer.code == "rate_limited":
        after = answer.body.get("retry_after")
        raise LimitMet(
            f"The server's rate limits are in the way: {what} for another {after} s. Outside production lift them "
            "with SENTINAL_LIMITS=off on the server; else give people who exist with --tokens, or ask for fewer."
        )
    if answer.status >= 400 or not isinstance(answer.body, dict):
        raise ServerUnreachable(f"The server answers {answer.code}: {what}.")
    return answer.body
