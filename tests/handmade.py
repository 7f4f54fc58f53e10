"""Readings, a model and findings made by hand, for tests of what is shown."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date as Date
from pathlib import Path
from typing import Any

import numpy as np

from detente import relate
from detente.actors import register, ties
from detente.brief import Findings, Stamp
from detente.codebook import TYPES, quad, to_cameo
from detente.events import Claim, Event, Party, Question, Reading, Report, Speaker
from detente.learn.model import CHANNELS, Draws, Fit, Gain, Score
from detente.record import Store, nouns
from detente.simulate.compare import Comparison, compare
from detente.simulate.measures import catalogue

TAUS = (2.0, 10.0, 45.0)
ACTORS = ("JPN", "KOR", "PRK", "USA")
TEXT = """It rained in the morning. Japan protested to North Korea over the launch. Nobody was hurt.
North Korea threatened the United States. South Korea and the United States held a joint exercise on 4 March 2024.
South Korea said that the exercise is defensive. North Korea says that the exercise is a rehearsal for war.
The drills lead to tension, the review wrote. The Trilateral Bloc met."""
OTHER = """Pyongyang warned. North Korea threatened the United States on Wednesday. Japan may send a ship."""


def report(text: str, outlet: str, published: Date | None, **about: Any) -> Report:
    """A report with an id made from its text."""
    return Report(hashlib.sha256(text.encode()).hexdigest()[:16], text, outlet=outlet, published=published, **about)


def event(
    of: Report,
    type_: str,
    who: Sequence[tuple[str | None, str]],
    whom: Sequence[tuple[str | None, str]],
    sentence: str,
    trigger: str,
    *,
    date: str | None = None,
    modality: Any = "asserted",
    speaker: str = "",
    confidence: float = 0.8,
    reciprocal: bool = False,
) -> Event:
    """An event whose spans are found in the report's text."""
    start = of.text.index(sentence)
    known = register().actors

    def party(code: str | None, words: str) -> Party:
        at = of.text.find(words, start, start + len(sentence))
        span = (at, at + len(words)) if at >= 0 else None
        name = known[code].name if code else words
        return Party(code, name, known[code].kind if code else None, None, span, span is None)

    at = of.text.index(trigger, start)
    outlet = Speaker(None, of.outlet or "an outlet", "outlet")
    return Event(
        id=hashlib.sha256(f"{of.id}{type_}{sentence}{who}".encode()).hexdigest()[:16],
        report=of.id,
        type=type_,
        cameo=to_cameo(type_)[0],
        quad=quad(type_),
        source=tuple(party(*p) for p in who),
        target=tuple(party(*p) for p in whom),
        reciprocal=reciprocal,
        domain=None,
        modality=modality,
        date=date,
        date_precision="day" if date else None,
        date_from="text" if date else None,
        speakers=(outlet, Speaker(None, speaker, "quoted")) if speaker else (outlet,),
        sentence=sentence,
        span=(start, start + len(sentence)),
        trigger=(at, at + len(trigger)),
        confidence=confidence,
    )


def claim(of: Report, speaker: str, stance: Any, sentence: str, *, cause: str = "", effect: str = "") -> Claim:
    """A claim on the exercise of South Korea and the United States."""
    start = of.text.index(sentence)
    return Claim(
        id=hashlib.sha256(f"{of.id}{sentence}".encode()).hexdigest()[:16],
        report=of.id,
        speakers=(Speaker(None, of.outlet, "outlet"), Speaker(None, speaker, "quoted")),
        proposition=sentence,
        stance=stance,
        topic="KOR USA: military exercises",
        about=("KOR", "USA"),
        sentence=sentence,
        span=(start, start + len(sentence)),
        confidence=0.7,
        cause=cause,
        effect=effect,
    )


