"""The file that the keys came from: what is written to it while a server runs is used without a restart."""

import asyncio
import hmac
from collections.abc import Callable
from pathlib import Path

import structlog

from adapters.jwt.keys import KeysRefused, SigningKeys, file_in

LOOKS_EVERY_SECONDS = 2.0

log = structlog.get_logger("keys")

Signature = tuple[int, int, int]


class KeyFile:
    """Looked at every two seconds. A set that is good replaces the one in use, in one step; one that is not, or
    that would change the refresh secret and so log everybody out, is logged as an error and not used.

    A setting that holds the set itself has no file, and does not change.
    """

    def __init__(
        self,
        setting: str,
        keys: SigningKeys,
        use: Callable[[SigningKeys], None],
        *,
        every: float = LOOKS_EVERY_SECONDS,
    ) -> None:
        self._setting = setting
        self._path = file_in(setting)
        self._keys = keys
        self._use = use
        self._every = every
        self._read: Signature | None = None
        self._complaint: tuple[Signature | None, str] | None = None

    async def run(self) -> None:
        """Look, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(self._every)

    async def look(self) -> None:
        """Read the file if it is another one than the last that was good."""
        if self._path is None:
            return
        signature = await asyncio.to_thread(_signature, self._path)
        if signature is not None and signature == self._read:
            return
        try:
            keys = await asyncio.to_thread(SigningKeys.load, self._setting)
            if not hmac.compare_digest(keys.refresh_secret, self._keys.refresh_secret):
                raise KeysRefused(
                    "it has another refresh secret, which takes a restart and logs everybody out."
                )
        except KeysRefused as refused:
            self._complain(signature, str(refused))
            return
        self._read, self._complaint = signature, None
        if keys.to_json() != self._keys.to_json():
            self._keys = keys
            self._use(keys)
            log.info("signing_keys_reloaded", kids=[key.kid for key in keys.keys])

    def _complain(self, signature: Signature | None, reason: str) -> None:
        # Once for each state of the file, not every two seconds.
        if self._complaint != (signature, reason):
            self._complaint = (signature, reason)
            log.error("signing_keys_refused", reason=reason)


def _signature(path: Path) -> Signature | None:
    """What is different when the file was written or replaced; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
