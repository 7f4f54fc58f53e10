"""The application: a desk, its pages, and what stands around them."""

from __future__ import annotations

import socket
import warnings
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from datetime import date as Date
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from detente.errors import DeskError, DeskLocked, DetenteError, DetenteWarning
from detente.figure import dark_rules
from detente.web import view as views
from detente.web.guard import LIMIT, Guard
from detente.web.held import Held
from detente.web.inputs import inputs
from detente.web.pages import ACTIONS, PAGES
from detente.web.state import State, themed
from detente.web.view import FORMS, Page, View

KEPT = 512  # pages, as they were sent last
_MIME = {"json": "application/json", "csv": "text/csv; charset=utf-8", "svg": "image/svg+xml", "": "text/html"}


def create(desk_path: str | Path, *, limit: int = LIMIT) -> Starlette:
    """The web desk.

    Args:
        desk_path: folder of the desk; made where it does not exist.
        limit: bytes of an upload at most.

    Raises:
        DeskError: the folder is no desk or cannot be read.

    Example:
        >>> import tempfile
        >>> create(tempfile.mkdtemp() + "/desk").state.held.empty()
        True
    """
    held = Held(desk_path)
    routes: list[BaseRoute] = [
        Route("/static/figures.css", lambda _: Response(_dark_figures(), media_type="text/css")),
        Mount("/static", StaticFiles(packages=[("detente.web", "static")])),
    ]
    for path, act in ACTIONS.items():
        routes.append(Route(path, _posted(held, act), methods=["POST"]))
    for page in PAGES:
        base = "/overview" if page.path == "/" else page.path
        routes += [Route(f"{base}.{form}", _answer(held, page, form)) for form in FORMS]
        routes.append(Route(page.path, _answer(held, page, "")))
    made = Starlette(routes=routes, exception_handlers={HTTPException: _missing(held), 500: _broken})
    made.add_middleware(Guard, limit=limit)
    made.state.held = held
    return made


def serve(desk_path: str | Path, *, port: int = 8008, told: Callable[[str], object] = print) -> None:
    """Serve the desk on this machine until interrupted.

    Args:
        desk_path: folder of the desk. port: of the loopback interface; 0 for any that is free.
        told: called with the address once the desk answers.

    Raises:
        DeskError: the folder is no desk, or the port is taken.
    """
    import uvicorn

    warnings.simplefilter("ignore", DetenteWarning)  # pages say themselves what is to be doubted
    made = create(desk_path)
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(128)  # who comes before the server is ready waits, and is not refused
    except OSError as error:
        listening.close()
        raise DeskError(f"Port {port} cannot be used ({error.strerror}). Name another one with --port.") from None
    told(f"http://127.0.0.1:{listening.getsockname()[1]}/")
    config = uvicorn.Config(
        made, log_level="warning", access_log=False, server_header=False, ws="none", timeout_keep_alive=75
    )
    with suppress(KeyboardInterrupt):  # uvicorn hands Ctrl-C on once everything is closed
        uvicorn.Server(config).run(sockets=[listening])


def _dark_figures() -> str:
    """Rules that turn the figures of a dark page dark."""
    chosen, browser = dark_rules(':root[data-theme="dark"]'), dark_rules(':root:not([data-theme="light"])')
    return f"{chosen}\n@media screen and (prefers-color-scheme: dark) {{\n{browser}\n}}\n"


def _answer(held: Held, page: Page, form: str) -> Callable[[Request], Any]:
    kept: OrderedDict[Any, bytes] = OrderedDict()
    lock = Lock()

    def work(request: Request) -> Response:
        state = _state(request, page, form)
        key = (held.stamp, state.path, state.params)
        if not form:
            with lock:
                found = kept.get(key)
            if found is not None:
                return Response(found, media_type="text/html")
        view = _view(held, page, state)
        if view.status >= 400 and form:
            return PlainTextResponse(view.summary + "\n", view.status)
        if form and not view.ready:
            return _not_yet(view, form)
        cite = (*inputs(held, state.as_of), *view.cite) if view.status < 400 else ()
        if form == "json":
            return Response(views.plain(view, state, cite), media_type=_MIME[form])
        if form:
            return _file(view, state, form, page)
        body = views.html(held, page, view, state, PAGES, cite).encode()
        headers = {"Refresh": str(view.refresh)} if view.refresh else {}
        if view.keep and view.status == 200 and not view.refresh and held.stamp == key[0]:
            with lock:
                kept[key] = body
                while len(kept) > KEPT or (kept and next(iter(kept))[0] != key[0]):
                    kept.popitem(last=False)
        return Response(body, view.status, headers, media_type="text/html")

    async def answered(request: Request) -> Response:
        return await anyio.to_thread.run_sync(work, request)

    return answered


def _state(request: Request, page: Page, form: str) -> State:
    at = {name: str(value) for name, value in request.path_params.items()}
    return State(page.path.format(**at), tuple(request.query_params.multi_items()), at)


def _view(held: Held, page: Page, state: State) -> View:
    try:
        state.refuse_others((*page.takes, *views.FORM_TAKES))
        state.date("as_of")  # stands in the frame of every page, whether or not the page asks it
        return page.view(held, state)
    except DetenteError as error:
        status = 503 if isinstance(error, DeskLocked) else 400
        return wrong("This cannot be shown", str(error), status)


def _not_yet(view: View, form: str) -> Response:
    """What a program is told while its tables and figures are being worked out."""
    headers = {"Retry-After": str(view.refresh or 2)}
    if form == "json":
        told = {"ready": False, "title": view.title, "summary": view.summary}
        return JSONResponse(told, 503, headers)
    return PlainTextResponse(f"Not ready yet: {view.summary}\n", 503, headers)


def wrong(title: str, why: str, status: int) -> View:
    """A page that says what is wrong, and where to go on."""
    return View(title, "wrong.html.j2", Date.today(), summary=why, status=status)


def _file(view: View, state: State, form: str, page: Page) -> Response:
    name = (page.path.strip("/") or "overview").partition("/")[0]
    headers = {"Content-Disposition": f'inline; filename="{name}.{form}"'}
    try:
        body = views.csv(view, state) if form == "csv" else views.drawn(view, state)
    except DeskError as error:
        return PlainTextResponse(f"{error}\n", 404)
    if isinstance(body, str):
        return Response(body, headers=headers, media_type=_MIME[form])
    return StreamingResponse(body, headers=headers, media_type=_MIME[form])


def _posted(held: Held, act: Callable[[Held, Request], Any]) -> Callable[[Request], Any]:
    async def answered(request: Request) -> Response:
        try:
            response: Response = await act(held, request)
        except DetenteError as error:
            status = 503 if isinstance(error, DeskLocked) else 400
            return _said(held, request, wrong("This was not done", str(error), status))
        return response

    return answered


def _missing(held: Held) -> Callable[[Request, Exception], Any]:
    async def answered(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == 404:
            return _said(held, request, wrong("No such page", f"The desk has no page {request.url.path}.", 404))
        return PlainTextResponse(f"{HTTPStatus(status).phrase}\n", status)

    return answered


def _said(held: Held, request: Request, view: View) -> Response:
    state = themed("/", request.query_params.multi_items())
    page = Page("", "", lambda *_: view, shown=False)
    return Response(views.html(held, page, view, state, PAGES, ()), view.status, media_type="text/html")


async def _broken(request: Request, error: Exception) -> Response:
    """A fault of the program itself: said, without its inside."""
    return PlainTextResponse("A fault of Detente itself; the terminal that runs detente web says which.\n", 500)
