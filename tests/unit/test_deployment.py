"""What is written about the product, and what it is deployed with, agree with the product."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rich_click as click
import yaml

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
RUN_ONCE = {"migrate"}
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|KEYS|CREDENTIAL")
VARIABLE = re.compile(r"\$\{(\w+)(:?[-?+])?([^}]*)\}")
SETTING = re.compile(r"\b(?:SENTINAL_[A-Z_]+|(?:MIGRATIONS_)?DATABASE_URL|DATABASE_POOL_SIZE|REDIS_URL)\b")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:src|tests|db|docs|tools|deploy)/[\w./-]+)`")

page = pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


def _without_code(text: str) -> str:
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.M | re.S)


def _anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", _without_code(path.read_text()), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _cli() -> click.Group:
    from entrypoints.cli.app import cli

    return cli


def _commands(group: click.Group, words: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, (*words, name))
        else:
            yield " ".join((*words, name)), command


def _container_commands() -> list[list[str]]:
    listed = [service["command"] for service in SERVICES.values() if "command" in service]
    default = re.search(r"^CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(), flags=re.M)
    assert default is not None
    return [command for command in (*listed, yaml.safe_load(default[1])) if command[0] == "sentinal"]


def test_compose_runs_two_servers_over_one_of_each_store() -> None:
    assert set(SERVICES) == {"postgres", "redis", "migrate", "server-1", "server-2", "balancer"}
    assert SERVICES["server-1"] == SERVICES["server-2"]
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["balancer"]


def test_whatever_keeps_running_says_whether_it_is_well() -> None:
    for name, service in SERVICES.items():
        assert ("healthcheck" in service) == (name not in RUN_ONCE), name


def test_servers_start_after_the_migrations_and_before_the_balancer() -> None:
    assert SERVICES["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    assert SERVICES["migrate"]["restart"] == "no"
    for server in ("server-1", "server-2"):
        assert SERVICES[server]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
        assert SERVICES["balancer"]["depends_on"][server]["condition"] == "service_healthy"


def test_a_server_has_time_to_drain() -> None:
    from entrypoints.cli.serving import DRAIN_SECONDS, GRACE_SECONDS

    given = int(SERVICES["server-1"]["stop_grace_period"].removesuffix("s"))
    assert given > DRAIN_SECONDS + GRACE_SECONDS + 2  # the last for the courier


def test_no_secret_has_a_default() -> None:
    variables = VARIABLE.findall((ROOT / "docker-compose.yml").read_text())
    secrets = {name: operator for name, operator, _ in variables if SECRET.search(name)}
    assert set(secrets) == {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "SENTINAL_SIGNING_KEYS"}
    assert set(secrets.values()) == {":?"}
    assert all(text for _, operator, text in variables if operator == ":?"), "say what to do"


def test_no_secret_is_written_down() -> None:
    for name, service in SERVICES.items():
        for setting, value in service.get("environment", {}).items():
            plain = VARIABLE.sub("", str(value))
            assert not SECRET.search(setting) or not plain, f"{name}: {setting}"
            assert not re.search(r"://[^/@]*:[^/@]+@", plain), f"{name}: {setting} has a password in it"
    for line in (ROOT / ".env.example").read_text().splitlines():
        name, _, value = line.lstrip("#").partition("=")
        assert not SECRET.search(name) or not value or " " in name, line


def test_containers_run_commands_that_exist() -> None:
    commands = dict(_commands(_cli()))
    found = set()
    for words in _container_commands():
        plain = [word for word in words[1:] if not word.startswith("-")]
        name = next(" ".join(plain[:n]) for n in (2, 1) if " ".join(plain[:n]) in commands)
        known = {option for parameter in commands[name].params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known
        found.add(f"sentinal {name}")
    assert found == {"sentinal migrate up", "sentinal serve"}


def test_the_balancer_knows_both_servers_and_passes_websockets() -> None:
    conf = (ROOT / "deploy" / "nginx.conf").read_text()
    assert re.findall(r"^\s+server ([\w-]+):8000", conf, flags=re.M) == ["server-1", "server-2"]
    assert "proxy_set_header Upgrade $http_upgrade;" in conf
    assert "proxy_set_header Connection $connection_upgrade;" in conf
    assert any(volume.startswith("./deploy/nginx.conf:") for volume in SERVICES["balancer"]["volumes"])


def test_the_servers_believe_the_balancer_and_nobody_else() -> None:
    address = SERVICES["balancer"]["networks"]["default"]["ipv4_address"]
    assert SERVICES["server-1"]["environment"]["SENTINAL_TRUSTED_PROXIES"] == address
    assert "X-Forwarded-For $remote_addr;" in (ROOT / "deploy" / "nginx.conf").read_text()


def test_the_image_is_locked_and_does_not_run_as_root() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert len(re.findall(r"^FROM ", text, flags=re.M)) == 2
    syncs = [line for line in text.splitlines() if "uv sync" in line]
    assert syncs
    assert all("--frozen" in line and "--no-dev" in line for line in syncs)
    users = re.findall(r"^USER (\S+)", text, flags=re.M)
    assert users
    assert users[-1] not in ("root", "0")
    assert "COPY . " not in text, "what lies about in a checkout is not for the image"


@page
def test_links_lead_somewhere(path: Path) -> None:
    for link in LINK.findall(_without_code(path.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = path if not name else (path.parent / name).resolve()
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


@page
def test_paths_that_pages_name_exist(path: Path) -> None:
    missing = [name for name in PATH.findall(_without_code(path.read_text())) if not (ROOT / name).exists()]
    # The one file that a recipe tells its reader to write.
    assert [name for name in missing if not name.endswith("/rename_group.py")] == []


def test_decision_records_are_short_and_alike() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    for number, record in enumerate(records, 1):
        text = record.read_text()
        assert text.startswith(f"# {number:04d}. "), record.name
        assert re.findall(r"^## (.+)$", text, flags=re.M) == ["Context", "Decision", "Consequences"], (
            record.name
        )
        assert text.count("\n") <= 40, record.name
        assert f"(adr/{record.name})" in (ROOT / "docs" / "architecture.md").read_text()


def test_every_setting_is_explained_and_no_other() -> None:
    entrypoints = ROOT / "src" / "entrypoints"
    read = {
        name
        for source in (entrypoints / "settings.py", *(entrypoints / "embedded").glob("*.py"))
        for name in SETTING.findall(source.read_text())
    } | {"MIGRATIONS_DATABASE_URL"}
    for text in ((ROOT / "docs" / "operations.md").read_text(), (ROOT / ".env.example").read_text()):
        assert set(SETTING.findall(text)) == read


def test_every_command_is_explained() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    assert [name for name, _ in _commands(_cli()) if f"`sentinal {name}" not in text] == []


def test_every_route_is_explained() -> None:
    from entrypoints.cli.documents import openapi_of_this_version

    text = re.sub(r"\{\w+\}", "{id}", (ROOT / "docs" / "http-api.md").read_text())
    paths: Any = openapi_of_this_version()["paths"]
    for path, methods in paths.items():
        shown = re.sub(r"\{\w+\}", "{id}", path)
        for method in methods:
            assert re.search(rf"`{method.upper()} {re.escape(shown)}[`?]", text), f"{method} {path}"


def test_every_frame_and_event_is_explained() -> None:
    from entrypoints.ws.asyncapi import EVENT_DATA
    from entrypoints.ws.frames import COMMANDS, CONTROL

    text = (ROOT / "docs" / "realtime.md").read_text()
    assert [name for name in (*COMMANDS, *CONTROL, *EVENT_DATA) if f"`{name}`" not in text] == []
