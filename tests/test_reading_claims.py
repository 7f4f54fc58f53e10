"""Claims: who holds what to be the case, and what is said to bring about what."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.events import Claim
from detente.read import make_report, read, report
from detente.read.claims import theme
from tests.shared import shared


def claims(text: str, **origin: str) -> tuple[Claim, ...]:
    return read(make_report(text, author="Jane Roe", **origin)).claims


@pytest.mark.parametrize(
    ("text", "speaker", "stance"),
    [
        ("Russia said that the new base is a threat to its security.", "Russia", "accuses"),
        (
            "South Korean officials said that the drills are necessary and defensive.",
            "South Korean officials",
            "justifies",
        ),
        ("China warned that the deployment could start an arms race.", "China", "predicts"),
        ("Japan denied that its ships had entered the zone.", "Japan", "denies"),
        ("North Korea labelled the drills as a rehearsal for invasion.", "North Korea", "accuses"),
        ("US officials emphasised the need for a stronger alliance with Japan.", "US officials", "justifies"),
        ("The aggressive bloc extends its tentacles to the region.", "Jane Roe", "accuses"),
        ("The talks between the two Koreas could calm the region.", "Jane Roe", "predicts"),
        ("According to Beijing, the pact between Australia and Japan is not directed at anyone.", "Beijing", "denies"),
        ("It is essential to keep a hotline between Seoul and Tokyo.", "Jane Roe", "demands"),
    ],
)
def test_holder_and_stance(text: str, speaker: str, stance: str) -> None:
    found = claims(text)
    assert [(claim.speakers[-1].name, claim.stance) for claim in found] == [(speaker, stance)]


@pytest.mark.parametrize(
    "text",
    [
        "Japan signed an agreement with the United Kingdom in May 2023.",
        "The ministers of Japan and France met in Paris on Tuesday.",
        "Nine ships took part in the drills of India and Australia.",
        "Russia condemned Japan.",
        "It should be noted that Japan held thirty drills with fourteen states.",
        "Key outcomes include:",
    ],
)
def test_plain_facts_are_no_claims(text: str) -> None:
    assert claims(text) == ()


@pytest.mark.parametrize(
    ("text", "cause", "effect"),
    [
        ("Such drills lead to an arms race in the region.", "Such drills", "an arms race in the region"),
        ("The pact contributes to instability.", "The pact", "instability"),
        ("The new missiles would undermine the peace talks.", "The new missiles", "undermine the peace talks"),
        (
            "The growing cooperation could provoke a response by others.",
            "The growing cooperation",
            "a response by others",
        ),
        ("The states arm themselves, leading to higher tension.", "The states arm themselves", "higher tension"),
        ("Trade fell because of the sanctions on the two states.", "the sanctions on the two states", "Trade fell"),
        ("Regular meetings can foster mutual trust.", "Regular meetings", "mutual trust"),
    ],
)
def test_cause_and_effect_are_parted(text: str, cause: str, effect: str) -> None:
    assert [(claim.cause, claim.effect) for claim in claims(text)] == [(cause, effect)]


@pytest.mark.parametrize(
    "text",
    [
        "The drills do not lead to an arms race.",
        "Japan raised tariffs on steel.",
        "The allies aim to deter an attack.",
        "Tensions were caused.",
    ],
)
def test_what_says_nothing_of_causes_is_not_causal(text: str) -> None:
    assert [claim.cause for claim in claims(text) if claim.cause] == []


def test_causal_claims_belong_to_who_makes_them() -> None:
    found = claims("North Korean officials argue that such alliances escalate tensions and contribute to an arms race.")
    assert [claim.speakers[-1].code for claim in found] == ["PRK", "PRK"]
    assert [(claim.cause, claim.effect) for claim in found] == [
        ("such alliances", "tensions"),
        ("such alliances", "an arms race"),
    ]


def test_opposite_claims_about_one_thing_have_one_topic() -> None:
    found = claims(
        "North Korea said that the military cooperation between the United States, South Korea and Japan is a threat. "
        "US officials said that this military cooperation is necessary and defensive."
    )
    assert [(claim.speakers[-1].code, claim.stance, claim.topic) for claim in found] == [
        ("PRK", "accuses", "JPN KOR USA: military cooperation"),
        ("USA", "justifies", "JPN KOR USA: military cooperation"),
    ]


def test_joint_speakers_each_hold_the_claim() -> None:
    found = claims("South Korea and Japan said that the drills are necessary.")
    assert [claim.speakers[-1].code for claim in found] == ["KOR", "JPN"]
    assert len({claim.id for claim in found}) == 2


def test_what_others_call_something_is_not_the_author_accusing() -> None:
    found = claims("The idea of an 'aggressive bloc' shapes the debate in the region and is a growing concern.")
    assert {claim.stance for claim in found} == {"asserts"}


def test_spans_and_ids_are_those_of_the_report() -> None:
    text = "Ships met.The north Korean ministry said that ‘the drills‘ are a threat,and it will answer."
    stored = make_report(text)
    once, twice = read(stored), read(stored)
    assert once.claims == twice.claims
    assert once.claims
    for claim in once.claims:
        assert stored.text[slice(*claim.span)] == claim.proposition
        assert claim.proposition in claim.sentence
        assert claim.sentence in stored.text
        assert claim.report == stored.id


def test_actors_are_treated_alike() -> None:
    results = set()
    for name in ("Russia", "Japan", "China", "Australia", "France", "North Korea"):
        found = claims(f"{name} said that the drills could lead to an arms race.")
        results.add(tuple((c.stance, c.cause, c.effect, c.confidence) for c in found))
    assert len(results) == 1


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("the missile test", "missiles and nuclear"),
        ("joint drills", "exercises"),
        ("an arms race", "arms race"),
        ("talks in Geneva", "dialogue"),
        ("new sanctions", "sanctions"),
        ("nothing of the kind", "other"),
    ],
)
def test_themes(words: str, name: str) -> None:
    assert theme(words) == name


WORDS = [
    "drills",
    "lead",
    "to",
    "an",
    "arms",
    "race",
    ",",
    "Japan",
    "said",
    "that",
    "could",
    "because",
    "of",
    "which",
    '"',
    ".",
]
WORDS += ["undermine", "threat", "-", "this", "alliance", "and", "leading", "not", "According", "Russia", "is", "a"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=22).map(" ".join))
def test_any_words_are_read(text: str) -> None:
    for claim in claims(text):
        assert claim.speakers
        assert text[slice(*claim.span)] == claim.proposition
        assert bool(claim.cause) == bool(claim.effect)
        assert 0 < claim.confidence < 1


def test_seeds_hold_the_claims_that_a_reader_sees() -> None:
    first, second = (read(report(path)) for path in sorted(shared("seeds").glob("*.txt")))
    held = [(c.speakers[-1].code or c.speakers[-1].name, c.stance, c.proposition) for c in first.claims]
    assert any(who in {"Leonid Savin", "Global Research"} for who, _, _ in held)
    assert any("aggressive alliance" in words and stance == "accuses" for _, stance, words in held)
    assert any(who == "CHN" and "deployment of such weapons" in words for who, _, words in held)
    causal = {(c.speakers[-1].code, c.effect) for c in second.claims if c.cause}
    assert ("PRK", "an arms race in Northeast Asia") in causal
    pyongyang = {c.topic for c in second.claims if c.speakers[-1].code == "PRK"}
    washington = {c.topic for c in second.claims if c.speakers[-1].code == "USA"}
    assert "JPN KOR USA: military cooperation" in pyongyang & washington


@pytest.mark.parametrize(
    "text",
    [
        "South Korea said that North Korea had fired artillery. North Korea denied that it had fired artillery.",
        "Ukraine accused Russia of attacking the port. Russia denied the accusation.",
        "Ukraine said that Russia had attacked the port. Moscow denied any involvement in the attack.",
        "Washington said that Iran supplied drones to Russia. Iran rejected claims that it supplies drones to Russia.",
        "Japan says that Chinese ships entered its waters. China dismissed the report that its ships had entered it.",
        'Warsaw says that Russia attacked a post. "We did not attack Poland," the Russian foreign ministry said.',
        "Pakistan said it had shot down an Indian drone, a claim that New Delhi denied.",
        "China says that the islands are its own; Vietnam disputes this.",
    ],
)
def test_a_denial_stands_under_the_topic_of_what_it_denies(text: str) -> None:
    first, second = claims(text)
    assert {first.stance, second.stance} & {"asserts", "accuses"}
    assert [first.stance, second.stance].count("denies") == 1
    assert first.topic == second.topic
    assert first.speakers[-1].code != second.speakers[-1].code


def test_denials_across_reports_share_a_topic() -> None:
    (told,) = claims("Washington said that Iran supplied drones to Russia.")
    (denied,) = claims("Iran denied supplying drones to Russia.")
    assert (told.stance, denied.stance) == ("asserts", "denies")
    assert told.topic == denied.topic == "IRN RUS: arms supplies"


def test_what_is_denied_is_the_claim_and_not_the_noun() -> None:
    (claim,) = claims("Algeria dismissed reports that it had armed the Polisario Front.")
    assert (claim.proposition, claim.stance) == ("it had armed the Polisario Front", "denies")


def test_a_denied_act_is_negated_by_whom_it_is_said_of() -> None:
    reading = read(make_report("The accusation that Eritrea had sent troops to Ethiopia was denied by Asmara."))
    acts = [event for event in reading.events if event.type != "REJECT"]
    assert acts and {(event.modality, event.speakers[-1].code) for event in acts} == {("negated", "ERI")}
