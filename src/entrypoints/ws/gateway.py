"""One socket's life: accept, authenticate, welcome, frames in order, and a way out for every fault.

The reader never stops (pongs arrive through it) and only enqueues; one worker carries frames out one after the
other, so acks come in the order of the frames; one writer owns the socket's sending side.
"""

import asyncio
import contextlib
from collections import deque
from typing import Any

import structlog
from litestar import WebSocket, websocket
from litestar.di import NamedDependency

from application.bus.messages import Actor
from application.identity.authentication import Authentication
from application.ports.security import Claims
from application.ports.system import Clock, Ids
from application.presence.views import PresenceList
from domain.shared.errors import RateLimited, Refusal, Unavailable
from domain.shared.values import moment
from entrypoints.http.auth import address_of, bearer, origin_allowed
from entrypoints.http.decoding import build
from entrypoints.http.desk import Desk
from entrypoints.http.errors import InternalError
from entrypoints.ws import protocol
from entrypoints.ws.frames import (
    QUERIES,
    Authenticate,
    ClientFrame,
    MalformedFrame,
    Resume,
    WatchPresence,
    command_of,
    open_frame,
    query_of,
)
from entrypoints.ws.socket import Socket

log = structlog.get_logger("ws")

Close = tuple[int, str]


class Ended(Exception):
    """The connection is over, for the reason given; None when the client has gone."""

    def __init__(self, close: Close | None) -> None:
        super().__init__(close)
        self.close = close


class Gateway:
    """Serves sockets. One object for all of them; what belongs to one socket lives in ``serve``."""

    def __init__(self, desk: Desk, clock: Clock, ids: Ids) -> None:
        self._desk = desk
        self._clock = clock
        self._ids = ids

    async def serve(self, socket: WebSocket[Any, Any, Any]) -> None:
        """From accept to close. Never raises for what a client does."""
        offered = socket.scope.get("subprotocols") or []
        chosen = protocol.SUBPROTOCOL if protocol.SUBPROTOCOL in offered else None
        await socket.accept(subprotocols=chosen)
        connection_id = str(self._ids.new(self._clock.now()))
        out = Socket(socket, connection_id)
        writer = asyncio.create_task(out.write())
        try:
            self._require_welcome_guest(socket, chosen, bool(offered))
            claims = await self._first_claims(socket)
            await self._session(socket, out, claims)
        except Ended as ended:
            if ended.close is not None:
                out.end(*ended.close)
        except Unavailable:
            out.end(*protocol.RESTART)
        except Exception as error:
            log.exception("unexpected_error", connection_id=connection_id, exc_info=error)
            out.end(*protocol.INTERNAL)
        finally:
            out.end(*protocol.INTERNAL)
            await writer

    def _require_welcome_guest(
        self, socket: WebSocket[Any, Any, Any], chosen: str | None, offered: bool
    ) -> None:
        origin = socket.headers.get("origin")
        host = socket.headers.get("host", "")
        if origin is not None and not origin_allowed(origin, host, self._desk.settings):
            raise Ended(protocol.ORIGIN)
        if offered and chosen is None:
            raise Ended(protocol.NO_SUBPROTOCOL)
        if self._desk.draining:
            raise Ended(protocol.RESTART)

    async def _first_claims(self, socket: WebSocket[Any, Any, Any]) -> Claims:
        try:
            if header := socket.headers.get("authorization"):
                return await self._desk.authentication.of(bearer(header))
            async with asyncio.timeout(protocol.AUTHENTICATE_WITHIN_SECONDS):
                frame = open_frame(await _text(socket))
            if frame.type != "authenticate":
                raise Ended(protocol.UNAUTHENTICATED)
            token = build(Authenticate, frame.fields).access_token
            return await self._desk.authentication.of(token)
        except Unavailable:
            raise
        except (Refusal, TimeoutError):
            raise Ended(protocol.UNAUTHENTICATED) from None

    async def _session(self, socket: WebSocket[Any, Any, Any], out: Socket, claims: Claims) -> None:
        if self._desk.hub.devices_of(claims.user_id) >= protocol.CONNECTIONS_AT_MOST:
            raise Ended(protocol.TOO_MANY)
        out.belongs_to(claims.user_id, claims.session_id)
        try:
            await self._desk.hub.attach(out, holding=True)
            out.begin(
                protocol.welcome(
                    connection_id=out.connection_id,
                    user_id=claims.user_id,
                    session_id=claims.session_id,
                    epoch=self._desk.epoch,
                    server_time=moment(self._clock.now()),
                )
            )
            self._desk.attendance.arrived(claims.user_id)
            try:
                await Conversation(self._desk, self._clock, socket, out, claims).run()
            finally:
                self._desk.attendance.left(claims.user_id)
                self._desk.watching.forget(out)
        finally:
            await self._desk.hub.detach(out)


