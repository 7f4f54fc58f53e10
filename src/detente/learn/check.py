"""What does the record say of a causal claim ("drills of A with B raise hostile acts of C")?

Three answers stand side by side: the reaction model's effect, a comparison of the days after the cause with all other
days (:mod:`detente.learn.windows`), and the raw counts. A verdict on a fixed scale follows from the first two by the
rules of :func:`verdict`; what else could explain the figures is said with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date as Date
from datetime import timedelta
from typing import Any, Final, Literal

import numpy as np
import polars as pl
from msgspec import Struct
from numpy.typing import NDArray

from detente.codebook import TYPES, event_type, quad
from detente.errors import LearnError
from detente.figure import Figure, Shown
from detente.learn import windows as comparing
from detente.learn.exposures import SYMMETRIC
from detente.learn.further import further, usual_rates
from detente.learn.model import Fit
from detente.learn.reactions import FEW, NEGLIGIBLE, interval
from detente.learn.windows import WindowEffect
from detente.record.windows import Window

Floats = NDArray[np.floating[Any]]
Verdict = Literal["supports", "leans for", "says nothing", "leans against", "contradicts"]

SCALE: Final[tuple[Verdict, ...]] = ("contradicts", "leans against", "says nothing", "leans for", "supports")

SLIGHT: Final = 1.1
"""Rate ratios nearer to one than this, either way, are practically no effect."""

CANCELLED: Final = ("cancelled", "canceled")
"""Groups of windows of a register in which the cause was planned and did not take place."""

STRONG: Final = (0.05, 0.1)
"""Largest p value, and largest share of shifted windows as far from one, of strong evidence; two-sided."""

WEAK: Final = (0.2, 0.2)
"""The same for weak evidence."""

HOSTILE: Final = tuple(k for k in TYPES if quad(k).endswith("conflict"))

ANSWERS: Final[dict[str, Any]] = {
    **dict.fromkeys(("claim", "group", "speaker", "sentence", "verdict"), pl.String),
    **dict.fromkeys(("causes", "effects", "followed"), pl.Int64),
    **dict.fromkeys(("expected", "model_effect", "model_low", "model_high"), pl.Float64),
    **dict.fromkeys(("ratio", "ratio_low", "ratio_high", "p", "placebo_p", "p_adjusted"), pl.Float64),
    "checked": pl.Int64,
    "cautions": pl.String,
}
"""Columns of :meth:`Answer.frame`."""


class Acts(Struct, frozen=True):
    """A kind of acts.

    Args:
        by: codes of who acts; any of them, or together with one another where ``joint``.
        toward: codes of the other side; anyone where empty.
        types: PLOVER types; all where empty.
        domain, cameo: narrower still: acts of this domain, or whose CAMEO code begins so. Either suffices.
        joint: both sides are among ``by`` (joint drills, talks with each other).
        words: how it was worded, for the answer.
    """

    by: tuple[str, ...]
    toward: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    domain: str = ""
    cameo: tuple[str, ...] = ()
    joint: bool = False
    words: str = ""

    def summary(self) -> str:
        """The acts in words."""
        if self.words:
            return self.words
        if set(self.types) == set(HOSTILE):
            kind = "hostile acts"
        else:
            kind = " or ".join(self.types) or "acts"
        kind = f"{kind} ({self.domain})" if self.domain else kind
        with_whom = " with one another" if self.joint else f" toward {', '.join(self.toward)}" if self.toward else ""
        return f"{kind} of {', '.join(self.by) or 'anyone'}{with_whom}"


class Proposition(Struct, frozen=True):
    """A causal claim in terms of the record.

    Args:
        cause, effect: kinds of acts.
        raises: whether the cause is said to raise the effect; False: to lower it.
        within: days after the cause in which the effect is looked for.
    """

    cause: Acts
    effect: Acts
    raises: bool = True
    within: int = 14

    def summary(self) -> str:
        """The claim in words."""
        verb = "raise" if self.raises else "lower"
        when = f"within {self.within} days" if self.within else "while they last"
        return f"{self.cause.summary()} {verb} {self.effect.summary()} {when}"


@dataclass(frozen=True)
class ModelEffect:
    """What the reaction model says: further effect events per cause event within the time, nothing else changed.

    Args:
        effect, low, high: with the 90 % interval over the draws.
        usual: effect events that the model expects in as many days after a history like the long-run mean.
        n: cause events behind it.
        calmed: part of the effect by which cooperation damps what its two sides do to each other; zero or below.
    """

    effect: float
    low: float
    high: float
    usual: float
    n: float
    calmed: float = 0.0

    def summary(self) -> str:
        """The effect in words."""
        if self.n < FEW:
            return f"Reaction model: only {self.n:.0f} such causes in its data; nothing can be said."
        rest = f"where {self.usual:.2f} are usual in that time; {self.n:.0f} causes."
        if self.high >= -NEGLIGIBLE and self.low <= NEGLIGIBLE:
            return (
                f"Reaction model: no detectable effect ({self.low:.3f} to {self.high:.3f} further events per cause, "
                f"{rest[:-1]})."
            )
        return (
            f"Reaction model: {abs(self.effect):.3f} {'further' if self.effect > 0 else 'fewer'} events per cause "
            f"({self.low:.3f} to {self.high:.3f}), {rest}"
        )


@dataclass(frozen=True)
class Answer(Shown):
    """What the record says of a claim.

    Args:
        claim: the proposition.
        verdict: one of :data:`SCALE`.
        causes, effects: numbers of events (or windows) of each kind in the record; followed: effect events within the
            time after a cause; expected: as many as the rate over the whole record gives for those days.
        model: the reaction model's effect, None where no model knows the actors.
        compared: the comparison of days, None where it cannot be made; before: the same for the days before a cause.
        cautions: what else could explain the figures.
        group: kind of windows that the answer is about, where a register was taken apart by them; parts: the answers by
            group, held to a false discovery rate together.
        speaker, sentence: who claims it, and where, for a claim that a report makes.
        checked: number of claims that were checked together; p_adjusted: the p value of the days compared, allowing for
            that number (:func:`adjust`).
    """

    claim: Proposition
    verdict: Verdict
    causes: int
    effects: int
    followed: int
    expected: float
    model: ModelEffect | None
    compared: WindowEffect | None
    before: WindowEffect | None
    cautions: tuple[str, ...]
    group: str = ""
    parts: tuple[Answer, ...] = ()
    speaker: str = ""
    sentence: str = ""
    checked: int = 1
    p_adjusted: float | None = None

    def summary(self) -> str:
        """Claim, verdict, the three answers, and the cautions."""
        lines = [
            f"Claim: {self.claim.summary()}{f' ({self.group} only)' if self.group else ''}.",
            *([f"Made by {self.speaker or 'the author'}: {self.sentence}"] if self.sentence else []),
            f"The record {self.verdict}{' it' if self.verdict in ('supports', 'contradicts') else ''}.",
            f"Counts: {self.causes} causes, {self.effects} effect events, {self.followed} of them "
            f"{f'within {self.claim.within} days after' if self.claim.within else 'during'} a cause, where "
            f"{self.expected:.1f} would be by the rate over all days.",
            self.model.summary() if self.model else "Reaction model: it does not know these actors or registers.",
            f"Days compared: {self.compared.summary()}"
            if self.compared
            else "Days compared: not possible; the record is too short, or the days after a cause fill it.",
            *([self._together()] if self.p_adjusted is not None else []),
            *(f"Caution: {line}" for line in self.cautions),
            *(f"\n{part.summary()}" for part in self.parts),
        ]
        return "\n".join(lines)

    def _together(self) -> str:
        alone = self.compared.p if self.compared else 1.0
        return f"One of {self.checked} compared together: p {self.p_adjusted:.3f} allowing for that, {alone:.3f} alone."

    def frame(self) -> pl.DataFrame:
        """The answer as one row, and one for each group of windows: columns :data:`ANSWERS`."""
        model, days = self.model, self.compared
        own = pl.DataFrame(
            [
                {
                    "claim": self.claim.summary(),
                    "group": self.group,
                    "speaker": self.speaker,
                    "sentence": self.sentence,
                    "verdict": self.verdict,
                    "causes": self.causes,
                    "effects": self.effects,
                    "followed": self.followed,
                    "expected": self.expected,
                    "model_effect": model.effect if model else None,
                    "model_low": model.low if model else None,
                    "model_high": model.high if model else None,
                    "ratio": days.ratio if days else None,
                    "ratio_low": days.low if days else None,
                    "ratio_high": days.high if days else None,
                    "p": days.p if days else None,
                    "placebo_p": days.placebo_p if days else None,
                    "p_adjusted": self.p_adjusted,
                    "checked": self.checked,
                    "cautions": " ".join(self.cautions),
                }
            ],
            schema=ANSWERS,
        )
        return pl.concat([own, *(part.frame() for part in self.parts)])

    def figure(self, **how: Any) -> Figure:
        """The comparison of days, beside its placebo: see :func:`detente.learn.trial_figures.answer`."""
        from detente.learn import trial_figures  # here, as only few look at it

        return trial_figures.answer(self, **how)

    def cite(self) -> list[str]:
        """Sources of the methods."""
        from detente.learn.reactions import METHOD

        return [*METHOD, *(self.compared.cite() if self.compared else [])]


def select(table: pl.DataFrame, acts: Acts) -> pl.DataFrame:
    """The rows of a daily event table (:func:`detente.load.table`) that are acts of a kind.

    Args:
        table: columns ``day``, ``source``, ``target``, ``type``; ``cameo`` and ``domain`` are used where there are any.

    Example:
        >>> rows = pl.DataFrame({"source": ["USA"], "target": ["KOR"], "type": ["COOPERATE"]})
        >>> select(rows, Acts(("KOR", "USA"), joint=True)).height
        1
    """
    source, target, kind = pl.col("source"), pl.col("target"), pl.col("type")
    mirrored = kind.is_in([k for k in TYPES if event_type(k).symmetric])
    if acts.joint:
        chosen = source.is_in(acts.by) & target.is_in(acts.by) & (source != target)
    else:
        forth, back = pl.lit(True), mirrored
        if acts.by:
            forth, back = forth & source.is_in(acts.by), back & target.is_in(acts.by)
        if acts.toward:
            forth, back = forth & target.is_in(acts.toward), back & source.is_in(acts.toward)
        chosen = forth | back
    if acts.types:
        chosen &= kind.is_in(acts.types)
    narrow = pl.lit(False)
    if acts.domain and "domain" in table.columns:
        narrow |= pl.col("domain").eq(acts.domain).fill_null(False)
    if acts.cameo and "cameo" in table.columns:
        for code in acts.cameo:
            narrow |= pl.col("cameo").str.starts_with(code).fill_null(False)
    if acts.domain or acts.cameo:
        chosen &= narrow
    return table.filter(chosen)


def check(
    claim: Proposition,
    table: pl.DataFrame,
    *,
    fit: Fit | None = None,
    windows: Sequence[Window] | None = None,
    effects: Sequence[Date] | None = None,
    start: Date | None = None,
    end: Date | None = None,
) -> Answer:
    """Hold a causal claim against the record.

    Args:
        claim: cause and effect in terms of the record.
        table: daily event table; ``count`` is taken where given.
        fit: a reaction model of the record, or of a larger one.
        windows: when the cause took place, from a register; taken from the table where None.
        effects: days of the effect events, from a register; taken from the table where None.
        start, end: the days compared; those that the table, or the registers in its place, cover where None. A register
            of windows is taken to cover whole years.

    Raises:
        LearnError: unknown type, or nothing to look at.
    """
    if strange := [k for k in (*claim.cause.types, *claim.effect.types) if k not in TYPES]:
        raise LearnError(f"Unknown event types {', '.join(strange)}; use PLOVER types: {', '.join(TYPES)}.")
    first, last = _span(table, windows, effects, start, end)
    if windows is None:
        causes = select(table, claim.cause).filter(pl.col("day").is_between(first, last))
        given = [Window(day, day) for day in causes["day"].unique().sort()]
        n_causes = int(causes["count"].sum()) if "count" in causes.columns else causes.height
    else:
        given = [w for w in windows if w.start <= last and w.end >= first]
        n_causes = len(given)
    days = list(effects) if effects is not None else _days(select(table, claim.effect))
    days = [d for d in days if first <= d <= last]
    # The days of the cause themselves count where a register tells how long it went on.
    after = [
        Window(w.start if windows is not None else w.start + timedelta(1), w.end + timedelta(claim.within))
        for w in given
    ]
    compared = _compare(days, after, first, last)
    # As many days before a cause as are looked at after its beginning.
    earlier = [Window(w.start - (w.end - w.start) - timedelta(1), w.start - timedelta(1)) for w in after]
    before = _compare(days, earlier, first, last, placebo=False)
    followed, expected = _raw(days, after, first, last)
    # A register's events are not the model's.
    model = model_effect(fit, claim) if fit is not None and windows is None and effects is None else None
    return Answer(
        claim=claim,
        verdict=verdict(claim, None if _wider(claim) else model, compared),
        causes=n_causes,
        effects=len(days),
        followed=followed,
        expected=expected,
        model=model,
        compared=compared,
        before=before,
        cautions=tuple(
            _cautions(claim, table, given, days, compared, before, windows is None, effects is None, model is not None)
        ),
    )


def by_group(claim: Proposition, table: pl.DataFrame, windows: Sequence[Window], **how: Any) -> Answer:
    """The answer for all windows of a register, with the answers for each of its groups (seasons, series) as parts.

    Cancelled windows (:func:`held`) are no causes; they are a part by themselves.

    Args:
        how: as for :func:`check`.

    Raises:
        LearnError: as :func:`check`, or the register has no groups.
    """
    groups = sorted({w.group for w in windows} - {""})
    if not groups:
        raise LearnError("The register has no groups; give it a column group, season, series, kind or category.")
    parts = [
        replace(check(claim, table, windows=[w for w in windows if w.group == group], **how), group=group)
        for group in groups
    ]
    return replace(check(claim, table, windows=held(windows), **how), parts=adjust(parts))


def held(windows: Sequence[Window]) -> list[Window]:
    """The windows but for those of a group called ``cancelled``: what did not take place is no cause.

    By themselves, such windows are a placebo that history made.
    """
    return [w for w in windows if w.group.casefold() not in CANCELLED]


def _wider(claim: Proposition) -> bool:
    """Whether the model, which knows types alone, takes more for the cause or the effect than the claim means."""
    return any((acts.domain or acts.cameo) and not acts.types for acts in (claim.cause, claim.effect))


def _span(
    table: pl.DataFrame,
    windows: Sequence[Window] | None,
    effects: Sequence[Date] | None,
    start: Date | None,
    end: Date | None,
) -> tuple[Date, Date]:
    """First and last day that both causes and effects are known for."""
    if start and end and end < start:
        raise LearnError(f"The days compared end on {end}, before they begin on {start}: swap since and until.")
    spans = []
    if effects is not None:
        spans += [(min(effects), max(effects))] if effects else []
    if (windows is None or effects is None) and table.height:
        spans.append((_day(table["day"].min()), _day(table["day"].max())))
    if windows:
        years = [w.start.year for w in windows] + [w.end.year for w in windows]
        spans.append((Date(min(years), 1, 1), Date(max(years), 12, 31)))
    if not spans and not (start and end):
        raise LearnError("The record holds no dated events; read or load some, or give start and end.")
    first = start or max(a for a, _ in spans)
    last = end or min(b for _, b in spans)
    if last < first:
        raise LearnError(f"Causes and effects are not known for the same days: from {first} on, but only to {last}.")
    return first, last


def _day(value: Any) -> Date:
    if not isinstance(value, Date):
        raise LearnError("The record holds no dated events; read or load some, or give start and end.")
    return value


def _days(rows: pl.DataFrame) -> list[Date]:
    counts = rows["count"].to_list() if "count" in rows.columns else [1] * rows.height
    return [day for day, n in zip(rows["day"].to_list(), counts, strict=True) for _ in range(int(n))]


def _compare(
    days: list[Date], given: list[Window], first: Date, last: Date, *, placebo: bool = True
) -> WindowEffect | None:
    try:
        return comparing.effect(days, given, start=first, end=last, placebo=placebo)
    except LearnError:  # nothing to compare, or no year of record
        return None


def _raw(days: list[Date], after: list[Window], first: Date, last: Date) -> tuple[int, float]:
    n = (last - first).days + 1
    inside = np.zeros(n, dtype=bool)
    for w in after:
        inside[max((w.start - first).days, 0) : max((w.end - first).days + 1, 0)] = True
    return int(sum(inside[(d - first).days] for d in days)), len(days) * float(inside.mean())


def model_effect(fit: Fit, claim: Proposition) -> ModelEffect | None:
    """Further effect events per cause event, by the reaction model: exact, the first generation only.

    A model of types cannot tell a drill from other military cooperation, so domain and CAMEO codes are passed over.

    Returns:
        None where the model knows none of the actors on one of the sides.
    """
    place = {code: i for i, code in enumerate(fit.actors)}
    by = [place[c] for c in claim.cause.by if c in place] if claim.cause.by else list(place.values())
    to = [place[c] for c in claim.cause.toward if c in place] if claim.cause.toward else list(place.values())
    actors = [place[c] for c in claim.effect.by if c in place] if claim.effect.by else list(place.values())
    others = [place[c] for c in claim.effect.toward if c in place] if claim.effect.toward else list(place.values())
    if claim.cause.joint:
        to = by
    if not (by and to and actors and others):
        return None
    chosen = np.array([not claim.cause.types or k in claim.cause.types for k in fit.types])
    counted = np.array([not claim.effect.types or k in claim.effect.types for k in fit.types])
    state = np.zeros(fit.counts.shape)
    rows, columns = np.array(by, dtype=np.intp), np.array(to, dtype=np.intp)
    cells = np.ix_(rows, columns, np.flatnonzero(chosen))
    state[cells] = fit.counts[cells]
    state = np.where(SYMMETRIC, np.maximum(state, state.swapaxes(0, 1)), state)
    n = float(state.sum())
    pairs = np.zeros(fit.counts.shape)
    sides = np.array(actors, dtype=np.intp), np.array(others, dtype=np.intp)
    pairs[np.ix_(*sides, np.flatnonzero(counted))] = 1.0
    pairs = np.where(SYMMETRIC, np.maximum(pairs, pairs.swapaxes(0, 1)), pairs)
    pairs[np.arange(len(place)), np.arange(len(place))] = 0.0
    # A mean alone is nil where the last stretch of record holds no such event: what the model expects by it is not.
    usual = float((usual_rates(fit) * pairs).sum()) * claim.within
    if n == 0.0 or claim.within == 0:
        return ModelEffect(0.0, 0.0, 0.0, usual, n)
    found = further(fit, state / n, pairs[..., None], claim.within)
    point, *drawn = (found.raised + found.calmed).sum((1, 2)).tolist()
    low, high = interval(np.array(drawn), np.array(point))
    return ModelEffect(point, float(low), float(high), usual, n, float(found.calmed[0].sum()))


def verdict(claim: Proposition, model: ModelEffect | None, compared: WindowEffect | None) -> Verdict:
    """Where the evidence falls on the fixed scale. A rise and a fall are judged alike.

    - Days compared: *strong* where the ratio differs from one with p at most .05 and at most a tenth of the shifted
      windows are as far from it; *weak* where p is at most .2 and at most a fifth are. For the claim where it goes the
      claim's way, against it where it goes the other way. A 90 % interval that holds no practical effect (a tenth up or
      down) is weak evidence against any claim.
    - Model: weak evidence for, where an effect the claim's way is detectable; weak evidence against, where the whole
      interval is practically none or lies the other way.

    Strong evidence of the days supports or contradicts, weak evidence leans. The model turns nothing into a lean, and a
    verdict that it disagrees with is made a step weaker; it never makes one stronger, since its reactions are pooled
    over pairs.

    Example:
        >>> verdict(Proposition(Acts(("KOR",)), Acts(("PRK",))), None, None)
        'says nothing'
    """
    sign = 1 if claim.raises else -1
    days = learnt = 0
    if compared is not None and compared.enough:
        way = sign if compared.ratio > 1 else -sign
        if compared.p <= STRONG[0] and compared.placebo_p <= STRONG[1]:
            days = 2 * way
        elif compared.low > 1 / SLIGHT and compared.high < SLIGHT:
            days = -1
        elif compared.p <= WEAK[0] and compared.placebo_p <= WEAK[1]:
            days = way
    if model is not None and model.n >= FEW and claim.within:  # where no day is looked at, none is no evidence
        low, high = sorted((sign * model.low, sign * model.high))
        learnt = 1 if low > NEGLIGIBLE else -1 if high <= NEGLIGIBLE else 0
    return SCALE[2 + (learnt if days == 0 else days + learnt if days * learnt < 0 else days)]


def _cautions(
    claim: Proposition,
    table: pl.DataFrame,
    given: list[Window],
    days: list[Date],
    compared: WindowEffect | None,
    before: WindowEffect | None,
    causes_read: bool,
    effects_read: bool,
    learnt: bool,
) -> list[str]:
    out = [f"no {what} falls into the days compared." for what, n in (("cause", given), ("effect", days)) if not n]
    if not given and causes_read and (claim.cause.domain or claim.cause.cameo):
        out.append("event data hardly code such acts apart: bring a register of their dates (register=).")
    months = np.bincount([w.start.month % 12 for w in given], minlength=12)
    if len(given) >= 3 and (months + np.roll(months, 1)).max() >= 0.7 * len(given):
        out.append("most causes fall into the same two months, so cause and season are hard to tell apart.")
    enough = compared and before and compared.enough and before.enough
    if compared and before and enough and (1 < compared.ratio <= before.ratio or before.ratio <= compared.ratio < 1):
        out.append(
            f"the rate was {'raised' if compared.ratio > 1 else 'lowered'} as much in as many days before "
            f"({before.ratio:.2f} times), so the cause may be an answer, or both may follow from something else."
        )
    if causes_read and effects_read and table.height:
        out.append("cause and effect come from the same reports: more coverage on some days raises both.")
    for column, words in (("archive", "data set"), ("outlet", "outlet")):
        if (causes_read or effects_read) and column in table.columns and table.height:
            size = pl.col("count").sum() if "count" in table.columns else pl.len()
            shares = table.group_by(column).agg(n=size.cast(pl.Float64)).with_columns(pl.col("n") / pl.col("n").sum())
            most = shares.filter(pl.col("n") >= 0.9, pl.col(column).is_not_null())[column].to_list()
            out += [f"nine in ten events come from one {words} ({name})." for name in most]
    if learnt and _wider(claim):
        out.append("the reaction model knows types only, and takes all acts of the actors; its figure does not count.")
    return out


def adjust(answers: Sequence[Answer], *, rate: float = 0.1) -> tuple[Answer, ...]:
    """Answers to many claims at once: those that a false discovery rate does not let stand lean, and no more.

    Args:
        answers: what :func:`check` gave for each claim.
        rate: accepted share of false ones among the claims that are called supported or contradicted (Benjamini and
            Hochberg 1995), by the p value of the days compared. Claims with too few events for that do not count.

    Example:
        >>> adjust([])
        ()
    """
    tested = [i for i, a in enumerate(answers) if a.compared is not None and a.compared.enough]
    p = np.array([days.p for i in tested if (days := answers[i].compared) is not None])
    n, order = len(p), np.argsort(p, kind="stable")
    adjusted = np.ones(n)
    adjusted[order] = np.minimum.accumulate((p[order] * n / np.arange(1, n + 1))[::-1])[::-1]
    out = list(answers)
    for i, q in zip(tested, np.minimum(adjusted, 1.0).tolist(), strict=True):
        out[i] = _among(answers[i], n, q, rate)
    return tuple(out)


def _among(answer: Answer, n: int, adjusted: float, rate: float) -> Answer:
    """An answer that is one of many: a strong verdict that their number does not let stand is made a step weaker."""
    if n < 2:
        return answer
    answer = replace(answer, checked=n, p_adjusted=adjusted)
    if answer.verdict not in ("supports", "contradicts") or adjusted <= rate:
        return answer
    weaker: Verdict = "leans for" if answer.verdict == "supports" else "leans against"
    alone = f"one of {n} compared together; alone it would be called {answer.verdict.removesuffix('s')}ed."
    return replace(answer, verdict=weaker, cautions=(*answer.cautions, alone))
