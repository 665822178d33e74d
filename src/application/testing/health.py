"""The promise of whoever says whether all is well."""

import asyncio
from dataclasses import dataclass

from application.ports.health import Health

WITHIN_SECONDS = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Patients:
    """Something that is well, and something whose other end cannot be reached."""

    well: Health
    ill: Health


class HealthContract:
    """The promise of ``Health``. Supply the fixture ``patients``."""

    async def test_ailments_is_empty_when_all_is_well(self, patients: Patients) -> None:
        assert await patients.well.ailments() == []

    async def test_ailments_has_one_sentence_per_thing_that_is_wrong(self, patients: Patients) -> None:
        found = await patients.ill.ailments()
        assert found
        for sentence in found:
            assert sentence[0].isupper()
            assert sentence.strip() == sentence != ""

    async def test_it_answers_within_two_seconds_whatever_happens(self, patients: Patients) -> None:
        async with asyncio.timeout(WITHIN_SECONDS):
            await patients.ill.ailments()
