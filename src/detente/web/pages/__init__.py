"""The pages of the desk, one file each; their order is that of the navigation.

A page is a :class:`detente.web.view.Page`: an address, a name and a function from a desk and a state to a
:class:`detente.web.view.View`. Listed here, it answers also with ``.json``, ``.csv`` and ``.svg``.
"""

from __future__ import annotations

from typing import Any

from detente.web.pages import (
    about,
    add,
    claims,
    event,
    events,
    network,
    overview,
    perspective,
    reactions,
    sources,
    timeline,
    whatif,
)

PAGES = (
    overview.PAGE,
    events.PAGE,
    event.PAGE,
    network.PAGE,
    timeline.PAGE,
    *perspective.PAGES,
    claims.PAGE,
    reactions.PAGE,
    whatif.PAGE,
    sources.PAGE,
    add.PAGE,
    about.PAGE,
)
"""Every page."""

ACTIONS: dict[str, Any] = {
    "/add": add.post,
    "/event/{id}": event.post,
}
"""What a form posts to, and the function that does it."""
