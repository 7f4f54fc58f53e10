"""Who acts must not change how the act is coded: names are swapped, type, modality and confidence stay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product

import pytest

from detente.events import Event
from detente.read import code_lines

# {a}, {b}, {c}: names; {A}, {B}: adjectives; {pa}: a person with an office.
SENTENCES = (
    "{a} condemned the missile test by {b}.",
    "{a} and {b} held joint naval exercises in the region on Tuesday.",
    "The {A} foreign minister accused {b} of violating the agreement.",
    "{a} has voiced concern over the growing military collaboration among {b}, {c} and India.",
    "{a} signed a reciprocal access agreement with {b} last year.",
    "{a} refused to hold talks with {b}.",
    "{a} will hold joint drills with {b} and {c} in August.",
    "{a} imposed sanctions on {b} over its weapons programme.",
    "If {a} deploys missiles near {b}, {c} could respond.",
    "Troops from {a} crossed the border and attacked {b}.",
    "{a} lodged a protest with {b} over the {B} patrols.",
    "{a} urged {b} to return to the negotiating table.",
    "{B} officials were condemned by {a} for the launch.",
    "{a} threatened to attack {b} if {c} joins the exercise.",
    "{a}'s opposition to the alliance between {b} and {c} remains strong.",
    "{a} sent humanitarian aid to {b} after the earthquake.",
    "{a} denied that it had supplied weapons to {b}.",
    "{pa} met the {B} leader for a summit on Monday.",
    "Officials in {a} said {b} had fired two ballistic missiles into the sea.",
    "{a} lifted its ban on imports from {b}.",
    "{a} recalled its ambassador from {b} and suspended the dialogue.",
    "The {A} navy fired water cannon at a {B} supply ship.",
    "{a}, {b} and {c} agreed to share intelligence on missile launches.",
    "{a} plans to deploy fighter jets to {b} next year.",
    "{a} warned {b} against further {B}-{C} drills.",
    "The growing cooperation between {a} and {b} worries {c}, whose government criticised it on Monday.",
    "{a} expelled three {B} diplomats on Friday.",
    "{a} Holds Talks With {b} on Trade",
    "{a} closed its embassy in {b}.",
    "{a} withdrew its troops from {b}.",
    "{a} extradited two men to {b}.",
    "{a} summoned the {B} ambassador over the incident.",
    "{a} praised {b} for its mediation.",
    "{a} apologised to {b} for the collision.",
    "{a} and {b} agreed to restore diplomatic ties.",
    "{a} rejected a proposal by {b} to hold talks.",
    "{a} vowed to retaliate against {b}.",
    "{a} warned that the deployment of {B} missiles harms regional stability.",
    "{a} warned that it would respond to the {B} drills.",
    "{a} accused {b} of bombing a hospital in {c}.",
    "{a} claimed that {b} had attacked {c}.",
    "{a} seized a {B} tanker on Friday.",
    "{a}'s coast guard rammed a {B} fishing boat.",
    "{a} shot down a {B} drone.",
    "{A} hackers attacked {B} ministries.",
    "{a} banned imports from {b} and expelled a diplomat.",
    "{a} released three {B} prisoners after talks with {c}.",
    "{a} offered to mediate between {b} and {c}.",
    "{a} postponed a planned visit to {b}.",
    "{a} may send troops to {b}.",
    "{a} did not condemn {b}.",
    "No talks were held between {a} and {b}.",
    "{a} joined {b} and {c} in condemning the coup.",
    "Thousands of protesters marched against {a} outside the {A} embassy.",
    "According to {a}, {b} attacked a convoy of {c}.",
    '"{a} must stop its patrols," the {B} defence minister said.',
    "{a} said {b} had imposed sanctions on {c}.",
    "The talks between {a} and {b} might resume.",
    "An attack by {a} on {b} would draw in {c}.",
    "{a} has long criticised the alliance among {b}, {c} and India.",
    "{a} tested a ballistic missile over {b}.",
    "{a} suspended the drills with {b} to ease tensions.",
    "The {A} parliament ratified a treaty with {b}.",
    "{a}, which bombed {b} in May, met envoys of {c}.",
    "After meeting the {A} leader, the {B} prime minister criticised {c}.",
    "{a} to Host Talks With {b}",
)
ACTORS = (
    ("Japan", "Japanese", "Fumio Kishida"),
    ("China", "Chinese", "Xi Jinping"),
    ("Russia", "Russian", "Vladimir Putin"),
    ("North Korea", "North Korean", "Kim Jong Un"),
    ("South Korea", "South Korean", "Yoon Suk Yeol"),
    ("Australia", "Australian", "Anthony Albanese"),
    ("Germany", "German", "Olaf Scholz"),
    ("Vanuatu", "Vanuatuan", "Narendra Modi"),
)


def filled(sentence: str) -> Iterator[str]:
    for i, j in product(range(len(ACTORS)), repeat=2):
        k = (i + j + 3) % len(ACTORS)
        if len({i, j, k}) == 3:
            a, b, c = ACTORS[i], ACTORS[j], ACTORS[k]
            yield sentence.format(a=a[0], b=b[0], c=c[0], A=a[1], B=b[1], C=c[1], pa=a[2])


def shape(events: list[Event]) -> list[tuple[object, ...]]:
    return [(e.type, e.modality, e.confidence, e.reciprocal, len(e.source), len(e.target), e.domain) for e in events]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_swapping_actors_changes_nothing_but_the_actors(sentence: str) -> None:
    texts = list(filled(sentence))
    lines = [json.dumps({"id": str(i), "text": t, "date": "2024-07-11"}) for i, t in enumerate(texts)]
    coded: dict[str, list[Event]] = {str(i): [] for i in range(len(texts))}
    for event in code_lines(lines):
        coded[event.report].append(event)
    first = shape(coded["0"])
    assert first, texts[0]
    different = [texts[int(i)] for i, events in coded.items() if shape(events) != first]
    assert not different, (first, shape(coded[str(texts.index(different[0]))]), different[0])
