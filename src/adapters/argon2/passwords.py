"""Passwords by Argon2id (RFC 9106) on threads of their own, so that hashing never holds up a message."""

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, InvalidHashError

from domain.shared.errors import Unavailable

WAITING_AT_MOST = 256
NICENESS = 10

R = TypeVar("R")


class Argon2Passwords:
    """The promise of ``Passwords``. The defaults are OWASP's: 19 MiB, two passes, one lane, some 40 ms.

    ``concurrency`` hashes are made at a time; when ``WAITING_AT_MOST`` wait already, ``Unavailable``.
    """

    def __init__(
        self, *, memory_kib: int = 19456, time_cost: int = 2, parallelism: int = 1, concurrency: int = 2
    ) -> None:
        self._hasher = PasswordHasher(
            time_cost=time_cost, memory_cost=memory_kib, parallelism=parallelism, type=Type.ID
        )
        self._threads = ThreadPoolExecutor(
            max_workers=concurrency, thread_name_prefix="argon2", initializer=_give_way
        )
        self._waiting = 0
        self._is_closed = False
        # What a password is compared with when there is nobody of that name: made like any other.
        self._decoy = self._threads.submit(self._hasher.hash, "nobody's password")

    async def hash(self, password: str) -> str:
        return await self._off_the_loop(lambda: self._hasher.hash(_bytes(password)))

    async def verify(self, hashed: str | None, password: str) -> bool:
        return await self._off_the_loop(lambda: self._matches(hashed, password))

    def is_outdated(self, hashed: str) -> bool:
        try:
            return self._hasher.check_needs_rehash(hashed)
        except InvalidHashError:
            return True

    def close(self) -> None:
        """Take no more work; what runs is finished, what waits is dropped."""
        self._is_closed = True
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _matches(self, hashed: str | None, password: str) -> bool:
        try:
            self._hasher.verify(self._decoy.result() if hashed is None else hashed, _bytes(password))
        except (Argon2Error, InvalidHashError):
            return False
        return hashed is not None

    async def _off_the_loop(self, work: Callable[[], R]) -> R:
        if self._is_closed or self._waiting >= WAITING_AT_MOST:
            raise Unavailable
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def _give_way() -> None:
    """Let whoever carries messages go first where processors are short; a system that cannot do that for a thread of
    its own is left as it is.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
