"""Which actors belong together: a state with its leaders, ministries, army, parties and crowds.

The actor register names leaders and institutions; a country in brackets names the rest ("Police (Philippines)"). An
actor that neither places has no group of its own; the kernel lends it the group that it has dealt with most so far.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from detente.load import people
from detente.outlook.facts import Ints

_BRACKET = re.compile(r"\(([^()]+)\)\s*$")


def groups(names: Sequence[str]) -> Ints:
    """Number of the group of each name, -1 for one without company.

    Example:
        >>> groups(["Japan", "Citizen (Japan)", "Citizen (Atlantis)", "Police (Atlantis)", "Unheard of"]).tolist()
        [0, 0, 1, 1, -1]
    """
    keys = [_key(name.replace("_", " ")) for name in names]
    company = Counter(key for key in keys if key)
    number = {key: i for i, key in enumerate(key for key in company if company[key] > 1)}
    return np.array([number.get(key, -1) for key in keys], np.int64)


def _key(name: str) -> str:
    inside = _BRACKET.search(name)
    return people.actor(name) or (inside[1].strip().casefold() if inside else "")
