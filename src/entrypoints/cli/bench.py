"""``sentinal bench``: load for a deployment, and a check that it loses, doubles and reorders nothing."""

from pathlib import Path

import rich_click as click


@click.command()
@click.option(
    "--url", default="http://127.0.0.1:8000", show_default=True, help="The server, or the balancer."
)
@click.option(
    "--people", default=10, show_default=True, type=click.IntRange(1, 10_000), help="Made for this run."
)
@click.option(
    "--tokens",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="People who exist instead: a file of access tokens, one a line.",
)
@click.option(
    "--conversations", default=10, show_default=True, type=click.IntRange(1), help="Groups made for this run."
)
@click.option("--members", default=10, show_default=True, type=click.IntRange(1, 256), help="In each group.")
@click.option(
    "--sockets", type=click.IntRange(0), help="Who listens, in turn over the people; one each by default."
)
@click.option("--in-flight", default=32, show_default=True, type=click.IntRange(1), help="Sends at a time.")
@click.option(
    "--rate", type=click.FloatRange(min=0, min_open=True), help="Sends a second, instead of --in-flight."
)
@click.option(
    "--seconds", default=10.0, show_default=True, type=click.FloatRange(min=0, min_open=True, max=600)
)
@click.option(
    "--over", type=click.Choice(["socket", "http"]), default="socket", show_default=True, help="How to send."
)
@click.option(
    "--patience", default=10.0, show_default=True, help="Seconds to wait for what was not heard yet."
)
@click.option("--keep", is_flag=True, help="Do not erase the people and groups made for this run.")
@click.option("--json", "json", is_flag=True, help="Print what was found as JSON.")
def bench(
    url: str,
    people: int,
    tokens: Path | None,
    conversations: int,
    members: int,
    sockets: int | None,
    in_flight: int,
    rate: float | None,
    seconds: float,
    over: str,
    patience: float,
    keep: bool,
    json: bool,
) -> None:
    """Send messages through a running server and check what everybody hears.

    Fails when something acknowledged did not reach each listener once and in order.
    """
    # Imported here, because servers are started by the same program and have no use for it.
    from entrypoints.bench.command import carry_out
    from entrypoints.bench.load import Plan

    given = [] if tokens is None else tokens.read_text().split()
    count = len(given) or people
    plan = Plan(
        rate=rate,
        in_flight=in_flight,
        seconds=seconds,
        sockets=count if sockets is None else sockets,
        over_http=over == "http",
        patience=patience,
    )
    carry_out(url, given, people, conversations, members, plan, keep=keep, as_json=json)
