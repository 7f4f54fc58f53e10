"""An analyst's own frames: found faults are named with their entry and remedy, sound ones code."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner

import detente as dt
from detente.cli import main
from detente.codebook import TYPES
from detente.errors import ReadError
from detente.read import code_lines, make_coder, make_report
from detente.read.extend import extend, faults
from detente.read.frames import lexicon

SOUND = """
[[frame]]
type = "REJECT"
cameo = "120"
verbs = ["cold-shoulder", "give"]
objects = ["@snubs"]
target = ["iobj", "to", "obj"]

[[frame]]
type = "REJECT"
cameo = "120"
verbs = ["stonewall"]

[[frame]]
type = "CONSULT"
cameo = "042"
nouns = ["palaver"]
mutual = true

[classes]
snubs = ["shoulder", "snub"]
agreements = ["entente"]

[people]
envoy = ["plenipotentiary"]

[domains]
maritime = ["dhow"]
"""
SNUB = "Vietnam gave India the cold shoulder."


def test_sound_frames_code_what_the_shipped_ones_do_not() -> None:
    assert faults(SOUND.encode(), "own.toml", lexicon()) == []
    own = make_coder((("own.toml", SOUND.encode()),))
    for text, type_ in ((SNUB, "REJECT"), ("Vietnam stonewalled India.", "REJECT"),
                        ("The palaver between Vietnam and India ended.", "CONSULT")):  # fmt: skip
        (event,) = own.read(make_report(text)).events
        assert (event.type, {p.code for p in (*event.source, *event.target)}) == (type_, {"VNM", "IND"})
        assert type_ not in [e.type for e in make_coder().read(make_report(text)).events]


def test_own_words_are_added_and_shipped_ones_stay() -> None:
    base = lexicon()
    own = extend(base, SOUND.encode(), "own.toml")
    assert own.classes["agreements"] == base.classes["agreements"] | {"entente"}
    assert own.people == base.people | {"plenipotentiary": "envoy"}
    assert "dhow" in dict(own.domains)["maritime"]
    assert [key for key, _ in own.domains][: len(base.domains)] == [key for key, _ in base.domains]
    assert own.nouns.keys() == base.nouns.keys() | {"palaver"}
    assert all(set(rows) <= set(own.verbs[verb]) for verb, rows in base.verbs.items())
    assert extend(base, b"", "empty.toml") == base


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('type = "ACUSE"\ncameo = "112"\nverbs = ["finger"]', "frame 1 (finger): 'ACUSE' is no PLOVER type"),
        ('type = "ACCUSE"\ncameo = "12x"\nverbs = ["finger"]', "'12x' is no CAMEO code"),
        ('type = "ACCUSE"\ncameo = "1129"\nverbs = ["finger"]', "the nearest is '112'"),
        ('type = "ACCUSE"\ncameo = "112"', "give at least one word"),
        ('type = "ACCUSE"\nverbs = ["finger"]', "missing required field `cameo`"),
        ('type = "ACCUSE"\ncameo = "112"\nverb = ["finger"]', "unknown field `verb`"),
        ('type = "ACCUSE"\ncameo = "112"\nverbs = "finger"', "Expected `array`"),
        ('type = "ACCUSE"\ncameo = "112"\nverbs = ["fingered"]', "would never match: its lemma is 'finger'"),
        ('type = "ACCUSE"\ncameo = "112"\nnouns = ["smears"]', "would never match: its lemma is 'smear'"),
        ('type = "ACCUSE"\ncameo = "112"\nverbs = ["Finger"]', "write 'finger'"),
        ('type = "ACCUSE"\ncameo = "112"\nverbs = ["finger"]\ntarget = ["object"]', "'object' is no slot"),
        ('type = "ACCUSE"\ncameo = "112"\nverbs = ["level"]\nobjects = ["@charges"]', "no class '@charges'; known: "),
        ('type = "ACCUSE"\ncameo = "112"\nverbs = ["finger"]\ndomain = "weather"', "Invalid enum value 'weather'"),
    ],
)
def test_a_fault_names_file_entry_and_remedy(content: str, told: str) -> None:
    sound = '[[frame]]\ntype = "ACCUSE"\ncameo = "112"\nverbs = ["finger"]\n'
    (line,) = faults(f"[[frame]]\n{content}\n{sound}".encode(), "own.toml", lexicon())
    assert line.startswith("own.toml, frame 1 (")
    assert told in line
    with pytest.raises(ReadError, match=r"own\.toml, frame 2"):
        extend(lexicon(), f"{sound}[[frame]]\n{content}".encode(), "own.toml")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[[frame]", "no TOML"),
        (b"light = ['\xff']", "byte 10 is no UTF-8"),
        (b"frame = 3", "[[frame]]"),
        (b"light = 3", "Expected `array`"),
        (b"lights = []", "unknown field `lights`"),
        (b"[domains]\nweather = ['rain']", "Invalid enum value 'weather'"),
    ],
)
def test_a_fault_of_the_file_names_it(content: bytes, told: str) -> None:
    (line,) = faults(content, "own.toml", lexicon())
    assert line.startswith("own.toml: ")
    assert told in line


def test_the_shipped_frames_pass_the_check() -> None:
    shipped = files("detente").joinpath("data/frames.toml").read_bytes()
    # A form beside its lemma does no harm; everything else would.
    assert [f for f in faults(shipped, "frames.toml", lexicon()) if "would never match" not in f] == []


def test_lines_and_desk_take_own_frames(tmp_path: Path) -> None:
    line = json.dumps({"id": "a", "text": SNUB})
    assert [e.type for e in code_lines([line], frames=(("own.toml", SOUND.encode()),))] == ["REJECT"]
    (tmp_path / "own.toml").write_text(SOUND, encoding="utf-8")
    (tmp_path / "a.txt").write_text(SNUB, encoding="utf-8")
    outcome = dt.open(tmp_path / "desk").read(tmp_path / "a.txt", frames=[tmp_path / "own.toml"])
    assert [e.type for e in outcome.each_event()] == ["REJECT"]


def test_the_command_line(tmp_path: Path) -> None:
    run = CliRunner().invoke
    own, bad = tmp_path / "own.toml", tmp_path / "bad.toml"
    own.write_text(SOUND, encoding="utf-8")
    bad.write_text('[[frame]]\ntype = "SNUB"\ncameo = "0"\nverbs = ["snub"]', encoding="utf-8")
    rows = [json.loads(line) for line in run(main, ["frames", "--json"]).stdout.splitlines()]
    assert [row["type"] for row in rows] == list(TYPES)
    assert all(row["frames"] > 0 for row in rows)
    shown = [json.loads(line) for line in run(main, ["frames", "--type", "protest", "--json"]).stdout.splitlines()]
    assert len(shown) == next(row["frames"] for row in rows if row["type"] == "PROTEST")
    assert "demonstrate" in " ".join(row["verbs"] for row in shown)
    assert "SNUB" in run(main, ["frames", "--type", "SNUB"]).stderr
    assert "verbs   lemmas" in run(main, ["frames", "--format"]).stdout
    assert "no faults" in run(main, ["frames", "--check", str(own)]).stdout
    outcome = run(main, ["frames", "--check", str(bad)])
    assert outcome.exit_code == 1
    assert len([line for line in outcome.stderr.splitlines() if "bad.toml, frame 1 (snub)" in line]) == 2
    refused = run(main, ["code", "--frames", str(bad)], input='{"id": "a", "text": "Japan met India."}')
    assert refused.exit_code == 1
    assert "bad.toml, frame 1" in refused.stderr
    coded = run(main, ["code", "--frames", str(own)], input=json.dumps({"id": "a", "text": SNUB}))
    assert json.loads(coded.stdout)["type"] == "REJECT"
