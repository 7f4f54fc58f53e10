"""Rules of reading that hold for every actor: no act against oneself, no warning taken for the deed, who speaks."""

from __future__ import annotations

import pytest

from detente.events import Party
from detente.read import make_report, read


def side(parties: tuple[Party, ...]) -> str:
    return "+".join(p.code or p.name for p in parties)


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("Canberra refused to let a Chinese firm buy Darwin port.", ["AUS REJECT CHN"]),
        ("Tokyo refused to let a British crew leave Osaka airport.", ["JPN REJECT GBR"]),
        ("North Korea blew up the inter-Korean liaison office.", ["PRK ASSAULT KOR"]),
        ("South Korea closed the inter-Korean liaison office.", ["KOR COERCE PRK"]),
        ("Russia warned Japan against deploying US missiles.", ["RUS THREATEN JPN"]),
        ("China warned the Philippines against occupying the shoal.", ["CHN THREATEN PHL"]),
        ("A Chinese spy balloon was shot down by a US fighter jet.", ["USA ASSAULT CHN"]),
        ("The United States sent bombers in a show of force against Pyongyang.", ["USA MOBILIZE PRK"]),
        ("Japan and South Korea resumed the sharing of missile data.", ["JPN COOPERATE KOR"]),
        ("A North Korean hacker group stole data from the Japanese space agency.", ["PRK COERCE JPN"]),
        ("A Chinese vessel was expelled from Philippine waters by the coast guard.", ["coast guard COERCE CHN"]),
        ("North Korea fired two missiles into the sea, according to South Korea's JCS.", ["PRK MOBILIZE "]),
        ("Japan fired a rocket into the sea, according to China's defence ministry.", ["JPN MOBILIZE "]),
        ("The Syrian army bombed Aleppo.", ["SYR ASSAULT SYR"]),
        ("Japan exercised restraint.", []),
    ],
)
def test_who_does_what_to_whom(text: str, events: list[str]) -> None:
    assert [f"{side(e.source)} {e.type} {side(e.target)}" for e in read(make_report(text)).events] == events


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("China urged Japan to exercise restraint.", None),
        ("Japan called on Iran to observe caution in the exercise of its rights.", None),
        ("China urged Japan to cancel the exercise.", "exercise"),
        ("India suspended the Indus Waters Treaty with Pakistan.", "diplomatic"),
    ],
)
def test_the_words_that_tell_the_domain(text: str, domain: str | None) -> None:
    assert [e.domain for e in read(make_report(text)).events] == [domain]


def test_restraint_is_no_drill_among_the_themes() -> None:
    topics = [
        claim.topic
        for words in ("exercise restraint", "exercise the utmost restraint", "cancel the exercise")
        for claim in read(make_report(f"China urged Japan to {words}.")).claims
    ]
    assert topics == ["JPN: other", "JPN: other", "JPN: exercises"]


SPEAKERS = [
    ("A retired Chinese colonel, Zhou Bo, argues that {}", None),
    ("Zhou Bo, a retired Chinese colonel, argues that {}", None),
    ("A retired American general argues that {}", None),
    ("Former US president John Doe said that {}", None),
    ("A Chinese professor said that {}", None),
    ("Russian analysts said that {}", None),
    ("A Chinese colonel said that {}", "CHN"),
    ("The Chinese foreign ministry said that {}", "CHN"),
    ("Chinese officials deny this: in their view {}", "CHN"),
    ("Japan rejects this; in its view {}", "JPN"),
    ("In Beijing's view, {}", "CHN"),
]


@pytest.mark.parametrize(("frame", "code"), SPEAKERS)
def test_who_speaks_for_a_state(frame: str, code: str | None) -> None:
    reading = read(make_report(frame.format("Iran threatens Israel.")))
    (event,) = [e for e in reading.events if e.type == "THREATEN"]
    assert len(event.speakers) == 2
    assert event.speakers[-1].code == code
