"""One socket's life: accept, authenticate, welcome, frames in order, and a way out for every fault.

The reader never stops (pongs arrive through it) and only enqueues; one worker, there while there are frames, carries
them out one after the other, so acks come in the order of the frames. An idle socket has one task, the reader's.
"""

import asyncio
from typing import Any

import structlog
from litestar import WebSocket, websocket
from litestar.di import NamedDependency

from application.bus.messages import Actor
from application.identity.authentication import Authentication
from application.ports.security import Claims
from application.ports.system import Clock, Ids
from domain.shared.errors import RateLimited, Refusal, Unavailable
from domain.shared.values import moment
from entrypoints.http.auth import address_of, bearer, origin_allowed
from entrypoints.http.decoding import build
from entrypoints.http.desk import Desk
from entrypoints.http.errors import InternalError
from entrypoints.ws import protocol
from entrypoints.ws.beside import BESIDE, carry_out_beside
from entrypoints.ws.entrance import Crowded, Doorway, inside
from entrypoints.ws.frames import (
    QUERIES,
    Authenticate,
    ClientFrame,
    Ping,
    Resume,
    command_of,
    open_frame,
    query_of,
)
from entrypoints.ws.inbound import Ended, Pace, header_of, payload_from
from entrypoints.ws.socket import Socket
from entrypoints.ws.subprotocols import JSON, MalformedFrame, Subprotocol, chosen_of
from entrypoints.ws.wires import Tick, wire_of

log = structlog.get_logger("ws")

INBOX_AT_MOST = protocol.FRAMES_PER_WINDOW * 2


class Gateway:
    """Serves sockets. One object for all of them; what belongs to one socket lives in ``serve``."""

    def __init__(self, desk: Desk, clock: Clock, ids: Ids) -> None:
        self._desk = desk
        self._clock = clock
        self._ids = ids
        self._doorway = Doorway() if desk.settings.rates else Doorway(None)
        self._tick = Tick()

    async def serve(self, socket: WebSocket[Any, Any, Any]) -> None:
        """From accept to close. Never raises for what a client does."""
        offered = socket.scope.get("subprotocols") or []
        chosen = chosen_of(offered)
        await socket.accept(subprotocols=chosen.name if chosen else None)
        subprotocol = chosen or JSON
        connection_id = str(self._ids.new(self._clock.now()))
        out = Socket(*wire_of(socket, subprotocol), connection_id, self._tick)
        try:
            self._require_welcome_guest(socket, knows_us=bool(chosen or not offered))
            claims = await self._first_claims(socket, subprotocol)
            await self._session(socket, subprotocol, out, claims)
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
            await out.closed()

    def _require_welcome_guest(self, socket: WebSocket[Any, Any, Any], *, knows_us: bool) -> None:
        origin = header_of(socket, b"origin")
        host = header_of(socket, b"host") or ""
        if origin is not None and not origin_allowed(origin, host, self._desk.settings):
            raise Ended(protocol.ORIGIN)
        if not knows_us:
            raise Ended(protocol.NO_SUBPROTOCOL)
        if self._desk.draining:
            raise Ended(protocol.RESTART)

    async def _first_claims(self, socket: WebSocket[Any, Any, Any], subprotocol: Subprotocol) -> Claims:
        try:
            if header := header_of(socket, b"authorization"):
                return await self._desk.authentication.of(bearer(header))
            with self._doorway.waiting(address_of(socket.scope)):
                async with asyncio.timeout(protocol.AUTHENTICATE_WITHIN_SECONDS):
                    frame = open_frame(await payload_from(socket, subprotocol), subprotocol)
            if frame.type != "authenticate":
                raise Ended(protocol.UNAUTHENTICATED)
            token = build(Authenticate, frame.fields).access_token
            return await self._desk.authentication.of(token)
        except Unavailable:
            raise
        except Crowded:
            raise Ended(protocol.TOO_MANY) from None
        except (Refusal, TimeoutError):
            raise Ended(protocol.UNAUTHENTICATED) from None

    async def _session(
        self, socket: WebSocket[Any, Any, Any], subprotocol: Subprotocol, out: Socket, claims: Claims
    ) -> None:
        if not await self._desk.seating.take(claims.user_id, out.connection_id):
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
            with inside(self._desk, out, claims.user_id):
                await Conversation(self._desk, self._clock, socket, subprotocol, out, claims).run()
        finally:
            await self._desk.hub.detach(out)
            await self._desk.seating.leave(claims.user_id, out.connection_id)


