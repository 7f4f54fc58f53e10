"""What stands between the desk and everything that is not its user's own browser window."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})
"""Names of this machine. Another one in a Host header: a site elsewhere had its name point here (DNS rebinding)."""

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
LIMIT: Final = 256 * 1024 * 1024  # bytes of an upload
_READS: Final = ("GET", "HEAD")


class TooLarge(Exception):
    """An upload beyond :data:`LIMIT`."""


class Guard:
    """Refuses foreign hosts, posts from other sites and bodies that are too large; sets the headers of every answer.

    Args:
        app: what is guarded.
        limit: bytes of a request's body at most.
    """

    def __init__(self, app: ASGIApp, limit: int = LIMIT) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return  # there are no web sockets here
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "private, no-cache")
            await send(message)

        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.limit:
                raise TooLarge
            return message

        refusal = self._refused(scope)
        if refusal:
            status, why = refusal
            await PlainTextResponse(why + "\n", status)(scope, receive, guarded)
            return
        try:
            await self.app(scope, counted, guarded)
        except TooLarge:
            if not started:
                await PlainTextResponse(self._large() + "\n", 413)(scope, receive, guarded)

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if len(headers.getlist("host")) != 1 or _host(host) not in HOSTS:
            return 421, "This desk answers on this machine only: use http://127.0.0.1 or http://localhost."
        if scope["method"] not in (*_READS, "POST"):
            return 405, "Only GET, HEAD and POST are answered."
        if scope["method"] == "POST":
            if not _own(headers, f"{scope['scheme']}://{host}"):
                return 403, "A form of another site cannot change this desk. Use the desk's own pages."
            length = headers.get("content-length", "0")
            if not length.isdigit() or int(length) > self.limit:
                return 413, self._large()
        return None

    def _large(self) -> str:
        return f"More than {self.limit // 2**20} MB. Load large files with: detente load auto FILE"


def _host(given: str) -> str:
    try:
        found = urlsplit(f"//{given}")
        return found.hostname or "" if found.netloc == given and not found.username and _port(found) else ""
    except ValueError:
        return ""


def _port(parts: Any) -> bool:
    """Whether the port is none or one; reading it raises ValueError where it is neither."""
    return parts.port is None or 0 < parts.port < 65536


def _own(headers: Headers, origin: str) -> bool:
    """Whether a post comes from a page of this very address; every browser of today says so in one of two headers."""
    given = headers.get("origin")
    if given is not None:
        return given == origin and headers.get("sec-fetch-site", "same-origin") == "same-origin"
    return headers.get("sec-fetch-site") == "same-origin"
