"""The command line as a person uses it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from detente.cli import main

ARTICLE = (
    "Japan protested to China over the deployment of two warships on 5 July 2024. "
    "South Korea and the United States held joint drills in the Yellow Sea on 8 July 2024. "
    "North Korea said the drills were a rehearsal for war."
)


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
    assert "Example:" in outcome.output
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
    outcome = run("read", str(folder / "empty.txt"), "--desk", str(tmp_path / "desk"))
    assert outcome.exit_code == 1


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


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("events", "--desk", "nowhere"), "There is no desk at nowhere"),
        (("events", "--as-of", "yesterday"), "write it as 2024-07-11"),
        (("perspective", "Atlantis", "--desk", "{desk}"), "No actor has the code"),
        (("events", "--desk", "{desk}", "--type", "QUARREL"), "QUARREL"),
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
