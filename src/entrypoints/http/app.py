"""The application: routes, the order of checks, and nothing else."""

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ASGIApp

from entrypoints.container import Container
from entrypoints.http import (
    contacts,
    conversations,
    identity,
    members,
    messages,
    operations,
    participation,
    people,
    presence,
    receipts,
    sync,
)
from entrypoints.http.auth import RequireToken
from entrypoints.http.desk import Desk
from entrypoints.http.envelope import Envelope
from entrypoints.http.errors import EXCEPTION_HANDLERS
from entrypoints.ws.gateway import Gateway, realtime


def application(container: Container) -> ASGIApp:
    """The ASGI application over a running container."""
    desk, gateway = container.desk(), container.gateway()

    def the_desk() -> Desk:
        return desk

    def the_gateway() -> Gateway:
        return gateway

    v1 = Router(
        "/v1",
        route_handlers=[
            *identity.ROUTES,
            *people.ROUTES,
            *contacts.ROUTES,
            *conversations.ROUTES,
            *members.ROUTES,
            *messages.ROUTES,
            *participation.ROUTES,
            *receipts.ROUTES,
            *sync.ROUTES,
            *presence.ROUTES,
        ],
        middleware=[RequireToken()],
    )
    litestar = Litestar(
        route_handlers=[v1, realtime, *operations.ROUTES],
        dependencies={
            "desk": Provide(the_desk, sync_to_thread=False),
            "gateway": Provide(the_gateway, sync_to_thread=False),
        },
        exception_handlers=EXCEPTION_HANDLERS,
        state=State({"authentication": container.authentication()}, deep_copy=False),
        openapi_config=None,
        logging_config=None,
        request_max_body_size=None,
    )
    return Envelope(litestar, container.clock(), container.ids(), tls=container.settings().cookie_secure)
