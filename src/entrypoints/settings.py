"""Settings, from the environment: every one checked before anything starts."""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import msgspec

from application.failpoints import POINTS
from application.ports.limits import Rate

RATES = {
    "messages": Rate(name="messages", burst=20, per_period=5, period=1.0),
    "crowd": Rate(name="crowd", burst=10, per_period=10, period=1.0),
    "commands": Rate(name="commands", burst=60, per_period=10, period=1.0),
    "look_ups": Rate(name="look_ups", burst=60, per_period=60, period=60.0),
    "address_look_ups": Rate(name="address_look_ups", burst=100, per_period=100, period=86400.0),
    "exports": Rate(name="exports", burst=3, per_period=3, period=3600.0),
    "login": Rate(name="login", burst=5, per_period=5, period=60.0, fails_open=False),
    "login_account": Rate(name="login_account", burst=50, per_period=50, period=3600.0, fails_open=False),
    "login_address": Rate(name="login_address", burst=20, per_period=20, period=60.0, fails_open=False),
    "registration": Rate(name="registration", burst=5, per_period=5, period=3600.0, fails_open=False),
}
_PERIODS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


class SettingRefused(Exception):
    """A setting is missing or wrong. The text names the setting and never its value."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What one server process needs to know."""

    environment: str
    database_url: str
    database_pool_size: int
    redis_url: str
    signing_keys: str
    allowed_origins: frozenset[str]
    trusted_proxies: str
    cookie_secure: bool
    store: str
    broker: str
    relay: bool
    presence_seconds: int
    group_members: int
    metrics_token: str
    log_format: str
    log_level: str
    edit_window: timedelta
    delete_window: timedelta
    rates: dict[str, Rate]
    failpoints: dict[str, float]

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def heartbeat_every(self) -> float:
        """Seconds between heartbeats of who is connected: two may be lost."""
        return self.presence_seconds / 3


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises ``SettingRefused``."""
    given = os.environ if environment is None else environment
    kind = _choice(given, "SENTINAL_ENV", "development", ("development", "production"))
    production = kind == "production"
    store = given.get("SENTINAL_STORE", "postgres")
    broker = given.get("SENTINAL_BROKER", "redis")
    settings = Settings(
        environment=kind,
        database_url=given.get("DATABASE_URL", ""),
        database_pool_size=_number(given, "DATABASE_POOL_SIZE", 10, 1, 1000),
        redis_url=given.get("REDIS_URL", ""),
        signing_keys=given.get("SENTINAL_SIGNING_KEYS", ""),
        allowed_origins=frozenset(filter(None, given.get("SENTINAL_ALLOWED_ORIGINS", "").split(","))),
        trusted_proxies=given.get("SENTINAL_TRUSTED_PROXIES", ""),
        cookie_secure=_flag(given, "SENTINAL_COOKIE_SECURE", production),
        store=store,
        broker=broker,
        relay=_flag(given, "SENTINAL_RELAY", True),
        presence_seconds=_number(given, "SENTINAL_PRESENCE_SECONDS", 30, 3, 30),
        group_members=_number(given, "SENTINAL_GROUP_MEMBERS", 10_000, 2, 100_000),
        metrics_token=given.get("SENTINAL_METRICS_TOKEN", ""),
        log_format=_choice(given, "SENTINAL_LOG_FORMAT", "json", ("json", "console")),
        log_level=_choice(given, "SENTINAL_LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
        edit_window=timedelta(hours=_number(given, "SENTINAL_EDIT_HOURS", 48, 0, 87_600)),
        delete_window=timedelta(hours=_number(given, "SENTINAL_DELETE_HOURS", 48, 0, 87_600)),
        rates=_rates(given.get("SENTINAL_LIMITS", ""), production),
        failpoints=_failpoints(given.get("SENTINAL_FAILPOINTS", ""), production),
    )
    if not settings.signing_keys:
        raise SettingRefused("SENTINAL_SIGNING_KEYS is missing: `sentinal keys new FILE` makes a key set.")
    if store == "postgres" and not settings.database_url:
        raise SettingRefused("DATABASE_URL is missing: the address of a PostgreSQL database.")
    if broker == "redis" and not settings.redis_url:
        raise SettingRefused("REDIS_URL is missing: the address of a Redis or Valkey server.")
    if production and not settings.cookie_secure:
        raise SettingRefused("SENTINAL_COOKIE_SECURE must not be off in production.")
    if production and "*" in settings.allowed_origins:
        raise SettingRefused("SENTINAL_ALLOWED_ORIGINS must list origins exactly in production.")
    return settings


def read_dotenv(path: Path, environment: dict[str, str]) -> None:
    """Add the settings of a ``.env`` file that the environment does not have. For development."""
    if not path.is_file():
        return
    for line in path.read_text().splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and name and not name.startswith("#"):
            environment.setdefault(name.strip(), value.strip().strip("\"'"))


def _choice(given: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = given.get(name, default)
    if value not in allowed:
        raise SettingRefused(f"{name} must be one of {', '.join(allowed)}.")
    return value


def _flag(given: Mapping[str, str], name: str, default: bool) -> bool:
    value = given.get(name)
    if value is None or value == "":
        return default
    if value.lower() in ("1", "on", "true", "yes"):
        return True
    if value.lower() in ("0", "off", "false", "no"):
        return False
    raise SettingRefused(f"{name} must be on or off.")


def _number(given: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    value = given.get(name, str(default))
    if not value.isdigit() or not low <= int(value) <= high:
        raise SettingRefused(f"{name} must be a whole number from {low} to {high}.")
    return int(value)


def _rates(text: str, production: bool) -> dict[str, Rate]:
    """``messages=20:5/s,login=…``: burst, then permits per period; ``off`` lifts them all, in development."""
    if text == "off":
        if production:
            raise SettingRefused("SENTINAL_LIMITS must not be off in production.")
        return {}
    rates = dict(RATES)
    for item in filter(None, text.split(",")):
        name, _, value = item.partition("=")
        burst, _, pace = value.partition(":")
        permits, _, period = pace.partition("/")
        if name not in rates or not burst.isdigit() or not permits.isdigit() or period not in _PERIODS:
            raise SettingRefused("SENTINAL_LIMITS must read like messages=20:5/s,login=5:5/min.")
        if int(burst) < 1 or int(permits) < 1:
            raise SettingRefused("SENTINAL_LIMITS must allow at least 1.")
        rates[name] = Rate(
            name=name,
            burst=int(burst),
            per_period=int(permits),
            period=_PERIODS[period],
            fails_open=rates[name].fails_open,
        )
    return rates


def _failpoints(text: str, production: bool) -> dict[str, float]:
    """``hub.drop=0.4,…``: how often, of 1, each of these points fails."""
    if text and production:
        raise SettingRefused("SENTINAL_FAILPOINTS must not be set in production.")
    found = {}
    for item in filter(None, text.split(",")):
        point, _, value = item.partition("=")
        try:
            found[point] = float(value)
        except ValueError:
            found[point] = 0.0
        if point not in POINTS or not 0 < found[point] <= 1:
            raise SettingRefused("SENTINAL_FAILPOINTS must read like hub.drop=0.4,edit.save=1.")
    return found
