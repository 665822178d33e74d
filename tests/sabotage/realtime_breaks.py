"""Ways in which a broker, limits, time or ids may be wrong, each named after what it does."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from adapters.memory.outbox import MemoryBroker, MemoryLimits, MemorySubscription
from adapters.memory.passwords import MemoryPasswords
from adapters.memory.system import MemoryClock, MemoryIds
from application.ports.events import Broker, Frame
from application.ports.limits import Limits, Rate, Verdict
from application.ports.security import Passwords
from application.ports.system import Clock, Ids


class DropsTheLast(MemoryBroker):
    async def publish(self, frames: Sequence[Frame]) -> None:
        await super().publish(frames[:-1] if len(frames) > 1 else frames)


class Reorders(MemoryBroker):
    async def publish(self, frames: Sequence[Frame]) -> None:
        await super().publish(sorted(frames, key=lambda frame: frame.revision % 7))


class Repeats(MemoryBroker):
    async def publish(self, frames: Sequence[Frame]) -> None:
        await super().publish([frame for frame in frames for _ in range(2)])


class Deaf(MemorySubscription):
    """Goes on hearing what was removed."""

    async def remove(self, channels: Sequence[str]) -> None:
        return None


class NeverRemoves(MemoryBroker):
    async def subscribe(self) -> MemorySubscription:
        self._subscriptions.append(Deaf())
        return self._subscriptions[-1]


class NeverRefuses(MemoryLimits):
    async def take(self, rate: Rate, key: str, permits: int = 1) -> Verdict:
        verdict = await super().take(rate, key, permits)
        return Verdict(allowed=True, remaining=verdict.remaining, retry_after=0.0)


class OneBudgetForAll(MemoryLimits):
    async def take(self, rate: Rate, key: str, permits: int = 1) -> Verdict:
        return await super().take(rate, "everybody", permits)


class RefusalsCost(MemoryLimits):
    async def take(self, rate: Rate, key: str, permits: int = 1) -> Verdict:
        verdict = await super().take(rate, key, permits)
        if not verdict.allowed:
            self._due[rate.name, key] += round(rate.period / rate.per_period * 1_000_000)
            return Verdict(allowed=False, remaining=0, retry_after=verdict.retry_after + len(self._due) * 0)
        return verdict


class SaysNothingOfWhen(MemoryLimits):
    async def take(self, rate: Rate, key: str, permits: int = 1) -> Verdict:
        verdict = await super().take(rate, key, permits)
        return Verdict(allowed=verdict.allowed, remaining=verdict.remaining, retry_after=0.0)


class Microseconds(MemoryClock):
    def now(self) -> datetime:
        return super().now() + timedelta(microseconds=7)


class Repeating(MemoryIds):
    def new(self, at: datetime) -> UUID:
        self._made %= 100
        return super().new(at)


class AdmitsNobodys(MemoryPasswords):
    async def verify(self, hashed: str | None, password: str) -> bool:
        return hashed is None or await super().verify(hashed, password)


class Truncates(MemoryPasswords):
    """Compares the first 72 bytes, as bcrypt does."""

    async def hash(self, password: str) -> str:
        return await super().hash(password[:72])

    async def verify(self, hashed: str | None, password: str) -> bool:
        return await super().verify(hashed, password[:20])


BROKER_BREAKS: dict[str, Callable[[], Broker]] = {
    "the broker drops the last frame": DropsTheLast,
    "the broker reorders": Reorders,
    "the broker repeats": Repeats,
    "the broker never stops after remove": NeverRemoves,
}
LIMITS_BREAKS: dict[str, Callable[[Clock], Limits]] = {
    "limits never refuse": NeverRefuses,
    "keys share one budget": OneBudgetForAll,
    "a refused take costs": RefusalsCost,
    "a refusal does not say until when": SaysNothingOfWhen,
}
CLOCK_BREAKS: dict[str, Callable[[], Clock]] = {"the clock has microseconds": Microseconds}
IDS_BREAKS: dict[str, Callable[[], Ids]] = {"ids repeat": Repeating}
PASSWORDS_BREAKS: dict[str, Callable[[], Passwords]] = {
    "nobody's password is right": AdmitsNobodys,
    "only the beginning of a password counts": Truncates,
}
