"""Showing: tables as text and CSV, and the figures of the brief."""
