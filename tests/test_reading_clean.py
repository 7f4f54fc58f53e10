"""Text as parsed, the way back, boilerplate and blocks."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.read.clean import author, blocks, boilerplate, normalise, outlet
from detente.read.pages import load
from tests.shared import shared

PAGE = """Click the share button below to forward this article. Follow us on Instagram and subscribe to our channel.
To receive Harbour Post's Weekly Newsletter, click here.
***
Nine ships left port on Monday. The drills, said the navy, serve rescue at sea.
The neighbour to the north protested and sent two aircraft. Its minister spoke of a hostile act. Read more: All drills
Analysts expect more drills; the two capitals have talked about them since the spring.
*
Note to readers: please click the share button above. Feel free to repost and share widely Harbour Post articles.
John Q. Doe is a senior analyst at the Institute of Sea Studies and the author of two books on navies. Former officer.
Featured image: a frigate at sea, 3 May 2023 (Licensed under CC BY 2.0)
Comment on Harbour Post articles on our Facebook page
Become a Member of Harbour Post
Copyright © 2023 Harbour Post. All rights reserved.
Source link"""


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("the summit‘s end", "the summit's end"),
        ("“Asian NATO,“ it said", '"Asian NATO," it said'),
        ("it ended.They left", "it ended. They left"),
        ("it ended.”They left", 'it ended." They left'),
        ("these gains,the North", "these gains, the North"),
        ("on July 11,2024", "on July 11, 2024"),
        ("joined NATO.The others", "joined NATO. The others"),
        ("the Indo–Pacific and medium–range", "the Indo-Pacific and medium-range"),
        ("the goal – the end", "the goal – the end"),
        ("the bloc—which grew—met", "the bloc — which grew — met"),
        ("south Korea and japan, north Korean, sino-Japanese", "South Korea and Japan, North Korean, Sino-Japanese"),
        (
            "1,000 men at 3.5 knots, U.S.Army, see www.site.com,now",
            "1,000 men at 3.5 knots, U.S.Army, see www.site.com,now",
        ),
        ("hid\u200bden, soft\u00adhyphen, \u202eturned\u202c", "hidden, softhyphen, turned"),
        ("turkey and polish and china's", "turkey and polish and China's"),
    ],
)
def test_text_is_put_right(text: str, clean: str) -> None:
    assert normalise(text).text == clean


@given(st.text(alphabet=st.sampled_from("aB .,’“\"'–—\n\u200b-|:9eéжt"), max_size=120))
def test_the_way_back_is_sound(text: str) -> None:
    clean = normalise(text)
    assert len(clean.offsets) == len(clean.text) + 1
    assert list(clean.offsets) == sorted(clean.offsets)
    assert clean.offsets[-1] == len(text)
    for start in range(len(clean.text)):
        first, last = clean.back(start, start + 1)
        assert 0 <= first <= last <= len(text)
        assert last - first <= 1
        if clean.text[start].isalnum():
            assert text[first:last].lower() == clean.text[start].lower()
    assert normalise(clean.text).text == clean.text or "\n" in text


def test_words_are_found_again_in_the_original() -> None:
    text = "It ended.They \u200bleft,the north Koreans said ‘no’."
    clean = normalise(text)
    for words in ("They left", "the North Koreans", "'no'"):
        start = clean.text.index(words)
        first, last = clean.back(start, start + len(words))
        assert re.sub(r"[\W_]", "", text[first:last]).lower() == re.sub(r"[\W_]", "", words).lower()


def test_wrapped_lines_are_joined() -> None:
    text = (
        "Two navies met off the coast on Tuesday for three days of dril-\nls that had been announced a week before to"
        "\nall of the neighbours. The ministers of defence said that the\nships would practise search and rescue"
        " together.\n\nA new paragraph begins here and it goes on for a second line\nwhich ends here.\n"
    )
    clean = normalise(text)
    assert "three days of drills that had been announced a week before to all of the neighbours" in clean.text
    assert clean.text.count("\n") == 3
    assert text[slice(*clean.back(clean.text.index("drills"), clean.text.index("drills") + 6))] == "dril-\nls"


def test_boilerplate_is_tagged_and_the_article_is_not() -> None:
    found = [PAGE[start:end] for start, end in boilerplate(PAGE)]
    kept = PAGE
    for words in found:
        kept = kept.replace(words, "")
    assert kept.split("\n") == [
        *[""] * 3,
        "Nine ships left port on Monday. The drills, said the navy, serve rescue at sea.",
        "The neighbour to the north protested and sent two aircraft. Its minister spoke of a hostile act. ",
        "Analysts expect more drills; the two capitals have talked about them since the spring.",
        *[""] * 8,
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Share the burden: that is what the minister asked of his allies in the pact.",
        "Support for the treaty grew after the test.",
        "Source close to the talks say that a deal is near.",
        "Follow-up talks will be held in May.",
        "By land and by sea, troops of both states took part in the drill.",
        "Comment from the ministry was not available; the embassy did not answer.",
        "Read in full, the treaty binds neither state to fight.",
        "Fumio Kishida is the prime minister of Japan and met the president on Tuesday.",
        "Advertisement of the drills had been asked for by the neighbour.",
        "The image of the alliance suffered: its members quarrelled in public.",
    ],
)
def test_article_lines_that_look_like_boilerplate_stay(line: str) -> None:
    text = "\n".join([PAGE.split("\n")[3]] * 3 + [line])
    assert boilerplate(text) == ()


def test_author_and_outlet_name_themselves() -> None:
    assert author(PAGE) == "John Q. Doe"
    assert outlet(PAGE) == "Harbour Post"
    assert author("Drills end\nBy Jane Roe, Tokyo\nNine ships came back.") == "Jane Roe"
    assert author("Nine ships came back.") == ""
    assert outlet("Become a Member of Harbour Post") == ""


def test_blocks_know_what_introduces_them() -> None:
    text = (
        "What the North Wants\nThe ministry listed three demands. They are these:\n- Trade: ports must open.\n"
        "* talks at once\n1) An end of drills\nThe effects follow.\n"
        "Effect | Meaning |\n---|---|\nPrices | Prices may rise. |\n"
        "| Ports | Ports may close. |\nThe talks go on."
    )
    clean = normalise(text)
    found = blocks(clean)

    def words(span: tuple[int, int] | None) -> str:
        return clean.text[slice(*span)] if span else ""

    assert [(block.kind, [words(part) for part in block.parts], words(block.lead)) for block in found] == [
        ("heading", ["What the North Wants"], ""),
        ("paragraph", ["The ministry listed three demands. They are these:"], ""),
        ("bullet", ["Trade:", "ports must open."], "They are these:"),
        ("bullet", ["talks at once"], "They are these:"),
        ("bullet", ["An end of drills"], "They are these:"),
        ("paragraph", ["The effects follow."], ""),
        ("table header", ["Effect", "Meaning"], "The effects follow."),
        ("table row", ["Prices", "Prices may rise."], "The effects follow."),
        ("table row", ["Ports", "Ports may close."], "The effects follow."),
        ("paragraph", ["The talks go on."], ""),
    ]
    assert {words(block.header) for block in found if block.kind == "table row"} == {"Effect | Meaning |"}


def test_blocks_leave_boilerplate_out() -> None:
    clean = normalise(PAGE)
    found = blocks(clean, boilerplate(PAGE))
    parts = [clean.text[start:end] for block in found for start, end in block.parts]
    assert parts == [
        "Nine ships left port on Monday. The drills, said the navy, serve rescue at sea.",
        "The neighbour to the north protested and sent two aircraft. Its minister spoke of a hostile act.",
        "Analysts expect more drills; the two capitals have talked about them since the spring.",
    ]


@given(st.text(alphabet=st.sampled_from("ab .|-:\n*By1)"), max_size=150))
def test_blocks_take_anything(text: str) -> None:
    clean = normalise(text)
    last = 0
    for block in blocks(clean, boilerplate(text)):
        assert last <= block.start < block.end <= len(clean.text)
        last = block.end
        for start, end in block.parts:
            assert block.start <= start < end <= block.end


def test_seeds_lose_their_boilerplate_and_nothing_else() -> None:
    first, second = (load(path).text for path in sorted(shared("seeds").glob("*.txt")))
    spans = boilerplate(first)
    lines = first.split("\n")
    # By position: what stands before the first row of stars and after the last one is not the article.
    stars = [number for number, line in enumerate(lines) if re.fullmatch(r"\*+", line)]
    outside = [line for number, line in enumerate(lines) if number <= stars[0] or number >= stars[-1]]
    assert [first[start:end] for start, end in spans] == outside
    assert author(first) == "Leonid Savin"
    # The other one is all article, save for the credit that another site put behind it.
    rest = [second[start:end] for start, end in boilerplate(second)]
    assert rest in ([], ["Source link"])
