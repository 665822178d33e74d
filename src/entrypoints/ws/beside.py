"""Frames that concern nothing but what their own connection shows or is shown: no command, nothing stored."""

from application.bus.messages import Actor
from application.presence.views import PresenceList
from entrypoints.http.decoding import build
from entrypoints.http.desk import Desk
from entrypoints.ws import protocol
from entrypoints.ws.frames import ClientFrame, StartTyping, StopTyping, WatchPresence
from entrypoints.ws.socket import Socket

BESIDE = frozenset({"presence.watch", "typing.start", "typing.stop"})


async def carry_out_beside(frame: ClientFrame, out: Socket, actor: Actor, desk: Desk) -> bytes | None:
    """Do one of these, and the answer to it; typing has one only if it was asked for."""
    if frame.type == "presence.watch":
        return protocol.ack(frame.ref, await _watch(build(WatchPresence, frame.fields), out, actor, desk))
    if frame.type == "typing.start":
        await _start_typing(build(StartTyping, frame.fields), out, actor, desk)
    else:
        desk.typists.stop(out, build(StopTyping, frame.fields).conversation_id)
    return None if frame.ref is None else protocol.ack(frame.ref, None)


async def _watch(frame: WatchPresence, out: Socket, actor: Actor, desk: Desk) -> PresenceList:
    await frame.access.before(frame, actor, desk.gate)
    return PresenceList(items=await desk.watching.watch(out, frame.user_ids))


async def _start_typing(frame: StartTyping, out: Socket, actor: Actor, desk: Desk) -> None:
    if desk.typists.is_told(out, frame.conversation_id):
        return
    await frame.access.before(frame, actor, desk.gate)
    await desk.typists.start(out, frame.conversation_id)
