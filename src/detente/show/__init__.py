"""Showing: tables as text and CSV, figures as Vega-Lite specifications and inline SVG, codes in plain words."""
