"""Passwords hashed fast: for tests, where Argon2's slowness protects nobody."""

import asyncio
import hashlib
import hmac
import os

_COST = 1024
_SALT_BYTES = 16
_AT_A_TIME = 2
_DECOY = f"scrypt${_COST}$" + "00" * _SALT_BYTES + "$" + "00" * 32


class MemoryPasswords:
    """The promise of ``Passwords`` by scrypt (RFC 7914) at a cost of a few milliseconds, N = ``cost``."""

    def __init__(self, cost: int = _COST) -> None:
        self._cost = cost
        self._places = asyncio.Semaphore(_AT_A_TIME)

    async def hash(self, password: str) -> str:
        salt = os.urandom(_SALT_BYTES)
        digest = await self._digest(password, salt, self._cost)
        return f"scrypt${self._cost}${salt.hex()}${digest.hex()}"

    async def verify(self, hashed: str | None, password: str) -> bool:
        kind, cost, salt, digest = (_DECOY if hashed is None else hashed).split("$")
        made = await self._digest(password, bytes.fromhex(salt), int(cost))
        return hmac.compare_digest(made.hex(), digest) and hashed is not None and kind == "scrypt"

    def is_outdated(self, hashed: str) -> bool:
        return not hashed.startswith(f"scrypt${self._cost}$")

    async def _digest(self, password: str, salt: bytes, cost: int) -> bytes:
        text = password.encode("utf-8", "surrogatepass")
        async with self._places:
            return await asyncio.to_thread(hashlib.scrypt, text, salt=salt, n=cost, r=8, p=1)
