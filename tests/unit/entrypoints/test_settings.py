"""A wrong setting stops the start, and is named without its value."""

import pytest

from entrypoints.settings import RATES, SettingRefused, load

WHOLE = {
    "SENTINAL_SIGNING_KEYS": "keys.json",
    "DATABASE_URL": "postgresql://x",
    "REDIS_URL": "redis://x",
}


def test_development_needs_three_settings_and_no_more() -> None:
    settings = load(WHOLE)
    assert not settings.is_production
    assert settings.rates == RATES


@pytest.mark.parametrize("missing", WHOLE)
def test_a_missing_setting_is_named(missing: str) -> None:
    with pytest.raises(SettingRefused, match=missing):
        load({name: value for name, value in WHOLE.items() if name != missing})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SENTINAL_ENV", "prod-s3cret"),
        ("DATABASE_POOL_SIZE", "0"),
        ("DATABASE_POOL_SIZE", "s3cret"),
        ("SENTINAL_RELAY", "s3cret"),
        ("SENTINAL_COOKIE_SECURE", "s3cret"),
        ("SENTINAL_LOG_FORMAT", "s3cret"),
        ("SENTINAL_LOG_LEVEL", "s3cret"),
        ("SENTINAL_LIMITS", "messages=s3cret"),
        ("SENTINAL_LIMITS", "s3cret=1:1/s"),
        ("SENTINAL_LIMITS", "messages=0:1/s"),
        ("SENTINAL_FAILPOINTS", "s3cret"),
        ("SENTINAL_FAILPOINTS", "s3cret=1"),
        ("SENTINAL_FAILPOINTS", "hub.drop=s3cret"),
        ("SENTINAL_FAILPOINTS", "hub.drop=nan"),
        ("SENTINAL_FAILPOINTS", "hub.drop=2"),
    ],
)
def test_a_wrong_value_is_refused_and_not_shown(name: str, value: str) -> None:
    with pytest.raises(SettingRefused, match=name) as refused:
        load(WHOLE | {name: value})
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SENTINAL_COOKIE_SECURE", "off"),
        ("SENTINAL_LIMITS", "off"),
        ("SENTINAL_ALLOWED_ORIGINS", "https://a.example,*"),
        ("SENTINAL_FAILPOINTS", "hub.drop=0.4"),
    ],
)
def test_production_refuses_what_development_allows(name: str, value: str) -> None:
    load(WHOLE | {name: value})
    with pytest.raises(SettingRefused, match=name):
        load(WHOLE | {"SENTINAL_ENV": "production", name: value})


def test_limits_read_as_burst_and_pace() -> None:
    rate = load(WHOLE | {"SENTINAL_LIMITS": "messages=7:3/min"}).rates["messages"]
    assert (rate.burst, rate.per_period, rate.period) == (7, 3, 60.0)
