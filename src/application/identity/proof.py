"""Proving that somebody knows their password, before any transaction opens: comparing takes its time.

What was compared with may be gone by the time the transaction reads it; then the proof is worth nothing.
"""

import unicodedata
from dataclasses import dataclass

from application.bus.messages import Actor, Secret
from application.ports.readers import Credential, Credentials
from application.ports.security import Passwords
from domain.identity.user import User
from domain.shared.errors import Unauthenticated, WrongPassword
from domain.shared.ids import UserId

LONGEST = 128


@dataclass(frozen=True, slots=True)
class Proof:
    """That somebody knows the password with this hash. ``renewed``: the same password hashed as of today."""

    user_id: UserId
    password_hash: str
    renewed: str | None = None

    def holds_for(self, user: User) -> bool:
        """Whether ``user`` still has that password."""
        return user.id == self.user_id and user.password_hash == self.password_hash


async def matches(credential: Credential | None, given: str, passwords: Passwords) -> Proof | None:
    """The proof, or None; nobody's password takes as long to compare as anybody's."""
    password = unicodedata.normalize("NFC", given)
    hashed = None if credential is None or len(password) > LONGEST else credential.password_hash
    if not await passwords.verify(hashed, password[:LONGEST]) or credential is None or hashed is None:
        return None
    renewed = await passwords.hash(password) if passwords.is_outdated(hashed) else None
    return Proof(credential.user_id, hashed, renewed)


async def prove_me(
    actor: Actor, given: Secret | None, credentials: Credentials, passwords: Passwords
) -> Proof:
    """That whoever is logged in knows their password. Raises ``WrongPassword``, also when none is given."""
    if actor.user_id is None:
        raise Unauthenticated
    credential = await credentials.of(actor.user_id)
    proof = None if given is None else await matches(credential, given.value, passwords)
    if proof is None:
        raise WrongPassword(pointer=None)
    return proof


def require(proof: Proof, user: User | None) -> User:
    """The user whose password was proved. Raises ``WrongPassword`` when it has changed meanwhile."""
    if user is None or not proof.holds_for(user):
        raise WrongPassword
    return user
