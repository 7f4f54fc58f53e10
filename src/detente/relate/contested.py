"""Claims side by side: on each topic, who says what."""

from __future__ import annotations

from typing import Any

import polars as pl

# Stances that cannot both be right about one thing.
_OPPOSED = {"asserts", "justifies", "predicts"}, {"denies", "doubts", "accuses"}


def contested(claims: pl.DataFrame) -> pl.DataFrame:
    """Topics on which more than one speaker takes a stand, the most disputed first.

    Args:
        claims: claim frame of the store.

    Returns:
        One row a topic: ``topic``, ``about``, ``speakers`` (who takes a stand), ``stances`` (theirs, in the same
        order), ``opposed`` (whether stances differ in kind), ``claims`` (ids).
    """
    rows = []
    for (topic,), group in claims.group_by("topic", maintain_order=True):
        held = group.filter(pl.col("speaker").is_not_null()).select("speaker", "stance").unique(maintain_order=True)
        stances = set(held["stance"])
        rows.append(
            {
                "topic": topic,
                "about": group["about"][0].to_list(),
                "speakers": held["speaker"].to_list(),
                "stances": held["stance"].to_list(),
                "opposed": all(stances & side for side in _OPPOSED),
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
