"""Where Redis is and how to be let in, read from a ``redis://``, ``rediss://`` or ``unix://`` address."""

import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from redis.asyncio.connection import parse_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """``path`` is a Unix socket and replaces ``host`` and ``port``; ``tls`` is None without encryption."""

    host: str = "localhost"
    port: int = 6379
    path: str | None = None
    database: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None


def address_of(url: str, *, setting: str = "REDIS_URL") -> Address:
    """Read an address; of the query, the ``db`` and ``ssl_*`` options that redis-py documents are honoured.

    Raises ``ValueError`` that names the setting and not its value, which may contain a password.
    """
    try:
        parts: dict[str, Any] = dict(parse_url(url))
        if "," in parts.get("host", ""):
            raise ValueError("host")
        return Address(
            host=parts.get("host", "localhost"),
            port=parts.get("port", 6379),
            path=parts.get("path"),
            database=int(parts.get("db", 0)),
            username=parts.get("username"),
            password=parts.get("password"),
            tls=_tls(parts) if url.lower().startswith("rediss:") else None,
        )
    except (ValueError, TypeError, OSError):
        raise ValueError(
            f"{setting} is not an address of Redis. Write redis://user:password@host:6379/0, "
            "rediss:// for TLS, unix:///path/to/socket, or redis://host:6379,other:6379?cluster=1."
        ) from None


def is_cluster(url: str) -> bool:
    """Whether an address asks for a cluster: ``cluster=1`` in its query."""
    return parse_qs(urlsplit(url).query).get("cluster") == ["1"]


def seeds_of(url: str, *, setting: str = "REDIS_URL") -> list[Address]:
    """The servers of a cluster to ask first: ``redis://user:password@host:6379,other:6379?cluster=1``.

    Raises ``ValueError`` that names the setting and not its value.
    """
    parts = urlsplit(url)
    login, at, hosts = parts.netloc.rpartition("@")
    query = urlencode([pair for pair in parse_qsl(parts.query) if pair[0] != "cluster"])
    seeds = [
        address_of(parts._replace(netloc=f"{login}{at}{host}", query=query).geturl(), setting=setting)
        for host in hosts.split(",")
    ]
    if any(seed.path is not None or seed.database for seed in seeds):
        raise ValueError(f"{setting} names a cluster, which has no Unix socket and only database 0.")
    return seeds


def _tls(parts: dict[str, Any]) -> ssl.SSLContext:
    requirement = parts.get("ssl_cert_reqs", "required")
    if requirement not in ("required", "optional", "none"):
        raise ValueError("ssl_cert_reqs")
    context = ssl.create_default_context(
        cafile=parts.get("ssl_ca_certs"), capath=parts.get("ssl_ca_path"), cadata=parts.get("ssl_ca_data")
    )
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = requirement != "none" and parts.get("ssl_check_hostname", True)
    context.verify_mode = {
        "required": ssl.CERT_REQUIRED,
        "optional": ssl.CERT_OPTIONAL,
        "none": ssl.CERT_NONE,
    }[requirement]
    if certificate := parts.get("ssl_certfile"):
        context.load_cert_chain(certificate, parts.get("ssl_keyfile"), parts.get("ssl_password"))
    return context
