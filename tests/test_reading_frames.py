"""Frames: verbs, nouns, light verbs, passives, prepositions, topics, modality, domain."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from detente.codebook import TYPES, cameo, to_plover
from detente.errors import ReadError
from detente.events import Event
from detente.read import code_lines
from detente.read.frames import lexicon, load


def coded(text: str, date: str | None = "2024-07-11") -> list[Event]:
    return list(code_lines([json.dumps({"id": "t", "text": text, "date": date})]))


def short(event: Event) -> str:
    sides = [",".join(p.code or "?" for p in side) for side in (event.source, event.target)]
    return f"{event.type} {'<>'.join(sides) if event.reciprocal else '>'.join(sides)} {event.modality}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Japan condemned Russia.", "ACCUSE JPN>RUS asserted"),
        ("Russia was condemned by Japan and Australia.", "ACCUSE JPN,AUS>RUS asserted"),
        ("China accused the United States of interfering in its affairs.", "ACCUSE CHN>USA asserted"),
        ("Manila protested to Beijing over the collision.", "ACCUSE PHL>CHN asserted"),
        ("North Korea condemned the drills by the United States and South Korea.", "ACCUSE PRK>USA,KOR asserted"),
        ("Japan signed a reciprocal access agreement with the United Kingdom.", "SUPPORT JPN<>GBR asserted"),
        ("The signing of an agreement between Russia and North Korea alarmed analysts.", "SUPPORT RUS<>PRK asserted"),
        ("China and Vietnam held talks in Hanoi.", "CONSULT CHN<>VNM asserted"),
        ("Seoul lodged a protest with Tokyo.", "ACCUSE KOR>JPN asserted"),
        ("Australia and Japan conducted joint exercises.", "COOPERATE AUS<>JPN asserted"),
        ("China conducted live-fire drills near Taiwan.", "MOBILIZE CHN>TWN asserted"),
        ("North Korea fired two ballistic missiles toward the East Sea.", "MOBILIZE PRK> asserted"),
        ("The US imposed sanctions on Russia.", "SANCTION USA>RUS asserted"),
        ("Russia recalled its ambassador from Poland.", "SANCTION RUS>POL asserted"),
        ("China lifted its ban on imports from Australia.", "CONCEDE CHN>AUS asserted"),
        ("Australia sent humanitarian aid to Tonga.", "AID AUS>TON asserted"),
        ("India rejected China's proposal.", "REJECT IND>CHN asserted"),
        ("Vietnam called on China to withdraw its ships.", "REQUEST VNM>CHN asserted"),
        ("Thousands of protesters rallied against the United States in Manila.", "PROTEST PHL>USA asserted"),
        ("Iran released three French prisoners.", "RETREAT IRN>FRA asserted"),
        ("Myanmar deported two Indian journalists.", "SANCTION MMR>IND asserted"),
        ("Russian forces attacked Ukraine.", "ASSAULT RUS>UKR asserted"),
        ("China threatened to retaliate against Lithuania.", "THREATEN CHN>LTU asserted"),
        ("China's opposition to the pact between Japan and the Philippines grew.", "ACCUSE CHN>JPN,PHL asserted"),
        (
            "The growing collaboration among Japan, South Korea and Australia worried observers.",
            "COOPERATE JPN,KOR,AUS<> asserted",
        ),
        ("Japan Holds Talks With India on Trade", "CONSULT JPN<>IND asserted"),
    ],
)
def test_one_sentence_of_each_kind(text: str, expected: str) -> None:
    assert expected in [short(e) for e in coded(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Japan will hold talks with India.", "AGREE JPN<>IND planned"),
        ("Japan is planning to hold joint exercises with Germany and Spain in July.", "AGREE JPN<>DEU,ESP planned"),
        ("Russia said that it would impose sanctions on Japan.", "THREATEN RUS>JPN planned"),
        ("China could attack Taiwan.", "ASSAULT CHN>TWN hypothetical"),
        ("If China attacks Taiwan, markets will fall.", "ASSAULT CHN>TWN hypothetical"),
        ("China did not attack Taiwan.", "ASSAULT CHN>TWN negated"),
        ("China refused to meet Japan.", "REJECT CHN>JPN asserted"),
        ("China will not hold talks with Japan.", "REJECT CHN<>JPN asserted"),
        ("Manila accuses China of ramming Philippine boats.", "COERCE CHN>PHL claimed"),
        ("Ukraine said that Russia had shelled Ukrainian towns.", "ASSAULT RUS>UKR claimed"),
        ("In 1950 North Korea invaded South Korea.", "ASSAULT PRK>KOR historical"),
    ],
)
def test_modality(text: str, expected: str) -> None:
    assert expected in [short(e) for e in coded(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Relations between Japan and China are complex.",
        "The South China Sea is rich in fish.",
        "Japan is a natural partner of NATO.",
        "The alliance could change the balance of power in Asia.",
        "Observers will be watching how these developments unfold.",
    ],
)
def test_no_event_is_asserted_where_nothing_happened(text: str) -> None:
    assert [short(e) for e in coded(text) if e.modality == "asserted"] == []


def test_domain_comes_from_the_words() -> None:
    (event,) = coded("Japan and India held joint naval exercises.")
    assert event.domain == "exercise"
    (event,) = coded("Japan and Estonia signed an agreement on cybersecurity.")
    assert event.domain == "cyber"


def test_shipped_frames_agree_with_the_codebook() -> None:
    book = lexicon()
    frames = [frame for rows in book.verbs.values() for frame, _ in rows] + list(book.nouns.values())
    assert {f.type for f in frames} == set(TYPES)
    for frame in frames:
        assert cameo(frame.cameo).code == frame.cameo, frame
        to_plover(frame.cameo)
    assert len(book.verbs) + len(book.nouns) > 500


def test_frames_name_no_actor() -> None:
    from detente.actors import register

    # Family names are found by their capital letter; many are words ("Work", "Levy").
    forms = {n.form.casefold() for n in register().names() if len(n.form) > 3 and n.sort != "surname"}
    book = lexicon()
    assert not (set(book.verbs) | set(book.nouns)) & forms


def test_a_fault_in_a_frame_file_is_named() -> None:
    text = files("detente").joinpath("data/frames.toml").read_text(encoding="utf-8")
    with pytest.raises(ReadError, match=r"mine\.toml.*APPLAUD"):
        load((text + '\n[[frame]]\ntype = "APPLAUD"\ncameo = "051"\nverbs = ["clap"]\n').encode(), "mine.toml")
    with pytest.raises(ReadError, match="no class '@nothing'"):
        load((text + '\n[[frame]]\ntype = "AID"\ncameo = "070"\nverbs = ["x"]\nobjects = ["@nothing"]\n').encode(), "m")
    with pytest.raises(ReadError, match=r"mine\.toml"):
        load(b"frame = 3", "mine.toml")
