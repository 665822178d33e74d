"""The composition root: which object is made of which. The only module that knows all of them.

What must be opened and closed (store, realtime) is opened by ``lifespan`` and handed in; everything else is a
singleton made from it, on first use.
"""

from typing import Any

from dependency_injector import containers, providers

from adapters.argon2.passwords import Argon2Passwords
from adapters.jwt.access_tokens import JwtAccessTokens
from adapters.jwt.key_file import KeyFile
from adapters.jwt.keys import SigningKeys
from adapters.jwt.refresh_tokens import HmacBodyHashes, HmacRefreshTokens
from adapters.system.clock import SystemClock, SystemIds
from application.bus.access import Gatekeepers
from application.bus.bus import Bus
from application.catalogue import register
from application.conversation.joining import GroupSize
from application.cursors import Cursors
from application.identity.authentication import Authentication
from application.identity.people import People
from application.identity.redact_messages import Redactor
from application.messaging.edit_message import Windows
from application.messaging.wipe_expired import Sweeper
from application.outbox.courier import ImmediateCourier
from application.outbox.relay import Relay
from application.ports.descriptions import Descriptions
from application.ports.readers import (
    Archive,
    ContactReader,
    ConversationReader,
    Credentials,
    Directory,
    MessageReader,
    Profiles,
    SessionReader,
)
from application.ports.security import AccessTokens, BodyHashes, Passwords, RefreshTokens
from application.ports.syncing import ReceiptReader, SyncReader
from application.presence.attendance import Attendance
from application.presence.mirroring import Mirroring
from application.presence.sight import Sight
from application.presence.watching import Watching
from application.realtime.hub import Hub
from application.realtime.seating import Seating
from application.typing.audience import Audience
from application.typing.typists import Typists
from entrypoints.http.desk import Desk
from entrypoints.journal import Journal
from entrypoints.plugins import Realtime, Store
from entrypoints.settings import Settings
from entrypoints.ws.gateway import Gateway
from entrypoints.ws.metrics import HubCounters


def _ports(
    store: Store,
    passwords: Passwords,
    access_tokens: AccessTokens,
    refresh_tokens: RefreshTokens,
    hashes: BodyHashes,
    people: People,
    sight: Sight,
    cursors: Cursors,
    windows: Windows,
    settings: Settings,
    descriptions: Descriptions,
) -> dict[type[Any], Any]:
    """What handlers may ask for, by the type they ask with."""
    return {
        Passwords: passwords,
        AccessTokens: access_tokens,
        RefreshTokens: refresh_tokens,
        BodyHashes: hashes,
        People: people,
        Sight: sight,
        Cursors: cursors,
        Windows: windows,
        GroupSize: GroupSize(settings.group_members),
        Profiles: store.profiles,
        Descriptions: descriptions,
        Directory: store.directory,
        Credentials: store.credentials,
        SessionReader: store.sessions,
        ContactReader: store.contacts,
        Archive: store.archive,
        ConversationReader: store.conversations,
        MessageReader: store.messages,
        SyncReader: store.sync,
        ReceiptReader: store.receipts,
    }