def readings() -> list[Reading]:
    """Two reports that tell of one threat, contradict each other, and leave one name open."""
    one = report(TEXT, "Wire One", Date(2024, 3, 6), title="Launch and drills", standpoint="Seoul", kind="wire report")
    two = report(OTHER, "Wire Two", Date(2024, 3, 7), title="A warning")
    prk, usa, kor, jpn = (
        ("PRK", "North Korea"),
        ("USA", "the United States"),
        ("KOR", "South Korea"),
        ("JPN", "Japan"),
    )
    drill = "South Korea and the United States held a joint exercise on 4 March 2024."
    threat = "North Korea threatened the United States on Wednesday."
    bloc = "The Trilateral Bloc met."
    protest, warning = "Japan protested to North Korea over the launch.", "North Korea threatened the United States."
    at = TEXT.index(bloc)
    return [
        Reading(
            one,
            events=(
                event(
                    one,
                    "ACCUSE",
                    [jpn],
                    [prk],
                    protest,
                    "protested",
                    date="2024-03-05",
                ),
                event(
                    one,
                    "THREATEN",
                    [prk],
                    [usa],
                    warning,
                    "threatened",
                    date="2024-03-06",
                ),
                event(
                    one, "COOPERATE", [kor, usa], [], drill, "held a joint exercise", date="2024-03-04", reciprocal=True
                ),
                event(one, "CONSULT", [(None, "The Trilateral Bloc")], [], bloc, "met", confidence=0.4),
            ),
            claims=(
                claim(one, "South Korea", "asserts", "South Korea said that the exercise is defensive."),
                claim(one, "North Korea", "accuses", "North Korea says that the exercise is a rehearsal for war."),
                claim(one, "the review", "asserts", "The drills lead to tension", cause="The drills", effect="tension"),
            ),
            questions=(Question(one.id, "unknown actor", "The Trilateral Bloc", bloc, (at, at + len(bloc))),),
        ),
        Reading(
            two,
            events=(
                event(two, "THREATEN", [prk], [usa], threat, "threatened", date="2024-03-06", speaker="Pyongyang"),
                event(two, "MOBILIZE", [jpn], [], "Japan may send a ship.", "send", modality="planned"),
            ),
        ),
    ]


def fit(seed: int = 1) -> Fit:
    """A model with made-up numbers, stable and quick."""
    rng = np.random.default_rng(seed)
    a, k, c, h, d = len(ACTORS), len(TYPES), len(CHANNELS), len(TAUS), 8
    off = 1.0 - np.eye(a)
    base = 0.01 * rng.random((a, a, k)) * off[..., None]
    weights = 0.004 * rng.random((c, h, k, k))
    theta = np.broadcast_to(off, (c, a, a)).copy()
    partners = np.where(off > 0, 0.2, 0.0)
    gains = {
        "constant rate": Gain(0.4, 0.3, 0.5),
        "smoothing": Gain(0.1, 0.05, 0.15),
        "without third parties": Gain(0.01, -0.02, 0.04),
    }
    return Fit(
        actors=ACTORS,
        types=TYPES,
        taus=np.array(TAUS),
        channels=CHANNELS,
        base=base,
        weights=weights,
        theta=theta,
        partners=partners,
        phi=1.0,
        volume_sd=(0.1, 0.1),
        state=np.zeros((a, a, k, h)),
        mean=base * 1.5,
        counts=20.0 * rng.random((a, a, k)) * off[..., None],
        draws=Draws(
            base=rng.lognormal(0, 0.1, (d, a, a)) * off,
            weights=weights * rng.lognormal(0, 0.2, (d, c, h, k, k)),
            theta=np.broadcast_to(theta, (d, c, a, a)).copy(),
        ),
        score=Score("2023-01-01", "2023-12-31", 365, 900, -5.0, gains, 0.81, "A test set"),
        n_events=1000,
        start=Date(2020, 1, 1),
        end=Date(2023, 12, 31),
        prior_share=0.9,
        provenance={"sources": ["Somebody (2020). A data set."]},
    )


def comparison(model: Fit, *, futures: int = 40, days: int = 20) -> Comparison:
    """The whole catalogue between two sides, in a few futures."""
    bound = [m.between(["KOR", "USA"], ["PRK"]) for m in catalogue()]
    return compare(model, bound, start=Date(2024, 3, 8), days=days, futures=futures, seed=3)


def findings(
    path: Path,
    read: Sequence[Reading] | None = None,
    *,
    model: Fit | None = None,
    compared: Comparison | None = None,
    **about: Any,
) -> Findings:
    """Findings of a desk with these readings, all known by the middle of March 2024."""
    store = Store(path)
    store.add(readings() if read is None else read)
    on = Date(2024, 3, 15)
    events = store.events()
    codes = sorted({c for side in ("source", "target") for row in events[side] for c in row})
    held = relate.standing(ties(), on, among=codes)
    named = relate.table(held, on).with_columns(reports=None)
    plain = Findings(
        as_of=on,
        on=on,
        reports=store.reports(),
        events=events,
        claims=store.claims(),
        contested=relate.contested(store.claims()),
        ties=named,
        edges=relate.edges(ties(), events, on, among=codes),
        questions=store.questions(),
        actors=tuple(codes),
        texts={r.id: r for r in nouns(store.reports(), Report)},
        fit=model,
        prior_note="Made by hand.",
        comparison=compared,
        simulation_note="" if compared else "Nothing was simulated.",
        skipped=("broken.pdf: holds no text.",),
        stamp=Stamp("0.0", on, "abc123", 7, "detente brief", "by hand"),
    )
    return replace(plain, **about)
