"""The desk in a browser: ``detente web``. Server-side pages that work without scripts, on this machine only."""

from detente.web.app import create, serve

__all__ = ["create", "serve"]
