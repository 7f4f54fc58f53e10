"""The command that serves a desk to a browser."""

from __future__ import annotations

from pathlib import Path

import click

from detente.cli.options import desk_option


@click.command(epilog="Example: detente web --desk korea --port 8008")
@desk_option
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8008, show_default=True, help="Port on this machine; 0 for any."
)
def web(path: Path, port: int) -> None:
    """Open the desk in a browser: an address on this machine, until Ctrl-C.

    Events, network, timeline, perspectives, claims, reactions and what-if with figures, and forms to add, correct and
    reject. Outlook, panel, around, triggers, sweep, hindcast, diagnose, sql and questions are in the shell only. No
    other machine can reach it.
    """
    from detente.web import serve

    serve(path, port=port, told=lambda address: click.echo(f"{address}  (desk: {path}; Ctrl-C ends it)"))
