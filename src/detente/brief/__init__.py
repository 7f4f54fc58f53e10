"""The brief: one self-contained page from a desk's findings, without a script and without a network."""

from detente.brief.findings import Findings, Stamp
from detente.brief.page import render, write
from detente.brief.pdf import pdf

__all__ = ["Findings", "Stamp", "pdf", "render", "write"]
