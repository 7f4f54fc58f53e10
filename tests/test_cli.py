"""The command line as a person uses it."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from detente.cli import main
from detente.events import Party, Reading, Report
from detente.record import Store
from tests import test_record as made

ARTICLE = (
    "Japan protested to China over the deployment of two warships on 5 July 2024. "
    "South Korea and the United States held joint drills in the Yellow Sea on 8 July 2024. "
    "North Korea said the drills were a rehearsal for war."
)

MAP = """
dataset = "events"

[columns]
day = "day"
source = "source"
target = "target"
cameo = "cameo"
goldstein = "goldstein"
"""


def run(*words: str, given: str | None = None) -> Result:
    return CliRunner().invoke(main, list(words), input=given)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    (folder / "a.txt").write_text(ARTICLE, encoding="utf-8")
    (folder / "empty.txt").write_text("", encoding="utf-8")
    (folder / "picture.txt").write_bytes(bytes(range(256)) * 20)
    (folder / "french.txt").write_text(
        "Le ministre des affaires étrangères a déclaré mardi que les négociations allaient reprendre "
        "dans les prochains jours, après plusieurs semaines de tensions autour des exercices militaires en mer Jaune.",
        encoding="utf-8",
    )
    outcome = run(
        "read", str(folder), "--desk", str(folder / "desk"), "--published", "2024-07-09", "--source", "Test wire"
    )
    assert outcome.exit_code == 0, outcome.output
    return folder


def test_without_words_it_names_the_stages_and_the_sample() -> None:
    outcome = run()
    assert outcome.exit_code == 0
    assert "detente brief --sample" in outcome.output
    for name in main.commands:
        assert f"  {name} " in outcome.output


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_has_help_with_an_example(name: str) -> None:
    outcome = run(name, "--help")
    assert outcome.exit_code == 0
    assert "Example:" in outcome.output or "Examples:" in outcome.output
    for option in main.commands[name].params:
        if isinstance(option, click.Option):
            assert option.help or option.name in {"form", "out"}, (name, option.name)


def test_help_imports_nothing_heavy() -> None:
    script = "import sys; from detente.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.split()
    assert not {"spacy", "polars", "numpy", "numba", "networkx", "vl_convert", "trafilatura"} & set(loaded)


def test_bad_files_get_one_line_each_and_the_rest_go_on(tmp_path: Path, folder: Path) -> None:
    names = [str(folder / n) for n in ("empty.txt", "picture.txt", "french.txt", "missing.txt", "a.txt")]
    outcome = run("read", *names, "--desk", str(tmp_path / "desk"))
    assert outcome.exit_code == 0
    told = [line for line in outcome.stderr.splitlines() if line.startswith("detente:")]
    assert len(told) == 4
    for name, line in zip(names, told, strict=False):
        assert name in line
    assert "1 report, 1 new" in outcome.stdout


def test_nothing_but_bad_files_is_a_failure(tmp_path: Path, folder: Path) -> None:
    desk = tmp_path / "desk"
    outcome = run("read", str(folder / "empty.txt"), str(tmp_path / "none.txt"), "--desk", str(desk))
    assert outcome.exit_code == 1
    assert "Nothing could be read." in outcome.stderr
    assert not desk.exists()
    assert run("read", str(folder / "a.txt"), "--desk", str(desk)).exit_code == 0
    assert run("read", str(folder / "empty.txt"), "--desk", str(desk)).exit_code == 1
    assert run("events", "--desk", str(desk)).exit_code == 0  # a desk with something on it stays


def test_what_read_says_agrees_with_what_events_shows(tmp_path: Path) -> None:
    for name in "abc":
        text = f"{ARTICLE} Japan protested to China over the deployment of two warships on 5 July 2024. Copy {name}."
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    told = run("read", str(tmp_path), "--desk", str(tmp_path / "desk")).stdout
    shown = run("events", "--desk", str(tmp_path / "desk"), "--json").stdout.splitlines()
    assert f"the whole desk shows {len(shown)} (detente events)" in told
    counted = re.search(r"(\d+) (?:event|coding)s? \(", told)
    assert counted
    assert int(counted[1]) >= 3 * len(shown) > 0


def test_reading_again_changes_nothing(folder: Path) -> None:
    before = (folder / "desk" / "manifest.json").read_bytes()
    outcome = run("read", str(folder / "a.txt"), "--desk", str(folder / "desk"), "--json")
    assert outcome.exit_code == 0
    assert (folder / "desk" / "manifest.json").read_bytes() == before
    events = [json.loads(line) for line in outcome.stdout.splitlines()]
    assert {"ACCUSE", "COOPERATE"} <= {e["type"] for e in events}
    for event in events:
        assert ARTICLE[slice(*event["trigger"])]
        for party in (*event["source"], *event["target"]):
            assert party["span"] is None or ARTICLE[slice(*party["span"])]


def test_events_as_table_csv_and_json(folder: Path) -> None:
    desk = ("--desk", str(folder / "desk"))
    rows = [json.loads(line) for line in run("events", *desk, "--json").stdout.splitlines()]
    table = list(csv.DictReader(io.StringIO(run("events", *desk, "--csv").stdout)))
    assert len(rows) == len(table) >= 2
    assert "ACCUSE" in run("events", *desk).stdout
    only = [json.loads(line) for line in run("events", *desk, "--actor", "Tokyo", "--json").stdout.splitlines()]
    assert 0 < len(only) < len(rows)
    assert run("events", *desk, "--as-of", "2024-07-01").stdout == ""
    on = [json.loads(line) for line in run("events", *desk, "--on", "2024-07-08", "--json").stdout.splitlines()]
    assert {r["type"] for r in on} == {"COOPERATE"}


@pytest.mark.parametrize("words", [("claims",), ("ties",), ("network",), ("perspective", "Japan"), ("questions",)])
def test_tables_print(folder: Path, words: tuple[str, ...]) -> None:
    for form in ((), ("--json",), ("--csv",)):
        outcome = run(*words, "--desk", str(folder / "desk"), *form)
        assert outcome.exit_code == 0, outcome.output


def test_the_register_needs_no_desk() -> None:
    outcome = run("ties", "--register", "--on", "2024-07-11", "--actor", "JPN", "--json")
    rows = [json.loads(line) for line in outcome.stdout.splitlines()]
    assert len(rows) > 20
    assert all("JPN" in row["parties"] for row in rows)


def test_code_reads_lines_and_goes_on_after_a_bad_one() -> None:
    lines = [
        '{"id": "a", "text": "Japan protested to China on Monday.", "date": "2024-07-11"}',
        "not json",
        '{"id": "b"}',
    ]
    outcome = run("code", given="\n".join(lines))
    assert outcome.exit_code == 0
    events = [json.loads(line) for line in outcome.stdout.splitlines()]
    assert [(e["report"], e["type"], e["date"]) for e in events] == [("a", "ACCUSE", "2024-07-08")]
    assert set(events[0]) == {
        "id", "report", "type", "cameo", "quad", "source", "target", "reciprocal", "domain", "modality", "date",
        "date_precision", "date_from", "speakers", "sentence", "span", "trigger", "confidence", "same_as",
    }  # fmt: skip
    assert "line 2" in outcome.stderr
    assert "line 3" in outcome.stderr


JAPAN = "Japan protested to China."


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("not json", "this is no JSON (Expecting value, at character 1)"),
        ("[1, 2]", "no object in braces"),
        ("[" * 100_000, "no JSON"),
        (json.dumps({"text": JAPAN}), '"id" is missing'),
        (json.dumps({"id": None, "text": JAPAN}), '"id" is missing'),
        (json.dumps({"id": ["a"], "text": JAPAN}), '"id" is neither a string nor a number'),
        (json.dumps({"id": "a"}), '"text" is missing'),
        (json.dumps({"id": "a", "text": 7}), '"text" is no string'),
        (json.dumps({"id": "a", "text": JAPAN, "date": "7/11/2024"}), '"date" is "7/11/2024", which is no date'),
        (json.dumps({"id": "a", "text": JAPAN, "date": 20240711}), '"date" is 20240711, which is no date'),
    ],
)
def test_code_says_what_is_wrong_with_a_line(line: str, told: str) -> None:
    outcome = run("code", given=f"\n{line}\n")
    assert outcome.exit_code == 1
    assert outcome.stdout == ""
    complaint, end = outcome.stderr.splitlines()
    assert complaint.startswith("detente: line 2: ")
    assert told in complaint
    assert end == "detente: The only line could not be read."


def test_code_takes_what_other_programs_write() -> None:
    lines = ["", json.dumps({"id": 7, "text": JAPAN}), " ", json.dumps({"id": "b", "text": JAPAN, "date": None})]
    lines += [json.dumps({"id": "c", "text": "\ud800 " + JAPAN, "date": "2024-07-11T08:00:00Z"})]
    outcome = run("code", given="\ufeff" + "\r\n".join(lines))
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert [json.loads(line)["report"] for line in outcome.stdout.splitlines()] == ["7", "b", "c"]
    assert run("code", given="\n").exit_code == 0


def test_code_answers_each_line_as_it_comes() -> None:
    command = [sys.executable, "-m", "detente", "code"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        for name in "ab":
            print(json.dumps({"id": name, "text": JAPAN}), file=process.stdin, flush=True)
            assert json.loads(process.stdout.readline())["report"] == name
        process.stdin.close()
        assert process.wait() == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("events", "--desk", "nowhere"), "There is no desk at nowhere"),
        (("events", "--as-of", "yesterday"), "write it as 2024-07-11"),
        (("perspective", "Atlantis", "--desk", "{desk}"), "No actor has the code or the name 'Atlantis'"),
        (("events", "--desk", "{desk}", "--type", "QUARREL"), "QUARREL"),
        (("events", "--desk", "{desk}", "--domain", "weather"), "those are defence, exercise"),
        (("events", "--desk", "{desk}", "--source", "Nobody"), "Known here: Test wire"),
        (("events", "--desk", "{desk}", "--since", "2024-02-01", "--until", "2024-01-01"), "is after until"),
        (("compare", "--desk", "{desk}", "--measure", "hotlin"), "hotline"),
    ],
)
def test_errors_are_one_line_with_the_remedy(
    folder: Path, words: tuple[str, ...], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    outcome = run(*(w.replace("{desk}", str(folder / "desk")) for w in words))
    assert outcome.exit_code != 0
    assert told in outcome.stderr
    assert "Traceback" not in outcome.stderr


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk with a report and a table of events that others coded."""
    folder = tmp_path_factory.mktemp("archive")
    rows = [f"2024-05-{d:02d},USA,PRK,040,1.0" for d in range(1, 31)] * 2 + ["2024-06-01,PRK,USA,193,-10.0"]
    header = "day,source,target,cameo,goldstein\n"
    (folder / "events.csv").write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    (folder / "map.toml").write_text(MAP, encoding="utf-8")
    (folder / "a.txt").write_text(ARTICLE, encoding="utf-8")
    desk = str(folder / "desk")
    assert run("read", str(folder / "a.txt"), "--desk", desk, "--published", "2024-07-09").exit_code == 0
    told = run("load", "table", str(folder / "events.csv"), "--map", str(folder / "map.toml"), "--desk", desk)
    assert told.exit_code == 0, told.output
    assert "61 sightings" in told.stdout
    return folder / "desk"


