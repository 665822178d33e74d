"""Key sets and their rotation: known before it signs, verifying until its last token has expired."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
import structlog
from click.testing import CliRunner

from adapters.jwt.access_tokens import JwtAccessTokens
from adapters.jwt.key_file import KeyFile
from adapters.jwt.keys import RETIRED_KEYS_VERIFY, SIGNS_AFTER, TOKENS_LIVE, KeysRefused, SigningKeys
from application.ports.security import Claims
from application.testing.builders import AT, an_id
from domain.shared.errors import Unauthenticated
from domain.shared.ids import SessionId, UserId
from entrypoints.cli.documents import keys as keys_command

A_MOMENT = timedelta(seconds=1)


def _claims(now: datetime) -> Claims:
    return Claims(user_id=UserId(an_id()), session_id=SessionId(an_id()), expires_at=now + TOKENS_LIVE)


def _kid(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def _kids(keys: SigningKeys) -> list[str]:
    return [key["kid"] for key in keys.published()["keys"]]


def _again(keys: SigningKeys) -> SigningKeys:
    """The same set, written and read."""
    return SigningKeys.load(keys.to_json())


def test_a_new_key_verifies_at_once_and_signs_from_its_moment() -> None:
    before = SigningKeys.generate("old")
    after = _again(before.rotate(AT, kid="new"))
    assert _kids(after) == ["new", "old"]
    assert after.signer(AT + SIGNS_AFTER - A_MOMENT)[0] == "old"
    assert after.signer(AT + SIGNS_AFTER)[0] == "new"
    assert after.refresh_secret == before.refresh_secret


def test_servers_that_have_read_a_rotated_set_and_those_that_have_not_accept_each_others_tokens() -> None:
    old = SigningKeys.generate()
    late, early = JwtAccessTokens(old), JwtAccessTokens(_again(old.rotate(AT)))
    for moment in (AT, AT + SIGNS_AFTER - A_MOMENT):
        for issuer, verifier in ((late, early), (early, late)):
            claims = _claims(moment)
            assert verifier.verify(issuer.issue(claims, moment), moment) == claims


def test_a_key_is_left_out_once_its_last_token_has_expired_and_never_earlier() -> None:
    keys = SigningKeys.generate("first").rotate(AT, kid="second")
    retired = AT + SIGNS_AFTER
    spent = retired + RETIRED_KEYS_VERIFY
    assert spent > retired + TOKENS_LIVE
    for moment in (AT, retired, retired + TOKENS_LIVE, spent - A_MOMENT):
        assert _kids(_again(keys.rotate(moment, kid="third"))) == ["third", "second", "first"]
    assert _kids(_again(keys.rotate(spent, kid="third"))) == ["third", "second"]


def test_rotating_often_leaves_nothing_out_early_and_keeps_every_moment() -> None:
    keys = SigningKeys.generate("0")
    for number in range(1, 20):
        keys = _again(keys.rotate(AT + number * A_MOMENT, kid=str(number)))
    assert len(_kids(keys)) == 20
    for number in range(9, 20):
        begins = AT + number * A_MOMENT + SIGNS_AFTER
        assert keys.signer(begins)[0] == str(number), "what was announced came true"


def test_a_retired_key_has_no_private_half_after_the_next_rotation() -> None:
    keys = SigningKeys.generate("first").rotate(AT, kid="second")
    assert [key.private is not None for key in keys.keys] == [True, True]
    keys = keys.rotate(AT + SIGNS_AFTER, kid="third")
    assert [(key.kid, key.private is not None) for key in keys.keys] == [
        ("third", True),
        ("second", True),
        ("first", False),
    ]


def test_a_set_from_before_there_were_moments_is_rotated_like_others() -> None:
    members: dict[str, Any] = json.loads(SigningKeys.generate("present").to_json())
    earlier = SigningKeys.generate("earlier").published()["keys"]
    keys = SigningKeys.load(json.dumps({"keys": members["keys"] + earlier}))
    assert keys.signer(AT)[0] == "present"
    rotated = keys.rotate(AT, kid="coming")
    assert set(_kids(rotated)) == {"coming", "present", "earlier"}
    assert _kids(rotated.rotate(AT + RETIRED_KEYS_VERIFY, kid="next")) == ["next", "coming", "present"]


@pytest.mark.parametrize("name", ["signs_from", "retires_at"])
@pytest.mark.parametrize("value", ["soon", -1, 1.5, True, 2**53, [1]])
def test_a_moment_that_is_none_is_refused(name: str, value: Any) -> None:
    members: dict[str, Any] = json.loads(SigningKeys.generate().to_json())
    members["keys"][0][name] = value
    with pytest.raises(KeysRefused, match=name):
        SigningKeys.load(json.dumps(members))


def test_tokens_of_a_key_that_left_are_refused_though_they_were_remembered() -> None:
    keys = SigningKeys.generate()
    tokens = JwtAccessTokens(keys)
    token = tokens.issue(_claims(AT), AT)
    tokens.verify(token, AT)
    tokens.use(keys.rotate(AT))
    tokens.verify(token, AT)
    tokens.use(SigningKeys.generate())
    with pytest.raises(Unauthenticated):
        tokens.verify(token, AT)


@pytest.fixture
def watched(tmp_path: Path) -> tuple[Path, SigningKeys, list[SigningKeys], KeyFile]:
    path, keys, used = tmp_path / "keys.json", SigningKeys.generate("old"), []
    keys.save(path)
    return path, keys, used, KeyFile(str(path), keys, used.append)


Watched = tuple[Path, SigningKeys, list[SigningKeys], KeyFile]


async def test_a_file_that_was_rewritten_is_used_once(watched: Watched) -> None:
    path, keys, used, file = watched
    await file.look()
    assert used == []
    keys.rotate(AT, kid="new").save(path)
    for _ in range(3):
        await file.look()
    assert [_kids(each) for each in used] == [["new", "old"]]


def _garbage(path: Path, _: SigningKeys) -> None:
    path.write_text("not a key set")


def _gone(path: Path, _: SigningKeys) -> None:
    path.unlink()


def _half_written(path: Path, keys: SigningKeys) -> None:
    path.write_text(keys.to_json()[:100])


def _another_secret(path: Path, _: SigningKeys) -> None:
    SigningKeys.generate("old").save(path)


@pytest.mark.parametrize("spoil", [_garbage, _gone, _half_written, _another_secret])
async def test_a_bad_file_is_logged_once_and_the_old_set_stays_until_it_is_good_again(
    watched: Watched, spoil: Callable[[Path, SigningKeys], None]
) -> None:
    path, keys, used, file = watched
    spoil(path, keys)
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            await file.look()
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("signing_keys_refused", "error")]
    assert used == []
    keys.rotate(AT, kid="new").save(path)
    await file.look()
    assert [_kids(each) for each in used] == [["new", "old"]]


async def test_a_file_that_changes_in_place_is_read_again(watched: Watched) -> None:
    path, keys, used, file = watched
    await file.look()
    path.write_text(keys.rotate(AT, kid="new").to_json())
    os.utime(path, ns=(1, 1))
    await file.look()
    assert [_kids(each) for each in used] == [["new", "old"]]


async def test_a_set_in_the_setting_itself_is_never_looked_for() -> None:
    keys, used = SigningKeys.generate(), list[SigningKeys]()
    await KeyFile(keys.to_json(), keys, used.append).look()
    assert used == []


def test_rotate_says_what_will_happen_when(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    SigningKeys.generate("old").rotate(AT, kid="present").save(path)
    said = CliRunner().invoke(keys_command, ["rotate", str(path), "--signs-in", "30"])
    assert said.exit_code == 0, said.output
    after = SigningKeys.load(str(path))
    coming = after.keys[0]
    begins = datetime.fromtimestamp(coming.signs_from, UTC)
    assert f"{begins:%Y-%m-%dT%H:%M:%SZ}  {coming.kid} signs" in said.output
    assert "present goes on signing" in said.output
    assert "old, whose tokens have all expired" in said.output
    assert _kids(after) == [coming.kid, "present"]
    assert path.stat().st_mode & 0o777 == 0o600
