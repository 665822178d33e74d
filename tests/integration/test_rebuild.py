"""``sentinal rebuild conversation-list``: beside a server, ended and gone on with, and the rows as they were written."""

import asyncio
import uuid

import asyncpg
from click.testing import CliRunner, Result

from entrypoints.cli.app import cli
from tests.support.server import KEYS, Person, a_person, serving, settings_for


async def _run(database: str, *arguments: str) -> Result:
    environment = {
        "DATABASE_URL": database,
        "SENTINAL_SIGNING_KEYS": KEYS,
        "SENTINAL_BROKER": "memory",
    }
    line = ["rebuild", "conversation-list", *arguments]
    return await asyncio.to_thread(CliRunner().invoke, cli, line, env=environment)


async def _send(who: Person, place: str) -> None:
    body = {"client_message_id": str(uuid.uuid4()), "content": "words " * 40}
    assert (await who.post(f"/v1/conversations/{place}/messages", body)).status_code == 201


async def test_it_makes_the_rows_that_sending_writes_while_others_go_on_sending(fresh_database: str) -> None:
    connection = await asyncpg.connect(fresh_database)
    rows = "SELECT * FROM conversation_summaries ORDER BY conversation_id"
    async with serving(settings_for(fresh_database)) as server:
        ann = await a_person(server.url)
        body = {"subject": "x", "member_ids": []}
        places = [
            (await ann.post("/v1/conversations/groups", body)).json()["conversation"]["id"] for _ in range(60)
        ]
        for place in places[::2]:
            await _send(ann, place)
        written = [tuple(row) for row in await connection.fetch(rows)]
        unchanged = await _run(fresh_database)
        assert unchanged.exit_code == 0, unchanged.output
        assert "rebuilt 60 conversations; 0 said something else before" in unchanged.output
        await connection.execute("UPDATE conversation_summaries SET preview = 'wrong', message_id = NULL")
        result = await _run(fresh_database)
        assert "rebuilt 60 conversations; 60 said something else before" in result.output
        assert [tuple(row) for row in await connection.fetch(rows)] == written
        await connection.execute("DELETE FROM conversation_summaries")
        others = asyncio.gather(*(_send(ann, place) for place in places))
        assert (await _run(fresh_database)).exit_code == 0
        await others
        # Whatever came first, the rows are those of the newest messages.
        again = await _run(fresh_database)
        assert "; 0 said something else before" in again.output
        assert await connection.fetchval("SELECT count(*) FROM conversation_summaries WHERE seq_id > 1") == 60
    await connection.close()


async def test_one_that_was_ended_is_gone_on_with(fresh_database: str) -> None:
    connection = await asyncpg.connect(fresh_database)
    async with serving(settings_for(fresh_database)) as server:
        ann = await a_person(server.url)
        for _ in range(5):
            await ann.post("/v1/conversations/groups", {"subject": "x", "member_ids": []})
    ids = [row["id"] for row in await connection.fetch("SELECT id FROM conversations ORDER BY id")]
    await connection.execute("UPDATE conversation_summaries SET preview = 'wrong'")
    result = await _run(fresh_database, "--after", str(ids[2]))
    assert "rebuilt 2 conversations; 2 said something else before" in result.output
    assert (await _run(fresh_database, "--after", "x")).exit_code == 2
    await connection.close()


async def test_one_that_fails_says_where_to_go_on(fresh_database: str) -> None:
    connection = await asyncpg.connect(fresh_database)
    async with serving(settings_for(fresh_database)) as server:
        ann = await a_person(server.url)
        await ann.post("/v1/conversations/groups", {"subject": "x", "member_ids": []})
    start = str(uuid.UUID(int=1))
    await connection.execute("ALTER TABLE conversation_summaries RENAME TO elsewhere")
    result = await _run(fresh_database, "--after", start)
    assert result.exit_code == 1
    assert f"go on with: sentinal rebuild conversation-list --after {start}" in result.output
    await connection.close()
