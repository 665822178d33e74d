"""Frames of the realtime protocol, judged by the document that the server publishes."""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for
from websockets.asyncio.client import ClientConnection

VENDORED = Path(__file__).parents[1] / "vendor" / "asyncapi"


def mistakes_in(document: dict[str, Any]) -> list[str]:
    """What AsyncAPI's own schema has against a document."""
    text = (VENDORED / "3.0.0.json").read_bytes()
    sums = (VENDORED / "SHA256SUMS").read_text()
    assert hashlib.sha256(text).hexdigest() in sums, "the schema is not the one that was published"
    schema = json.loads(text)
    validator = validator_for(schema)(schema)
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(document)]


class Judge:
    """Counts the messages of a document that were exchanged, and raises for a frame that is none of them.

    It is stricter than the document: a field that no schema knows is a mistake.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self.messages = set(document["components"]["messages"])
        self.seen: Counter[str] = Counter()
        self._schemas = {
            name: {"additionalProperties": False, **schema} if "properties" in schema else schema
            for name, schema in document["components"]["schemas"].items()
        }
        self._payloads = {
            name: message["payload"] for name, message in document["components"]["messages"].items()
        }
        self._asked: dict[tuple[int, str], str] = {}

    @property
    def missing(self) -> set[str]:
        """Messages that did not occur."""
        return self.messages - set(self.seen)

    def sent(self, socket: int, frame: dict[str, Any], *, valid: bool = True) -> None:
        """A client sends this; an invalid one on purpose."""
        if "ref" in frame:
            self._asked[socket, frame["ref"]] = frame["type"]
        if valid:
            self._judge(frame["type"], frame)
        else:
            assert self._mistakes(frame["type"], frame), f"the document takes {frame}"

    def received(self, socket: int, frame: dict[str, Any]) -> None:
        """A client hears this."""
        asked = self._asked.get((socket, frame.get("ref") or ""))
        self._judge(f"{asked}.ack" if frame["type"] == "ack" else frame["type"], frame)

    def _judge(self, name: str, frame: dict[str, Any]) -> None:
        mistakes = self._mistakes(name, frame)
        assert not mistakes, f"{name} {frame}: {mistakes}"
        self.seen[name] += 1

    def _mistakes(self, name: str, frame: dict[str, Any]) -> list[str]:
        schema = {**self._payloads[name], "components": {"schemas": self._schemas}}
        validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(frame)]


class Overheard:
    """A socket's connection with everything on it judged."""

    def __init__(self, connection: ClientConnection, judge: Judge) -> None:
        self._connection = connection
        self._judge = judge
        self.valid = True

    async def send(self, text: str) -> None:
        self._judge.sent(id(self), json.loads(text), valid=self.valid)
        await self._connection.send(text)

    async def recv(self) -> str | bytes:
        text = await self._connection.recv()
        self._judge.received(id(self), json.loads(text))
        return text
