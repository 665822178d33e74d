"""The promises of time and of new ids."""

from datetime import timedelta

from application.ports.system import Clock, Ids
from application.testing.builders import AT

DISTINCT = 20_000


class ClockContract:
    """The promise of ``Clock``. Supply the fixture ``clock``."""

    def test_now_is_aware_and_in_utc(self, clock: Clock) -> None:
        assert clock.now().utcoffset() == timedelta(0)
        assert clock.now().tzname() == "UTC"

    def test_now_is_in_whole_milliseconds(self, clock: Clock) -> None:
        assert not any(clock.now().microsecond % 1000 for _ in range(1000))


class IdsContract:
    """The promise of ``Ids``. Supply the fixture ``ids``."""

    def test_every_id_is_new(self, ids: Ids) -> None:
        made = {ids.new(AT + timedelta(milliseconds=number % 3)) for number in range(DISTINCT)}
        assert len(made) == DISTINCT

    def test_every_id_is_a_uuid_of_version_7(self, ids: Ids) -> None:
        for _ in range(1000):
            id = ids.new(AT)
            assert id.version == 7
            assert id.variant == "specified in RFC 4122"

    def test_every_id_starts_with_the_given_time(self, ids: Ids) -> None:
        for number in range(1000):
            at = AT + timedelta(milliseconds=number * 7919)
            assert ids.new(at).int >> 80 == round(at.timestamp() * 1000)