class Container(containers.DeclarativeContainer):
    """One server process."""

    settings: providers.Dependency[Settings] = providers.Dependency(instance_of=Settings)
    store: providers.Dependency[Store] = providers.Dependency(instance_of=Store)
    realtime: providers.Dependency[Realtime] = providers.Dependency(instance_of=Realtime)
    epoch: providers.Dependency[str] = providers.Dependency(instance_of=str)

    clock = providers.Singleton(SystemClock)
    ids = providers.Singleton(SystemIds)
    keys = providers.Singleton(SigningKeys.load, settings.provided.signing_keys)
    passwords = providers.Singleton(Argon2Passwords)
    access_tokens = providers.Singleton(JwtAccessTokens, keys)
    key_file = providers.Singleton(KeyFile, settings.provided.signing_keys, keys, access_tokens.provided.use)
    refresh_tokens = providers.Singleton(HmacRefreshTokens, keys.provided.refresh_secret)
    hashes = providers.Singleton(HmacBodyHashes, keys.provided.refresh_secret)
    cursors = providers.Singleton(Cursors, hashes)
    profiles = realtime.provided.remember_profiles.call(store.provided.profiles)
    sessions = realtime.provided.remember_sessions.call(store.provided.sessions)
    descriptions = realtime.provided.remember_descriptions.call(store.provided.descriptions)
    people = providers.Singleton(People, profiles, store.provided.relations, realtime.provided.presences)
    sight = providers.Singleton(Sight, profiles, store.provided.relations, realtime.provided.presences)

    authentication = providers.Singleton(Authentication, access_tokens, sessions, clock)
    publishing = (realtime.provided.broker, store.provided.outbox, realtime.provided.caches, clock)
    courier = providers.Singleton(ImmediateCourier, *publishing)
    relay = providers.Singleton(Relay, *publishing, store.provided.command_log)
    hub = providers.Singleton(
        Hub,
        broker=realtime.provided.broker,
        outbox=store.provided.outbox,
        conversations=store.provided.conversations,
        sessions=store.provided.sessions,
        authentication=authentication,
        clock=clock,
        witness=providers.Singleton(HubCounters),
    )
    mirroring = providers.Singleton(
        Mirroring,
        mirror=store.provided.mirror,
        presences=realtime.provided.presences,
        relay=relay,
        turn_every=settings.provided.heartbeat_every,
    )
    attendance = providers.Singleton(
        Attendance,
        presences=realtime.provided.presences,
        broker=realtime.provided.broker,
        mirroring=mirroring,
        clock=clock,
        ids=ids,
        beat_every=settings.provided.heartbeat_every,
    )
    watching = providers.Singleton(Watching, broker=realtime.provided.broker, sight=sight, clock=clock)
    seating = providers.Singleton(Seating, realtime.provided.seats)
    audience = providers.Singleton(
        Audience, store.provided.conversations, store.provided.relations, profiles, clock
    )
    typists = providers.Singleton(
        Typists, audience=audience, broker=realtime.provided.broker, clock=clock, ids=ids
    )
    gate = providers.Singleton(
        Gatekeepers,
        limits=realtime.provided.limits,
        rates=settings.provided.rates,
        conversations=store.provided.conversations,
        messages=store.provided.messages,
        credentials=store.provided.credentials,
    )
    windows = providers.Singleton(
        Windows, edit=settings.provided.edit_window, delete=settings.provided.delete_window
    )
    ports = providers.Singleton(
        _ports,
        store,
        passwords,
        access_tokens,
        refresh_tokens,
        hashes,
        people,
        sight,
        cursors,
        windows,
        settings,
        descriptions,
    )
    handlers = providers.Singleton(register, ports)
    witness = providers.Singleton(Journal)
    bus = providers.Singleton(
        Bus,
        handlers=handlers,
        units=store.provided.units,
        log=store.provided.command_log,
        gate=gate,
        clock=clock,
        ids=ids,
        courier=courier,
        caches=realtime.provided.caches,
        witness=witness,
    )
    redactor = providers.Singleton(Redactor, bus, store.provided.redactions)
    sweeper = providers.Singleton(Sweeper, bus, store.provided.expirations, clock)
    desk = providers.Singleton(
        Desk,
        bus=bus,
        authentication=authentication,
        access_tokens=access_tokens,
        refresh_tokens=refresh_tokens,
        hub=hub,
        attendance=attendance,
        watching=watching,
        typists=typists,
        seating=seating,
        people=people,
        gate=gate,
        health=providers.List(store.provided.health, realtime.provided.health),
        epoch=epoch,
        settings=settings,
    )
    gateway = providers.Singleton(Gateway, desk, clock, ids)