class Conversation:
    """What a client and the server say to each other after the welcome."""

    def __init__(
        self,
        desk: Desk,
        clock: Clock,
        socket: WebSocket[Any, Any, Any],
        subprotocol: Subprotocol,
        out: Socket,
        claims: Claims,
    ) -> None:
        self._desk = desk
        self._clock = clock
        self._socket = socket
        self._out = out
        self._claims = claims
        self._subprotocol = subprotocol
        self._inbox: list[bytes] = []
        self._worker: asyncio.Task[None] | None = None
        self._malformed = 0
        self._pace = Pace()
        self._holds_back = True

    async def run(self) -> None:
        """Until either side ends it, or a minute after the token has expired; raises ``Ended``."""
        enough = asyncio.get_running_loop().call_later(protocol.HELD_BACK_SECONDS, self._settle)
        try:
            async with asyncio.timeout(self._token_lasts()) as self._patience:
                self._out.on_end = self._leave
                while not self._out.has_ended:
                    await self._take(await payload_from(self._socket, self._subprotocol))
        except TimeoutError:
            raise Ended(protocol.UNAUTHENTICATED) from None
        finally:
            enough.cancel()
            self._out.on_end = None
            if self._worker is not None:
                self._worker.cancel()
                await asyncio.wait([self._worker])

    def _leave(self) -> None:
        """Let the reader go, whatever it waits for."""
        if not self._patience.expired():
            self._patience.reschedule(asyncio.get_running_loop().time())

    def _token_lasts(self) -> float:
        left = (self._claims.expires_at - self._clock.now()).total_seconds()
        return max(0.0, left + protocol.TOKEN_GRACE_SECONDS)

    async def _take(self, payload: bytes) -> None:
        if self._desk.settings.rates and self._pace.is_too_high():
            self._out.say(protocol.error(None, RateLimited(retry_after=1.0), self._out.connection_id))
            return
        if self._worker is not None and len(self._inbox) >= INBOX_AT_MOST:
            await asyncio.wait([self._worker])
        self._inbox.append(payload)
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())

    async def _work(self) -> None:
        try:
            while self._inbox and not self._out.has_ended:
                answer = await self._answer(self._inbox.pop(0))
                if answer is not None:
                    self._out.say(answer)
                if self._malformed >= protocol.MALFORMED_AT_MOST:
                    raise Ended(protocol.MALFORMED)
        except Ended as ended:
            self._out.end(*(ended.close or protocol.INTERNAL))
        finally:
            self._worker = None

    async def _answer(self, payload: bytes) -> bytes | None:
        ref: str | None = None
        try:
            frame = open_frame(payload, self._subprotocol)
            ref = frame.ref
            return await self._carry_out(frame)
        except MalformedFrame as refusal:
            self._malformed += 1
            return protocol.error(None, refusal, self._out.connection_id)
        except Refusal as refusal:
            return protocol.error(ref, refusal, self._out.connection_id)
        except Ended:
            raise
        except Exception as error:
            log.exception("unexpected_error", connection_id=self._out.connection_id, exc_info=error)
            return protocol.error(ref, InternalError(), self._out.connection_id)

    def _settle(self) -> None:
        """Whoever does not begin with ``resume`` hears all since the welcome: until that is known, it is held back."""
        if self._holds_back:
            self._holds_back = False
            self._desk.hub.settle(self._out)

    async def _carry_out(self, frame: ClientFrame) -> bytes | None:
        if frame.type == "resume":
            return await self._resume(build(Resume, frame.fields), frame.ref)
        self._settle()
        if frame.type == "ping":
            build(Ping, frame.fields)
            return protocol.pong(frame.ref, moment(self._clock.now()))
        if frame.type == "authenticate":
            await self._authenticate_again(build(Authenticate, frame.fields).access_token)
            return protocol.ack(frame.ref, None)
        if frame.type in BESIDE:
            return await carry_out_beside(frame, self._out, self._actor(), self._desk)
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
        if not self._patience.expired():
            self._patience.reschedule(asyncio.get_running_loop().time() + self._token_lasts())


@websocket("/v1/realtime", opt={"public": True})
async def realtime(socket: WebSocket[Any, Any, Any], gateway: NamedDependency[Gateway]) -> None:
    """The realtime protocol; see docs/realtime.md."""
    await gateway.serve(socket)
