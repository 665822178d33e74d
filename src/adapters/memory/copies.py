"""Copies of what is stored: changing an object that was handed out changes nothing in the store."""

import copy
from dataclasses import replace
from typing import TypeVar

from domain.messaging.message import Message

T = TypeVar("T")


def copied(thing: T) -> T:
    """A twin that shares nothing changeable; what the original recorded and nobody told yet stays with it."""
    if isinstance(thing, Message):
        if thing.metadata is None:
            return thing
        return replace(thing, metadata=copy.deepcopy(thing.metadata))
    twin = copy.copy(thing)
    for name in ("events", "ranges", "stays"):
        if hasattr(twin, name):
            setattr(twin, name, [])
    return twin
