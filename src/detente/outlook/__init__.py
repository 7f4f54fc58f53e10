"""Outlook: who is likely to do what to whom next; see ``docs/outlook.md``.

:func:`outlook` gives the watch list of a record of states; :mod:`detente.outlook.ranking` ranks who the other party of
the next event is, on published forecasting data.
"""

from __future__ import annotations

from detente.outlook.listing import Outlook, outlook

__all__ = ["Outlook", "outlook"]
