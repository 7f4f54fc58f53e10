"""Real data that lives beside the project and is never part of it; tests that need it skip where it is absent."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "shared"


def shared(name: str) -> Path:
    """Path of a file or folder of the shared data, or a skip that says what is missing."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"needs {name} of the shared data folder, which is not beside this checkout")
    return path