def rows(*words: str) -> list[dict[str, Any]]:
    outcome = run(*words, "--json")
    assert outcome.exit_code == 0, outcome.output
    return [json.loads(line) for line in outcome.stdout.splitlines()]


def test_events_of_both_kinds_in_one_table(archive: Path) -> None:
    desk = ("--desk", str(archive))
    every = rows("events", *desk, "--repeats")
    assert sum(row["archive"] is not None for row in every) == 61
    once = rows("events", *desk, "--actor", "USA", "--other", "PRK", "--since", "2024-05-01")
    assert [row["sightings"] for row in once].count(2) == 30
    assert {row["type"] for row in rows("events", *desk, "--type", "19", "--type", "AGREE")} == {"ASSAULT"}
    table = run("events", *desk, "--source", once[0]["archive"], "--limit", "3")
    assert "31 events" in table.stderr
    assert len(table.stdout.splitlines()) == 4
    assert table.stdout.splitlines()[-1].split()[1] == "2024-06-01"
    cells = list(csv.DictReader(io.StringIO(run("events", *desk, "--csv").stdout)))
    assert len(cells) == len(rows("events", *desk))


def test_unknown_parties_stand_in_brackets(tmp_path: Path) -> None:
    told = made.event(
        "e1", "r", source=(Party(None, "Varesh Front"), made.party("PRK")), target=(Party(None, "the bloc"),)
    )
    Store(tmp_path / "desk").add([Reading(Report("r", "text"), (told,))])
    (line,) = run("events", "--desk", str(tmp_path / "desk")).stdout.splitlines()[1:]
    assert "PRK, [Varesh Front]" in line
    assert "  [the bloc]  " in line


