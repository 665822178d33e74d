"""The house's rules that no linter knows: access stated, events told, ports certified, files of a readable size."""

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path
from statistics import median
from typing import Any, Protocol

import pytest

import application
import domain
from application.bus.messages import Command, Query
from application.catalogue import COMMANDS, QUERIES
from application.outbox.wire import data_of
from domain.shared.errors import Refusal, refusals
from domain.shared.events import Audience, catalogue
from entrypoints.http.errors import STATUS
from entrypoints.ws.asyncapi import EPHEMERAL, EVENT_DATA, unheard

SRC = Path(__file__).parents[2] / "src"
FORBIDDEN_WORDS = (
    "Manager",
    "Service",
    "Helper",
    "Util",
    "Impl",
    "Base",
    "Abstract",
    "DTO",
    "Common",
    "Misc",
)


def _modules(package: Any) -> list[Any]:
    return [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not found.name.startswith("application.testing")
    ]


def _defined(kind: type[Any]) -> set[type[Any]]:
    return {
        thing
        for module in _modules(application)
        for thing in vars(module).values()
        if inspect.isclass(thing)
        and issubclass(thing, kind)
        and thing.__module__ == module.__name__
        and module.__name__ != "application.bus.messages"
    }


def _files() -> list[Path]:
    return [path for path in SRC.rglob("*.py") if "egg-info" not in str(path)]


def test_every_command_and_query_is_in_the_catalogue() -> None:
    assert _defined(Command) == set(COMMANDS)
    assert _defined(Query) == set(QUERIES)


@pytest.mark.parametrize("message", [*COMMANDS, *QUERIES], ids=lambda message: message.__name__)
def test_every_command_and_query_says_who_may(message: type[Any]) -> None:
    assert message.access is not None
    assert message.result_type() is not None


def test_every_event_has_a_wire_name_an_audience_and_a_form() -> None:
    _modules(domain)
    assert catalogue()
    source = inspect.getsource(data_of)
    for wire, event in catalogue().items():
        assert wire == event.wire
        assert isinstance(event.audience, Audience)
        assert f"{event.__name__}()" in source, f"{event.__name__} has no wire form in the codec"


def test_every_event_is_documented_for_clients_or_kept_inside() -> None:
    assert unheard() == {"profile.updated"}
    assert set(EVENT_DATA) - EPHEMERAL <= set(catalogue())
    assert not EPHEMERAL & set(catalogue())


def test_every_refusal_has_one_status() -> None:
    for code, kind in refusals().items():
        assert any(issubclass(kind, known) for known, _ in STATUS) or code == "malformed_frame", code
        assert kind.title, code
    assert issubclass(Refusal, Exception)


def _ports() -> dict[str, type[Any]]:
    ports = importlib.import_module("application.ports")
    return {
        name: thing
        for module in _modules(ports)
        for name, thing in vars(module).items()
        if inspect.isclass(thing) and thing.__module__ == module.__name__ and Protocol in thing.__bases__
    }


def test_every_port_makes_a_promise() -> None:
    for name, port in _ports().items():
        assert port.__doc__, f"{name} promises nothing"


def test_every_port_has_a_contract() -> None:
    testing = "\n".join(path.read_text() for path in (SRC / "application" / "testing").glob("*.py"))
    missing = [name for name in _ports() if name not in testing]
    assert not missing, f"no contract speaks of {missing}"


def test_every_contract_certifies_an_adapter() -> None:
    contracts = {
        node.name
        for path in (SRC / "application" / "testing").glob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and node.name.endswith("Contract")
    }
    certified = "\n".join(path.read_text() for path in (SRC.parent / "tests").rglob("test_*.py"))
    assert contracts
    assert not [name for name in contracts if name not in certified]


@pytest.mark.parametrize("path", _files(), ids=lambda path: str(path.relative_to(SRC)))
def test_files_keep_their_budget(path: Path) -> None:
    text = path.read_text()
    lines = text.count("\n")
    assert lines <= 300, f"{lines} lines: split it by what changes together"
    if path.name == "__init__.py":
        tree = ast.parse(text)
        assert len(tree.body) <= 1, "a package states its rule in a docstring and re-exports nothing"
        assert ast.get_docstring(tree), "a package states its rule"
    elif path.name != "__main__.py":
        assert lines >= 10, "too small to be a room of its own"
        assert ast.get_docstring(ast.parse(text)), "a module says what its reader will know afterwards"


def test_the_median_module_is_readable_at_one_sitting() -> None:
    sizes = [path.read_text().count("\n") for path in _files() if path.name != "__init__.py"]
    assert 40 <= median(sizes) <= 140


@pytest.mark.parametrize("path", _files(), ids=lambda path: str(path.relative_to(SRC)))
def test_names_say_what_things_are(path: Path) -> None:
    names = [node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)]
    assert not [name for name in names if name.endswith(FORBIDDEN_WORDS)]
