"""Claims side by side: on each topic, who says what."""

from __future__ import annotations

from typing import Any

import polars as pl

# Stances that cannot both be right about one thing.
_OPPOSED = (
    ({"asserts", "justifies", "predicts"}, {"denies", "doubts", "accuses"}),
    ({"accuses"}, {"denies", "doubts"}),
)


def contested(claims: pl.DataFrame) -> pl.DataFrame:
    """Topics on which more than one speaker takes a stand, the most disputed first.

    Args:
        claims: claim frame of the store.

    Returns:
        One row a topic: ``topic``, ``about``, ``speakers`` (who takes a stand), ``stances`` (theirs, in the same
        order), ``opposed`` (whether two speakers take stances that cannot both be right: one denies what the other
        asserts or accuses somebody of, one accuses where the other justifies), ``claims`` (ids).
    """
    rows = []
    for (topic,), group in claims.group_by("topic", maintain_order=True):
        held = group.filter(pl.col("speaker").is_not_null()).select("speaker", "stance").unique(maintain_order=True)
        rows.append(
            {
                "topic": topic,
                "about": group["about"][0].to_list(),
                "speakers": held["speaker"].to_list(),
                "stances": held["stance"].to_list(),
                "opposed": _opposed(list(held.iter_rows())),
                "claims": group["id"].to_list(),
            }
        )
    schema: dict[str, Any] = {
        "topic": pl.String,
        "about": pl.List(pl.String),
        "speakers": pl.List(pl.String),
        "stances": pl.List(pl.String),
        "opposed": pl.Boolean,
        "claims": pl.List(pl.String),
    }
    frame = pl.DataFrame(rows, schema=schema).filter(pl.col("speakers").list.n_unique() > 1)
    return frame.sort(pl.col("opposed"), pl.col("claims").list.len(), "topic", descending=[True, True, False])


def _opposed(held: list[tuple[str, str]]) -> bool:
    """Whether two different speakers take opposed stances."""
    return any(
        one != other and stance in left and contrary in right
        for left, right in _OPPOSED
        for one, stance in held
        for other, contrary in held
    )
