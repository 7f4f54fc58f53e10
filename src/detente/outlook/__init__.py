"""Outlook: who is likely to do what to whom next."""