def test_panel_windows_and_sql(archive: Path, tmp_path: Path) -> None:
    desk = ("--desk", str(archive))
    panel = rows("panel", *desk, "--actor", "USA", "--actor", "PRK", "--source", "events", "--until", "2024-06-30")
    assert {(r["period"], r["source"]): r["events"] for r in panel if r["source"] != "KOR"}[("2024-05-01", "USA")] == 30
    (tmp_path / "dates.csv").write_text("start\n2024-05-20\n", encoding="utf-8")
    around = rows("around", str(tmp_path / "dates.csv"), *desk, "--before", "2", "--after", "2", "--actor", "PRK")
    assert [row["events"] for row in around] == [1] * 5
    assert rows("around", "2024-05-20", *desk, "--before", "2", "--after", "2", "--actor", "PRK") == around
    assert rows("sql", "select count(*) as n from sightings", *desk) == [{"n": 61}]
    refused = run("sql", "drop view events", *desk)
    assert refused.exit_code == 1
    assert "only reads" in refused.stderr


def test_corrections_and_their_history(archive: Path) -> None:
    desk = ("--desk", str(archive))
    (fight,) = rows("events", *desk, "--type", "ASSAULT")
    assert run("correct", fight["id"], "--set", "type=CONSULT", "--reason", "a visit", *desk).exit_code == 0
    assert rows("events", *desk, "--type", "ASSAULT") == []
    assert "restore" in run("reject", fight["id"], *desk).stdout
    assert fight["id"] not in {row["id"] for row in rows("events", *desk)}
    assert "taken again" in run("restore", fight["id"], *desk).stdout
    assert [row["id"] for row in rows("events", *desk, "--type", "ASSAULT")] == [fight["id"]]
    told = rows("history", fight["id"], *desk)
    assert {"changed", "rejected", "restored"} <= {row["act"] for row in told}
    assert "a visit" in {row["reason"] for row in told}
    for act in ("reject", "restore", "history"):
        assert run(act, "nothing", *desk).exit_code == 1
    two = run("correct", fight["id"], "--set", "target=KOR", "--set", "target=USA", *desk)
    assert two.exit_code == 1
    assert "A sighting has one target; give one" in two.stderr
    assert "is after today" in run("reject", fight["id"], "--known", "2999-01-01", *desk).stderr
    own = run("correct", fight["id"], "--set", f"target={fight['source'][0]}", *desk)
    assert own.exit_code == 1 and "stands on both sides" in own.stderr
    done = run("correct", fight["id"], "--set", "target=AUS", "--set", f"source={fight['target'][0]}", *desk)
    assert done.exit_code == 0, done.stderr
    assert run("correct", fight["id"], "--set", f"target={fight['source'][0]}", *desk).exit_code == 0
    assert "still to come" in run("correct", fight["id"], "--set", "day=2999-01-01", *desk).stderr
    assert "FIELD=VALUE" in run("correct", fight["id"], "--set", "type", *desk).stderr
    assert "takes a number" in run("correct", fight["id"], "--set", "reports=many", *desk).stderr


