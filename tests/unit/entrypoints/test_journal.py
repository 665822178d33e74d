"""What operators can read of attacks and of people's own doings: in the log and in the audit log, without secrets."""

import asyncio
from typing import Any

import httpx
from structlog.testing import capture_logs

from entrypoints.container import Container
from tests.scenarios.people import NEW_PASSWORD, PASSWORD, Someone, log_in, somebody, try_log_in

SECRETS = (PASSWORD, NEW_PASSWORD, "wrong horse", "typed by mistake")


async def _attacked(client: httpx.AsyncClient) -> Someone:
    """A person somebody guesses at, steals from, and who defends themselves."""
    ann = await somebody(client)
    await try_log_in(client, ann.me["username"], "wrong horse")
    await try_log_in(client, "typed by mistake", PASSWORD)
    await ann.refused("POST", "/v1/users/me/deactivate", {"password": "wrong horse"})
    first = client.cookies["refresh_token"]
    for _ in range(2):
        assert (await client.post("/v1/auth/refresh")).status_code == 200
    client.cookies.set("refresh_token", first, domain="test.local", path="/v1/auth")
    stolen = await client.post("/v1/auth/refresh", headers={"cookie": f"refresh_token={first}"})
    assert stolen.status_code == 401
    back = await log_in(client, ann.me["username"])
    other = await log_in(client, ann.me["username"], device_id="third")
    await back.done("PUT", "/v1/auth/password", {"current_password": PASSWORD, "new_password": NEW_PASSWORD})
    assert other.session_id
    return back


async def test_security_events_are_in_the_structured_log(client: httpx.AsyncClient) -> None:
    with capture_logs() as lines:
        ann = await _attacked(client)
    events = [line["event"] for line in lines]
    for event in (
        "login_failed",
        "password_check_failed",
        "refresh_token_reused",
        "password_changed",
        "session_revoked",
    ):
        assert event in events, event
    assert events.count("login_failed") == 2
    (changed,) = [line for line in lines if line["event"] == "password_changed"]
    assert changed["user_id"] == ann.id
    assert changed["session_id"] == ann.session_id
    assert changed["address"]
    reasons = {line["reason"] for line in lines if line["event"] == "session_revoked"}
    assert "password_changed" in reasons
    _no_secrets(str(lines), ann)


async def test_and_in_the_audit_log(client: httpx.AsyncClient, container: Container) -> None:
    ann = await _attacked(client)
    await asyncio.sleep(0)
    store: Any = container.store().command_log
    entries = list(store._store.log.values())
    said = {(entry.name, entry.refused) for entry in entries}
    for wanted in (
        ("LogIn", "invalid_credentials"),
        ("DeactivateAccount", "wrong_password"),
        ("RefreshSession", None),
        ("ChangePassword", None),
        ("LogIn", None),
    ):
        assert wanted in said, wanted
    payloads = b" ".join(entry.payload + (entry.result or b"") for entry in entries).decode()
    _no_secrets(payloads, ann)
    refused = [entry.payload for entry in entries if entry.refused == "invalid_credentials"]
    assert len(refused) == 2
    assert not any(ann.me["username"].encode() in payload for payload in refused)


def _no_secrets(text: str, ann: Someone) -> None:
    for secret in (*SECRETS, ann.token, ann.cookie):
        assert secret not in text