class Conversation:
    """What a client and the server say to each other after the welcome."""

    def __init__(
        self, desk: Desk, clock: Clock, socket: WebSocket[Any, Any, Any], out: Socket, claims: Claims
    ) -> None:
        self._desk = desk
        self._clock = clock
        self._socket = socket
        self._out = out
        self._claims = claims
        self._renewed = asyncio.Event()
        self._inbox: asyncio.Queue[str] = asyncio.Queue(maxsize=protocol.FRAMES_PER_WINDOW * 2)
        self._malformed = 0
        self._window: deque[float] = deque()
        self._excess = 0
        self._holds_back = True

    async def run(self) -> None:
        """Until either side ends it; raises ``Ended``."""
        enough = asyncio.get_running_loop().call_later(protocol.HELD_BACK_SECONDS, self._settle)
        tasks = [
            asyncio.create_task(work)
            for work in (self._read(), self._work(), self._watch_token(), self._out.ended.wait())
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if error := task.exception():
                    raise error
        finally:
            enough.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self) -> None:
        while True:
            text = await _text(self._socket)
            if self._too_many():
                self._out.deliver(protocol.error(None, RateLimited(retry_after=1.0), self._out.connection_id))
                continue
            await self._inbox.put(text)

    def _too_many(self) -> bool:
        """Count a frame against its window. Raises ``Ended`` when the client does not heed the warnings."""
        if not self._desk.settings.rates:
            return False
        now = asyncio.get_running_loop().time()
        while self._window and now - self._window[0] >= protocol.WINDOW_SECONDS:
            self._window.popleft()
        if len(self._window) < protocol.FRAMES_PER_WINDOW:
            self._window.append(now)
            self._excess = 0
            return False
        self._excess += 1
        if self._excess > protocol.WARNINGS_AT_MOST:
            raise Ended(protocol.RATE_LIMITED)
        return True

    async def _work(self) -> None:
        while True:
            text = await self._inbox.get()
            ref: str | None = None
            try:
                frame = open_frame(text)
                ref = frame.ref
                answer = await self._carry_out(frame)
            except MalformedFrame as refusal:
                self._malformed += 1
                answer = protocol.error(None, refusal, self._out.connection_id)
            except Refusal as refusal:
                answer = protocol.error(ref, refusal, self._out.connection_id)
            except Exception as error:
                if isinstance(error, Ended):
                    raise
                log.exception("unexpected_error", connection_id=self._out.connection_id, exc_info=error)
                answer = protocol.error(ref, InternalError(), self._out.connection_id)
            self._out.deliver(answer)
            if self._malformed >= protocol.MALFORMED_AT_MOST:
                raise Ended(protocol.MALFORMED)

    def _settle(self) -> None:
        """Whoever does not begin with ``resume`` hears all since the welcome: until that is known, it is held back."""
        if self._holds_back:
            self._holds_back = False
            self._desk.hub.settle(self._out)

    async def _carry_out(self, frame: ClientFrame) -> bytes:
        if frame.type == "resume":
            return await self._resume(build(Resume, frame.fields), frame.ref)
        self._settle()
        if frame.type == "ping":
            return protocol.pong(frame.ref, moment(self._clock.now()))
        if frame.type == "authenticate":
            await self._authenticate_again(build(Authenticate, frame.fields).access_token)
            return protocol.ack(frame.ref, None)
        if frame.type == "presence.watch":
            return protocol.ack(frame.ref, await self._watch(build(WatchPresence, frame.fields)))
        if frame.type in QUERIES:
            query = query_of(frame)
            return protocol.ack(frame.ref, await self._desk.bus.ask(query, self._actor()))
        command, key = command_of(frame)
        return protocol.ack(frame.ref, await self._desk.bus.execute(command, self._actor(), key=key))

    async def _resume(self, frame: Resume, ref: str | None) -> bytes:
        self._holds_back = False
        try:
            await frame.access.before(frame, self._actor(), self._desk.gate)
            same = frame.epoch == self._desk.epoch
            done = await self._desk.hub.resume(self._out, frame.revisions, same_epoch=same)
            return protocol.resumed(ref, *done)
        finally:
            self._desk.hub.settle(self._out)

    async def _watch(self, frame: WatchPresence) -> PresenceList:
        await frame.access.before(frame, self._actor(), self._desk.gate)
        return PresenceList(items=await self._desk.watching.watch(self._out, frame.user_ids))

    def _actor(self) -> Actor:
        return Actor(
            user_id=self._claims.user_id,
            session_id=self._claims.session_id,
            address=address_of(self._socket.scope),
        )

    async def _authenticate_again(self, token: str) -> None:
        authentication: Authentication = self._desk.authentication
        claims = await authentication.of(token)
        if (claims.user_id, claims.session_id) != (self._claims.user_id, self._claims.session_id):
            raise Ended(protocol.UNAUTHENTICATED)
        self._claims = claims
        self._renewed.set()

    async def _watch_token(self) -> None:
        """End the connection a minute after its token, unless a fresh one came."""
        while True:
            left = (self._claims.expires_at - self._clock.now()).total_seconds()
            self._renewed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, left + protocol.TOKEN_GRACE_SECONDS)):
                    await self._renewed.wait()
                continue
            raise Ended(protocol.UNAUTHENTICATED)


async def _text(socket: WebSocket[Any, Any, Any]) -> str:
    """The next text frame. Raises ``Ended`` when the client has gone or sent what it must not."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise Ended(None)
    text = message.get("text")
    if not isinstance(text, str):
        raise Ended(protocol.UNSUPPORTED)
    if len(text) > protocol.FRAME_AT_MOST:
        raise Ended(protocol.TOO_BIG)
    return text


@websocket("/v1/realtime", opt={"public": True})
async def realtime(socket: WebSocket[Any, Any, Any], gateway: NamedDependency[Gateway]) -> None:
    """The realtime protocol; see docs/realtime.md."""
    await gateway.serve(socket)