def test_files_that_cannot_be_loaded_leave_no_desk_and_stop_no_others(tmp_path: Path) -> None:
    good, desk = tmp_path / "events.csv", ("--desk", str(tmp_path / "desk"))
    (tmp_path / "a.txt").write_text(ARTICLE, encoding="utf-8")
    bad = run("load", "auto", str(tmp_path / "a.txt"), str(tmp_path / "none.csv"), *desk)
    assert bad.exit_code == 1
    assert "detente read" in bad.stderr
    assert len(bad.stderr.splitlines()) == 2
    assert not (tmp_path / "desk").exists()
    good.write_text("day,source,target,type\n2024-05-01,USA,PRK,CONSULT\n", encoding="utf-8")
    some = run("load", "auto", str(tmp_path), *desk)
    assert some.exit_code == 1
    assert "1 new" in some.stdout
    assert [line for line in some.stderr.splitlines() if "a.txt" in line] == some.stderr.splitlines()
    read = run("read", str(good), str(tmp_path / "a.txt"), *desk)
    assert read.exit_code == 0
    assert "looks like a table of events" in read.stderr
    assert "detente load auto" in read.stderr


def test_files_for_other_tools(archive: Path, tmp_path: Path) -> None:
    desk = ("--desk", str(archive))
    for name in ("a.parquet", "a.csv", "a.jsonl", "a.graphml"):
        outcome = run("export", str(tmp_path / name), *desk)
        assert outcome.exit_code == 0, outcome.output
        assert (tmp_path / name).stat().st_size > 0
    assert "--actor" in run("export", str(tmp_path / "a.graphml"), *desk, "--actor", "USA").stderr
    assert run("export", str(tmp_path / "a.doc"), *desk).exit_code == 1


def test_shape_of_the_network(archive: Path) -> None:
    desk = ("--desk", str(archive))
    assert {row["layer"] for row in rows("network", *desk, "--layers", "quad")} & {"verbal cooperation"}
    assert rows("network", *desk, "--blocs")[0]["bloc"] == 1
    assert rows("network", *desk, "--brokers", "--by", "events")[0]["betweenness"] >= 0
    assert "no threes with counted events" in run("network", *desk, "--triads").stderr


def test_a_sound_desk_is_said_to_be_sound(archive: Path) -> None:
    desk = ("--desk", str(archive))
    assert "files became" in run("compact", *desk).stdout
    healthy = run("doctor", *desk)
    assert healthy.exit_code == 0, healthy.output
    assert run("doctor", "--desk", str(archive.parent / "nowhere")).exit_code == 1
