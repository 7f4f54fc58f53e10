"""Frames: verbs, nouns, light verbs, passives, prepositions, topics, modality, domain."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from detente.codebook import TYPES, cameo, to_plover
from detente.errors import ReadError
from detente.events import Event
from detente.read import code_lines, make_report, read
from detente.read.frames import lexicon, load
from tests.quality import short


def coded(text: str, date: str | None = "2024-07-11") -> list[Event]:
    return list(code_lines([json.dumps({"id": "t", "text": text, "date": date})]))


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # AGREE: willingness as a noun or an adjective; both sides of an agreement to act
        ("Norway signalled its readiness to negotiate with Russia.", "AGREE NOR>RUS asserted"),
        ("Finland is ready to help Estonia.", "AGREE FIN>EST asserted"),
        ("Japan expressed interest in buying Australian gas.", "AGREE JPN>AUS asserted"),
        # CONSULT: envoys travel, messages are carried
        ("The Peruvian president arrived in Chile on Monday.", "CONSULT PER<>CHL asserted"),
        ("The Jordanian prime minister ended a visit to Egypt.", "CONSULT JOR<>EGY asserted"),
        ("A Qatari envoy delivered a letter to the president of Chad.", "CONSULT QAT>TCD asserted"),
        # SUPPORT
        ("Portugal came to the defence of Brazil.", "SUPPORT PRT>BRA asserted"),
        ("Poland opened an embassy in Kenya.", "SUPPORT POL>KEN asserted"),
        # COOPERATE: trade
        ("Vietnam sells rice to Cuba.", "COOPERATE VNM>CUB asserted"),
        ("Chile bought frigates from Belgium.", "COOPERATE CHL>BEL asserted"),
        # AID
        ("Sweden allocated 20 million crowns to Mozambique.", "AID SWE>MOZ asserted"),
        ("Spain gave shelter to Cuban refugees.", "AID ESP>CUB asserted"),
        # YIELD
        ("Angolan troops left Zambia.", "RETREAT AGO>ZMB asserted"),
        ("Morocco returned the manuscripts to Spain.", "RETREAT MAR>ESP asserted"),
        ("The governor of Mali commuted the sentences of two French pilots.", "CONCEDE MLI>FRA asserted"),
        ("Tunisia lifted the state of emergency.", "CONCEDE TUN> asserted"),
        # REQUEST: what somebody should do, in an infinitive or after "that"
        ("Peru told Bolivia to reopen the road.", "REQUEST PER>BOL asserted"),
        ("Ghana wants Togo to return the ship.", "REQUEST GHA>TGO asserted"),
        ("Sudan insisted that Chad close the camp.", "REQUEST SDN>TCD asserted"),
        ("Canada said a reform of the United Nations was needed.", "REQUEST CAN>UN asserted"),
        # ACCUSE: feelings, blame in reported words, words that only look like blows
        ("Ireland was angered by Iceland's decision.", "ACCUSE IRL>ISL asserted"),
        ("Chad is worried about Libyan raids.", "ACCUSE TCD>LBY asserted"),
        ("Kenya said Somalia was responsible for the attack.", "ACCUSE KEN>SOM asserted"),
        ("Cuba attacked Canada's policy.", "ACCUSE CUB>CAN asserted"),
        # REJECT
        ("Albania cancelled a visit to Italy.", "REJECT ALB>ITA asserted"),
        ("Turkey turned its back on the Greek plan.", "REJECT TUR>GRC asserted"),
        # PROTEST: the same deed of a crowd and of an army
        ("Students in Chile clashed with police.", "PROTEST CHL>CHL asserted"),
        ("Eritrean soldiers clashed with Ethiopian troops.", "ASSAULT ERI>ETH asserted"),
        ("Danish and Swedish ships clashed.", "ASSAULT DNK<>SWE asserted"),
        # MOBILIZE, SANCTION, COERCE, ASSAULT
        ("Chad called up reservists against Libya.", "MOBILIZE TCD>LBY asserted"),
        ("Canada froze Haitian assets.", "SANCTION CAN>HTI asserted"),
        ("Mali ordered the Belgian ambassador to leave.", "SANCTION MLI>BEL asserted"),
        ("Egypt sealed off Gaza.", "COERCE EGY>PSE asserted"),
        ("Guinea used chemical weapons against Liberia.", "ASSAULT GIN>LBR asserted"),
        ("Syrian aircraft launched air strikes on Jordan.", "ASSAULT SYR>JOR asserted"),
        ("Yemeni pirates hijacked a Greek airliner.", "ASSAULT YEM>GRC asserted"),
    ],
)
def test_each_construction_finds_both_sides(text: str, expected: str) -> None:
    assert [short(e) for e in coded(text)] == [expected]


def test_people_whom_nothing_ties_to_a_state_belong_to_the_one_that_acts_on_them() -> None:
    (event,) = coded("The president of Kenya freed six detainees.")
    assert [(p.code, p.inferred) for p in event.target] == [("KEN", True)]
    # Kept as printed where a name or a place says otherwise, or where a foreign body may act.
    (event,) = coded("The president of Kenya freed six Ugandan detainees.")
    assert [p.code for p in event.target] == ["UGA"]
    (event,) = coded("Kenyan soldiers killed six traders.")
    assert [p.code for p in event.target] == [None]


def test_the_ground_on_which_an_act_falls_is_its_target() -> None:
    text = "Thailand imposed a curfew in Bangkok."
    (event,) = coded(text)
    assert [(p.code, p.role, p.inferred) for p in event.target] == [("THA", "territory", True)]
    assert [text[slice(*p.span)] for p in event.target if p.span] == ["Bangkok"]


def test_the_place_of_an_arrest_is_where_its_authorities_are_named() -> None:
    text = "Two Danish sailors were arrested in Oman."
    (event,) = coded(text)
    assert short(event) == "COERCE OMN>DNK asserted"
    assert [text[slice(*p.span)] for p in event.source if p.span] == ["Oman"]


def test_what_belongs_to_a_state_is_not_its_rebels() -> None:
    (event,) = coded("Rebels attacked a Colombian base.")
    assert [p.code for p in event.target] == ["COL"]


def test_a_thing_that_only_shares_a_word_with_an_act_is_none() -> None:
    for text in ("Tourists left Kenya.", "Denmark fights the flu.", "The workers arrived in Peru."):
        assert coded(text) == []


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("Police in Cairo beat protesters.", ("EGY", "EGY")),
        ("Tamil Tiger rebels killed ten soldiers in northern Sri Lanka.", ("LKA", "LKA")),
        ("Thousands of Haitians marched through Port-au-Prince to demand new elections.", ("HTI", "HTI")),
        ("Kenyan guerrillas declared a truce.", ("KEN", "KEN")),
        ("Salvadoran rebels and government delegates began talks in Caracas.", ("SLV", "SLV")),
        ("The army killed ten guerrillas, Turkish officials said.", ("TUR", "TUR")),
        ("Uzbekistan agreed to open its borders for aid trucks to enter Afghanistan.", ("UZB", "AFG")),
        ("Iran condemned the bombing of a market in Quetta.", ("IRN", "PAK")),
        ("Bangladesh says it will not accept Indian refugees.", ("BGD", "IND")),
        ("Qatar said Bahrain had violated the agreement.", ("QAT", "BHR")),
        (
            "Venezuelan President Hugo Chavez ordered his ambassador in Bogota home and closed the embassy there.",
            ("VEN", "COL"),
        ),
        ("Chile withdrew peacekeepers from Haiti.", ("CHL", "HTI")),
        ("Tibetan monks were sentenced to ten years in prison.", ("CHN", "CHN")),
    ],
)
def test_sides_that_the_words_leave_to_the_reader(text: str, sides: tuple[str, str | None]) -> None:
    found = [
        (*(p.code for p in e.source[:1]), e.target[0].code if e.target else None)
        for e in read(make_report(text)).events
        if e.modality != "hypothetical"
    ]
    assert sides in found


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Indonesian gunboats seized two Australian trawlers. Canberra protested.", "IDN"),
        ("Pyongyang accused South Korea of lying. Seoul dismissed the charge.", "PRK"),
        ("China imposed tariffs on Japan. Canada condemned the move.", "CHN"),
        ("Armenia accused Azerbaijan of violating the truce. Baku rejected it.", "ARM"),
        ("India attacked Pakistan. France met Germany. Islamabad protested.", None),
        ("Japan held talks with Russia. Japan condemned the decision.", None),
    ],
)
def test_a_reply_is_to_the_other_side_of_the_last_event(text: str, code: str | None) -> None:
    last = read(make_report(text)).events[-1]
    assert [p.code for p in last.target] == ([code] if code else [])
    assert all(p.inferred for p in last.target)
