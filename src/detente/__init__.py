"""Detente: from contradictory reports to an attributed record, learnt reactions and compared measures."""

__version__ = "0.1.0"
