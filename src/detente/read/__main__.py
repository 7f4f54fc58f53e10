"""``python -m detente.read``: JSON lines ``{"id", "text", "date"?}`` in, one event a line out."""

from __future__ import annotations

import sys

from detente.events import to_json
from detente.read import code_lines

if __name__ == "__main__":
    for event in code_lines(sys.stdin):
        print(to_json(event))
