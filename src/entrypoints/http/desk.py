"""What every route has at hand. One injected object, because each injected one costs every request."""

from dataclasses import dataclass

from application.bus.access import Gatekeepers
from application.bus.bus import Bus
from application.identity.authentication import Authentication
from application.identity.people import People
from application.ports.health import Health
from application.ports.security import AccessTokens, RefreshTokens
from application.presence.attendance import Attendance
from application.presence.watching import Watching
from application.realtime.hub import Hub
from application.realtime.seating import Seating
from application.typing.typists import Typists
from entrypoints.settings import Settings


@dataclass(slots=True, kw_only=True)
class Desk:
    """The finished objects that routes and sockets work with. ``draining`` is set when the server is leaving."""

    bus: Bus
    authentication: Authentication
    access_tokens: AccessTokens
    refresh_tokens: RefreshTokens
    hub: Hub
    attendance: Attendance
    watching: Watching
    seating: Seating
    typists: Typists
    people: People
    gate: Gatekeepers
    health: list[Health]
    epoch: str
    settings: Settings
    draining: bool = False
