"""Every format of event data, and every quirk that its files are known for."""

from __future__ import annotations

import csv
import gzip
import json
import zipfile
from datetime import date as Date
from pathlib import Path

import polars as pl
import pytest

from detente.errors import LoadError
from detente.load import codes, load, sightings
from detente.load.formats import recognised
from detente.load.people import actor
from detente.load.sighting import Sighted, hashed
from detente.record import Store
from detente.record.archive import SIGHTINGS, same
from tests.event_files import (
    ICEWS_NAMES,
    POLECAT_NAMES,
    SAMPLES,
    gdelt,
    icews,
    mention,
    polecat,
)
from tests.shared import shared


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "desk")


def written(tmp_path: Path, *lines: str, name: str = "file.txt", encoding: str = "utf-8", end: str = "\n") -> Path:
    path = tmp_path / name
    path.write_bytes((end.join(lines) + end).encode(encoding))
    return path


def frame(path: Path, format: str = "auto") -> pl.DataFrame:
    return pl.concat([chunk.frame.drop("original") for chunk in sightings(path, format)])


def rejects(path: Path) -> list[tuple[int, str]]:
    return [(r.line, r.reason) for chunk in sightings(path) for r in chunk.rejects]


# -- recognising -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_each_format_is_told_by_its_content(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, SAMPLES[name].rstrip("\n"), name="anything.dat")
    assert recognised(path).dataset == name.removesuffix(" plain")


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_packed_files_are_the_same(name: str, tmp_path: Path) -> None:
    plain = written(tmp_path, SAMPLES[name].rstrip("\n"))
    (tmp_path / "a.gz").write_bytes(gzip.compress(plain.read_bytes()))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(plain, "x.CSV")
    if name == "gdelt2mentions":
        assert recognised(tmp_path / "a.zip").dataset == name
        return
    want = frame(plain)
    assert frame(tmp_path / "a.gz").equals(want)
    assert frame(tmp_path / "a.zip").equals(want)


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"gdelt2mentions"}))
def test_sightings_have_the_columns_of_the_desk(name: str, tmp_path: Path) -> None:
    (chunk,) = sightings(written(tmp_path, SAMPLES[name].rstrip("\n")))
    assert chunk.rejects == []
    assert dict(chunk.frame.drop("original").schema) == SIGHTINGS
    assert chunk.frame["key"].n_unique() == chunk.frame.height
    assert chunk.frame["same"].equals(same(chunk.frame))
    assert (
        chunk.frame.select("dataset", "day", "last_day", "known", "precision", "reports")
        .null_count()
        .sum_horizontal()
        .item()
        == 0
    )


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"gdelt2mentions"}))
def test_line_ends_and_marks_change_nothing(name: str, tmp_path: Path) -> None:
    text = SAMPLES[name]
    want = frame(written(tmp_path, text.rstrip("\n")))
    for made in (text.replace("\n", "\r\n"), text.replace("\n", "\r"), "\ufeff" + text, text.rstrip("\n")):
        path = tmp_path / "other"
        path.write_bytes(made.encode())
        assert frame(path).drop("code").equals(want.drop("code")), repr(made[:40])


def test_latin_1_lines_are_read(tmp_path: Path) -> None:
    lines = ("\t".join(ICEWS_NAMES), icews(source="José Example"), icews(id="2", source="Plain"))
    got = frame(written(tmp_path, *lines, encoding="latin-1"))
    assert got["source_name"].to_list() == ["José Example", "Plain"]


def test_what_is_no_event_data_is_refused(tmp_path: Path, store: Store) -> None:
    for name, data, says in (
        ("a.csv", b"a,b\n1,2\n", "no event data that Detente knows"),
        ("b.csv", b"", "is empty"),
        ("c.xlsx", b"PK\x05\x06\0\0\0\0\0", "no text"),
        ("d.csv", b"\x89PNG\0\0\0", "no text"),
        ("e.gz", b"\x1f\x8b\x08\0broken", "cannot be unpacked"),
        ("f.csv", (SAMPLES["mid"].splitlines()[0].replace("ccode", "tbi") + "\n").encode(), "MIDIP"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(LoadError, match=says):
            load(store, "auto", tmp_path / name)
    with pytest.raises(LoadError, match="no format"):
        load(store, "gedlt", tmp_path / "a.csv")
    with pytest.raises(LoadError, match="expected event_id"):
        load(store, "icews", tmp_path / "a.csv")
    assert store.sightings().collect().is_empty()
    assert not (store.path / "rejects").exists()


def test_a_bad_file_is_left_out_and_the_rest_go_on(tmp_path: Path, store: Store) -> None:
    good, bad = written(tmp_path, SAMPLES["keds"].rstrip("\n")), written(tmp_path, "x,y", "1,2", name="bad.csv")
    (tmp_path / "rows.csv").write_text("day,source,target,type\nno day,JPN,KOR,CONSULT\n")
    loaded = load(store, "auto", [bad, tmp_path / "none.csv", good, tmp_path / "rows.csv"])
    assert [part.file for part in loaded.parts] == [good.name]
    assert len(loaded.left_out) == 3
    for line, says in zip(loaded.left_out, ("bad.csv is no event data", "no file", "none of its 1 lines"), strict=True):
        assert says in line
    assert store.sightings().collect().height == loaded.parts[0].rows
    with pytest.raises(LoadError, match=r"bad\.csv.*\n.*no file"):
        load(store, "auto", [bad, tmp_path / "none.csv"])


@pytest.mark.parametrize(
    "text",
    [
        "Japan protested to China over two warships on Friday.\nA second line, with commas, follows it here.\n",
        "Japan, China and Korea met on Friday.\n",
        "<!DOCTYPE html>\n<html><body>Japan, China</body></html>\n",
    ],
)
def test_prose_is_told_from_tables(text: str, tmp_path: Path, store: Store) -> None:
    with pytest.raises(LoadError, match=r"looks like prose.*detente read"):
        load(store, "auto", written(tmp_path, text))


def test_a_wrong_format_names_the_command_that_helps(tmp_path: Path, store: Store) -> None:
    path = written(tmp_path, SAMPLES["keds"].rstrip("\n"), name="k.csv")
    with pytest.raises(LoadError, match=r"Try: detente load auto k\.csv"):
        load(store, "icews", path)


def test_kinds_without_a_type_and_bad_coordinates_are_counted(tmp_path: Path, store: Store) -> None:
    made = tmp_path / "map.toml"
    made.write_text(MAP.replace('outlet = "Paper"', 'lat = "Paper"'))
    rows = ("No.;Date;From;To;Kind;Paper", "1;05.01.2024;JPN;KOR;summit;95", "2;06.01.2024;JPN;KOR;consult;35")
    loaded = load(store, "auto", written(tmp_path, *rows, "3;06.01.2024;JPN;KOR;040;n/a"), map=made)
    assert "Kinds without a type: summit (1); add them under [types]" in loaded.summary()
    assert "1 row has coordinates that no place has" in loaded.summary()
    (row,) = loaded.frame().to_dicts()
    assert row["kinds"] == [{"kind": "summit", "rows": 1}]
    assert row["misplaced"] == 1
    assert store.sightings().collect().height == 3


# -- loading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"gdelt2mentions"}))
def test_loading_twice_adds_nothing_twice(name: str, tmp_path: Path, store: Store) -> None:
    path = written(tmp_path, SAMPLES[name].rstrip("\n"))
    first = load(store, "auto", path)
    assert first.parts[0].new >= 2
    again = load(store, "auto", path)
    assert again.parts[0].skipped
    assert "loaded whole before" in again.summary()
    longer = written(tmp_path, SAMPLES[name].rstrip("\n"), "", name="longer")  # other bytes, the same rows
    assert load(store, "auto", longer).parts[0].new == 0
    assert store.sightings().collect().height == first.parts[0].new


def test_malformed_lines_are_written_down_and_counted(tmp_path: Path, store: Store) -> None:
    path = written(
        tmp_path,
        gdelt(),
        "too\tfew",
        gdelt(SQLDATE="2024"),
        gdelt(GLOBALEVENTID="x9"),
        gdelt() + "\tmore",
        name="d.CSV",
    )
    loaded = load(store, "gdelt", path)
    (part,) = loaded.parts
    assert (part.rows, part.new, part.rejected) == (1, 1, 4)
    assert "4 lines could not be understood; see rejects/001-d.CSV.csv" in loaded.summary()
    got = pl.read_csv(store.path / part.rejects)
    assert got["line"].to_list() == [2, 3, 4, 5]
    assert got["reason"].to_list() == [
        "2 fields instead of 61",
        "no readable date",
        "no readable id",
        "62 fields instead of 61",
    ]
    assert got["text"][0] == "too\tfew"
    assert loaded.frame()["rejected"].to_list() == [4]


def test_a_packed_file_that_breaks_off_keeps_what_came_before(tmp_path: Path, store: Store) -> None:
    rows = "\n".join(
        gdelt(GLOBALEVENTID=str(i), SOURCEURL=f"https://example.org/{i * 7919 % 100003}") for i in range(20_000)
    )
    data = gzip.compress(rows.encode())
    (tmp_path / "cut.gz").write_bytes(data[: len(data) // 2])
    (part,) = load(store, "auto", tmp_path / "cut.gz").parts
    assert 0 < part.new < 20_000
    assert part.rejected >= 1
    assert "breaks off" in (store.path / part.rejects).read_text()


def test_summary_names_what_could_not_be_told(tmp_path: Path, store: Store) -> None:
    lines = [icews(id=str(i), source="Somebody Unknown") for i in range(3)]
    loaded = load(store, "auto", written(tmp_path, "\t".join(ICEWS_NAMES), *lines))
    assert "50.0% of the named actors could not be told, most often Somebody Unknown (3)" in loaded.summary()
    assert loaded.frame()["unresolved"].to_list() == [0.5]


def test_originals_are_kept_verbatim(tmp_path: Path, store: Store) -> None:
    load(store, "auto", written(tmp_path, gdelt(), name="a"))
    load(store, "auto", written(tmp_path, SAMPLES["ucdp"].rstrip("\n"), name="b"))
    ged = store.originals("ucdp").sort("id").collect()
    assert ged["source_office"].to_list() == ["Example, Wire", 'He said "no"']
    (line,) = store.originals("gdelt2").collect().drop("key").row(0)[:1]
    assert gdelt() in (line, "\t".join(x or "" for x in store.originals("gdelt2").collect().drop("key").row(0)))


@pytest.mark.parametrize("broken", [False, True], ids=["in order", "with a bad line"])
@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"plover"}))
def test_no_field_of_any_format_is_lost(name: str, broken: bool, tmp_path: Path, store: Store) -> None:
    load(store, "auto", written(tmp_path, gdelt()))  # the event that the mentions are of
    lines = SAMPLES[name].rstrip("\n").split("\n")
    path = written(tmp_path, *lines, *["no,such\tline"] * broken, name="b")
    loaded = load(store, "auto", path)
    assert loaded.parts[0].rejected == broken
    found = recognised(path)
    layout = found.layout
    assert layout is not None
    marks = csv.QUOTE_MINIMAL if layout.quoted else csv.QUOTE_NONE
    ended = [f"{line}\n" for line in lines[layout.header :]]
    rows = list(csv.reader(ended, delimiter=layout.separator, quoting=marks))
    kept = store.originals(found.dataset).collect()
    assert kept.columns == ["key", *layout.columns]
    want = {tuple(value or None for value in row) for row in rows}
    assert set(kept.drop("key").rows()) == want  # the event is the sample's first row


def test_records_of_plover_are_kept(tmp_path: Path, store: Store) -> None:
    load(store, "auto", written(tmp_path, SAMPLES["plover"]))
    ids = [json.loads(text)["id"] for text in store.originals("plover").collect()["json"]]
    assert sorted(set(ids)) == ["x1", "x2"]


def test_odd_fields_are_kept(tmp_path: Path, store: Store) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(
        'day;source;target;type;"a ""note"" on; it";key\n'
        '2020-01-01;Japan;China;CONSULT;"two\nlines; ""so""";k1\n'
        "2020-01-02;Japan;China;CONSULT;;k2\n"
        "2020-01-03;Japan;China;CONSULT;plain;\n"
    )
    load(store, "auto", path)
    got = store.originals("table").sort("day").collect().drop("key")
    assert got.columns == ["day", "source", "target", "type", 'a "note" on; it', "key_"]
    assert got.select(pl.nth(0, 4, 5)).rows() == [
        ("2020-01-01", 'two\nlines; "so"', "k1"),
        ("2020-01-02", None, "k2"),
        ("2020-01-03", "plain", None),
    ]
    key = store.originals("table").filter(pl.col("key_") == "k2").collect()["key"][0]
    assert store.originals("table").filter(pl.col("key") == key).collect()["key_"].to_list() == ["k2"]


# -- ICEWS -----------------------------------------------------------------------------------------------------------


def test_icews_people_by_date(tmp_path: Path) -> None:
    lines = (
        icews(),
        icews(id="2", day="2022-06-01"),
        icews(id="3", source="Foreign Affairs (South Korea)", target="NATO"),
    )
    got = frame(written(tmp_path, "\t".join(ICEWS_NAMES), *lines))
    assert got.select("source", "target").rows() == [("USA", "PRK"), (None, "PRK"), ("KOR", "NATO")]
    assert got.select("type", "cameo", "goldstein", "place", "country", "outlet").row(0) == (
        "CONSULT", "042", 1.9, "Singapore", "SGP", "Example Wire",
    )  # fmt: skip
    assert got["source_role"][0] == "head of state and government"


def test_icews_country_of_the_file_wins_and_null_is_nothing(tmp_path: Path) -> None:
    lines = (
        icews(source="Some Minister", source_country="Russian Federation", sectors="NULL"),
        icews(target_country="NULL"),
    )
    got = frame(written(tmp_path, "\t".join(ICEWS_NAMES), *lines))
    assert got["source"][0] == "RUS"
    assert got["source_role"][0] is None
    assert got["target"][1] == "PRK"
    assert actor("Occupied Palestinian Territory") or codes.country("Occupied Palestinian Territory") == "PSE"


def test_icews_dates_of_2017_and_the_code_13y(tmp_path: Path) -> None:
    lines = (icews(day="6/1/2018"), icews(day="12/31/2017", code="13y", id="2"), icews(day="13/31/2017", id="3"))
    path = written(tmp_path, "\t".join(ICEWS_NAMES), *lines)
    got = frame(path)
    assert got["day"].to_list() == [Date(2018, 6, 1), Date(2017, 12, 31)]
    assert got.select("code", "cameo", "type").row(1) == ("13y", None, None)
    assert rejects(path) == [(4, "no readable date")]


def test_icews_ids_are_not_unique_and_exact_duplicates_count_once(tmp_path: Path, store: Store) -> None:
    lines = (icews(), icews(), icews(story="78"), icews(day="6/1/2018"))
    (part,) = load(store, "icews", written(tmp_path, "\t".join(ICEWS_NAMES), *lines)).parts
    assert (part.rows, part.new, part.known_already) == (4, 2, 2)


def test_icews_quotes_are_letters(tmp_path: Path) -> None:
    lines = (icews(source='"Abu Example"'), icews(id="2", source='Say "no'), icews(id="3", source="a\ttab"))
    path = written(tmp_path, "\t".join(ICEWS_NAMES), *lines)
    assert frame(path)["source_name"].to_list() == ['"Abu Example"', 'Say "no']
    assert rejects(path) == [(4, "21 fields instead of 20")]


def test_icews_with_quoted_fields_and_commas(tmp_path: Path) -> None:
    quoted = ["\t".join(f'"{x}"' for x in line.split("\t")) for line in ("\t".join(ICEWS_NAMES), icews())]
    commas = [",".join(line.split("\t")) for line in ("\t".join(ICEWS_NAMES), icews())]
    plain = frame(written(tmp_path, "\t".join(ICEWS_NAMES), icews()))
    assert frame(written(tmp_path, *quoted)).equals(plain)
    assert frame(written(tmp_path, *commas, name="x.tab")).equals(plain)


def test_rows_alike_without_ids_are_several_sightings(tmp_path: Path, store: Store) -> None:
    header, row = SAMPLES["icews plain"].splitlines()[::2]
    (part,) = load(store, "auto", written(tmp_path, header, row, row, row)).parts
    assert part.new == 3
    (part,) = load(store, "auto", written(tmp_path, header, row, row, name="shorter")).parts
    assert part.new == 0


# -- GDELT -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "width"), [(1, 57), (1, 58), (1, 59), (2, 61), (2, 62)])
def test_gdelt_shapes(version: int, width: int, tmp_path: Path) -> None:
    path = written(tmp_path, gdelt(version, width))
    assert recognised(path).dataset == f"gdelt{version}"
    (got,) = frame(path).rows(named=True)
    assert (got["source"], got["target"], got["source_role"]) == ("PRK", "KOR", "MIL")
    assert (got["code"], got["cameo"], got["type"]) == ("040", "040", "CONSULT")
    assert got["country"] == "PRK"  # KN of FIPS, not Saint Kitts and Nevis
    assert got["outlet"] == (None if width == 57 else "example.org")
    assert got["reports"] == 4
    assert got["known"] == Date(2024, 1, 6)


def test_gdelt_places_are_fips_and_actors_are_not(tmp_path: Path) -> None:
    for fips, want in (
        ("KS", "KOR"),
        ("CH", "CHN"),
        ("JA", "JPN"),
        ("AS", "AUS"),
        ("RP", "PHL"),
        ("AU", "AUT"),
        ("XX", None),
    ):
        (got,) = frame(written(tmp_path, gdelt(ActionGeo_CountryCode=fips, Actor1CountryCode="AUS"))).rows(named=True)
        assert (got["country"], got["source"]) == (want, "AUS")


def test_gdelt_rows_dated_years_before_keep_both_dates(tmp_path: Path) -> None:
    (got,) = frame(written(tmp_path, gdelt(SQLDATE="20140105", DATEADDED="20240106121500"))).rows(named=True)
    assert (got["day"], got["known"]) == (Date(2014, 1, 5), Date(2024, 1, 6))


def test_gdelt_actors_may_be_empty_or_groups(tmp_path: Path) -> None:
    nobody = gdelt(Actor1Code="", Actor1Name="", Actor1CountryCode="", Actor1Type1Code="")
    group = gdelt(GLOBALEVENTID="5", Actor1CountryCode="", Actor1Name="UNITED NATIONS", Actor1KnownGroupCode="UNO")
    odd = gdelt(GLOBALEVENTID="6", Actor1CountryCode="ROM", Actor1Geo_FeatureID="-12a", SOURCEURL="BBC Monitoring")
    got = frame(written(tmp_path, nobody, group, odd))
    assert got["source"].to_list() == [None, "UN", "ROU"]
    assert got["source_name"].to_list() == [None, "UNITED NATIONS", "NORTH KOREA"]


def test_gdelt_mentions_are_sightings_of_their_events(tmp_path: Path, store: Store) -> None:
    events = written(tmp_path, gdelt(), name="e.export.CSV")
    lines = (mention(), mention(at="20240108000000", url="https://example.org/b"), mention(event="7"))
    loaded = load(store, "gdelt", [written(tmp_path, *lines, name="a.mentions.CSV"), events])
    assert [part.dataset for part in loaded.parts] == ["gdelt2", "gdelt2mentions"]
    assert (loaded.parts[1].new, loaded.parts[1].rejected) == (2, 1)
    assert "load the events first" in (store.path / loaded.parts[1].rejects).read_text()
    got = store.sightings().collect().sort("dataset", "known")
    assert got.select("source", "target", "type", "day", "same").n_unique() == 1
    assert got["known"].to_list() == [Date(2024, 1, 6), Date(2024, 1, 6), Date(2024, 1, 8)]
    assert got["reports"].to_list() == [4, 0, 1]  # the first mention is among the four articles of the event's row


# -- POLECAT ---------------------------------------------------------------------------------------------------------


def test_polecat_with_none_and_several_actors(tmp_path: Path) -> None:
    several = polecat(
        Event_ID="b", Actor_Name="Fumio Kishida; Yoon Suk Yeol", Actor_Country="JPN; KOR",
        Primary_Actor_Sector="EXE; EXE",
        Recipient_Name="None", Recipient_Country="None",
    )  # fmt: skip
    got = frame(written(tmp_path, "\t".join(POLECAT_NAMES), polecat(), several))
    assert got.select("source", "target").rows() == [("JPN", "KOR"), ("JPN", None), ("KOR", None)]
    assert got.select("type", "code", "goldstein", "cameo").row(0) == ("CONSULT", "CONSULT/visit", 1.9, None)
    assert got["known"][0] == Date(2024, 1, 6)
    assert got["source_role"][0] == "EXE"


@pytest.mark.parametrize("case", ["headline", "tabs", "event intensity", "39 names", "latin-1"])
def test_polecat_headers_that_do_not_fit(case: str, tmp_path: Path) -> None:
    names, rows = list(POLECAT_NAMES), [polecat(), polecat(Event_ID="b")]
    if case == "headline":
        names.insert(5, "Headline")
    elif case == "tabs":
        rows = [row + "\t\t" for row in rows]
    elif case == "event intensity":
        names[4] = "Event Intensity"
    elif case == "39 names":
        names.remove("Intensity")
        rows = [polecat(tuple(names)), polecat(tuple(names), Event_ID="b")]
    got = frame(written(tmp_path, "\t".join(names), *rows, encoding="latin-1"))
    assert got.select("source", "target", "type", "country").unique().rows() == [("JPN", "KOR", "CONSULT", "KOR")]
    assert got["goldstein"][0] == (1.9 if case != "39 names" else 2.1)


# -- the others ------------------------------------------------------------------------------------------------------


def test_petrarch(tmp_path: Path) -> None:
    text = (
        "20240105\tPRKMIL\tKOR\t190\tMISSILE,1\t17_2\texample_wire\n"
        "20240105\tPRKMIL\tKOR\t010\t\t17_3;18_1\texample_wire\n"
        "20240106\t---\tIGOUNO\t042\t\t18_1\texample_wire\n"
    )
    got = frame(written(tmp_path, text.rstrip("\n")))
    assert got.select("source", "source_role", "target", "cameo", "type").rows() == [
        ("PRK", "MIL", "KOR", "190", "ASSAULT"), ("PRK", "MIL", "KOR", "010", None),
        (None, None, "UN", "042", "CONSULT"),
    ]  # fmt: skip
    assert got["outlet"].unique().to_list() == ["example_wire"]


def test_plover_json_over_many_lines(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        SAMPLES["plover"].rstrip("\n"),
        '{"id": "broken", ',
        '{"id": "x3", "date": "2024-01-07", "event": "AID"}',
    )
    got = frame(path)
    assert got.select("source", "target", "type").rows() == [
        ("JPN", "KOR", "CONSULT"), ("JPN", "USA", "CONSULT"), ("PRK", "KOR", "ACCUSE"), (None, None, "AID"),
    ]  # fmt: skip
    assert got.select("code", "source_role", "place", "country", "lat").row(0) == (
        "CONSULT/visit",
        "GOV",
        "Seoul",
        "KOR",
        37.5,
    )
    assert rejects(path) == [(12, "no JSON object that can be read")]
    listed = written(
        tmp_path, "[", '{"id": "x2", "date": "2024-01-06", "event": "ACCUSE", "source": "PRK", "target": "KOR"}', "]"
    )
    assert frame(listed)["key"].to_list() == [got["key"][2]]


def test_mie_missing_days_are_months(tmp_path: Path) -> None:
    header = SAMPLES["mie"].splitlines()[0]
    path = written(
        tmp_path, header, "9001,1,731,732,3,-9,1999,3,-9,1999,1,7,3,0,0,0,0,mie-1.0",
        "9001,2,732,731,4,2,1999,4,3,1999,0,16,4,0,0,-9,-9,mie-1.0",
        "9001,3,2,365,-9,-9,1950,-9,-9,-9,0,1,2,0,0,0,0,mie-1.0",
        "9001,4,2,365,3,3,-9,3,3,-9,0,1,2,0,0,0,0,mie-1.0", "9001,5,255,300,5,5,1990,5,5,1990,0,-9,2,0,0,0,0,mie-1.0",
    )  # fmt: skip
    got = frame(path)
    assert got.select("source", "target", "type", "day", "last_day", "precision").rows() == [
        ("PRK", "KOR", "MOBILIZE", Date(1999, 3, 1), Date(1999, 3, 31), "month"),
        ("KOR", "PRK", "ASSAULT", Date(1999, 4, 2), Date(1999, 4, 3), "interval"),
        ("USA", "SUN", "THREATEN", Date(1950, 1, 1), Date(1950, 12, 31), "year"),
        ("DEU", None, None, Date(1990, 5, 5), Date(1990, 5, 5), "day"),
    ]  # fmt: skip
    assert rejects(path) == [(5, "no readable date")]
    assert (got["day"] < Date(1816, 1, 1)).sum() == 0


def test_state_numbers_by_date() -> None:
    from detente.load.cow import by_number

    numbers = pl.Series(["365", "365", "365", "345", "345", "713", "816", "260", "255", "679.0", "999"])
    years = (1905, 1950, 2000, 1995, 2010, 1960, 1970, 1970, 2000, 2000, 2000)
    got = by_number(numbers, pl.Series([Date(year, 1, 1) for year in years]))
    assert got.to_list() == ["RUS", "SUN", "RUS", "YUG", "SRB", "TWN", "VNM", "DEU", "DEU", "YEM", None]


def test_mid_participants_face_the_other_side(tmp_path: Path) -> None:
    got = frame(written(tmp_path, SAMPLES["mid"].rstrip("\n"))).sort("source", "target")
    assert got.select("source", "target", "code", "type").rows() == [
        ("KOR", "PRK", "0", None), ("PRK", "KOR", "7", "MOBILIZE"), ("PRK", "USA", "7", "MOBILIZE"),
        ("USA", "PRK", "8", "MOBILIZE"),
    ]  # fmt: skip


def test_ucdp_by_name_in_any_order(tmp_path: Path) -> None:
    header, *rows = SAMPLES["ucdp"].splitlines()
    got = frame(written(tmp_path, header, *rows))
    assert got.select("source", "target", "target_role", "type", "precision", "last_day").rows() == [
        ("IRQ", got["target"][0], "armed group", "ASSAULT", "day", Date(2020, 1, 2)),
        (got["source"][1], "IRQ", "civilians", "ASSAULT", "month", Date(2020, 1, 31)),
    ]
    (first,) = (
        pl.read_csv("\n".join((header, rows[0])).encode(), infer_schema=False).select(pl.all().reverse()).iter_rows()
    )
    turned = pl.DataFrame([first], schema=header.split(","), orient="row").select(reversed(header.split(",")))
    turned.write_csv(tmp_path / "turned.csv")
    assert frame(tmp_path / "turned.csv").equals(got[:1])


def test_ucdp_is_known_since_its_source_appeared(tmp_path: Path) -> None:
    header = "id,type_of_violence,side_a,side_b,date_start,date_end,source_date"
    said = ("2020-01-09;2020-01-05", "2019-12-31", "", "soon")
    rows = [f"{n},1,Government of Iraq,IS,2020-01-02,2020-01-03,{dates}" for n, dates in enumerate(said)]
    got = frame(written(tmp_path, header, *rows))
    assert got["known"].to_list() == [Date(2020, 1, 5), *[Date(2020, 1, 3)] * 3]


def test_acled_numeric_and_text_actors(tmp_path: Path) -> None:
    got = frame(written(tmp_path, SAMPLES["acled"].rstrip("\n")))
    assert got.select("source", "source_role", "target", "type", "cameo", "precision", "day").rows() == [
        ("ARG", "protesters", None, "PROTEST", "141", "day", Date(2022, 6, 30)),
        ("RUS", "external/other forces", "UKR", "ASSAULT", "190", "week", Date(2022, 6, 30)),
    ]


def test_keds_dialects(tmp_path: Path) -> None:
    got = frame(written(tmp_path, SAMPLES["keds"].rstrip("\n")))
    assert got.select("source", "source_role", "target", "cameo").rows() == [
        ("EGY", "GOV", "ISR", "010"),
        ("ISR", "MIL", "LBN", "190"),
    ]
    old = frame(written(tmp_path, "date,source,target,code", "1979-04-15,UAR,AUS,081", "1979-04-16,IRQ,FRN,223"))
    assert old.select("source", "target", "cameo", "code", "type").rows() == [
        ("EGY", "AUT", None, "081", "SUPPORT"), ("IRQ", "FRA", None, "223", "ASSAULT"),  # WEIS: 22 is no CAMEO
    ]  # fmt: skip


def test_leading_zeros_tell_rows_apart(tmp_path: Path) -> None:
    got = frame(written(tmp_path, "date,source,target,code", "1979-04-15,USA,ISR,010", "1979-04-15,USA,ISR,10"))
    assert got["key"].n_unique() == 2
    assert got["cameo"].to_list() == ["010", "10"]


# -- mapping files ---------------------------------------------------------------------------------------------------

MAP = """
dataset = "embassy-log"
dates = "%d.%m.%Y"
missing = ["n/a"]
[columns]
id = "No."
day = "Date"
source = "From"
target = "To"
type = "Kind"
outlet = "Paper"
[types]
"called in the ambassador" = "REJECT"
"""


def test_any_table_by_a_mapping(tmp_path: Path, store: Store) -> None:
    rows = (
        "No.;Date;From;To;Kind;Paper",
        "1;05.01.2024;Japan;North Korea;Called in the ambassador;n/a",
        "2;06.01.2024;JPN;KOR;consult;X",
    )
    path, made = written(tmp_path, *rows), tmp_path / "map.toml"
    made.write_text(MAP)
    (part,) = load(store, "auto", path, map=made).parts
    assert (part.dataset, part.new) == ("embassy-log", 2)
    got = store.sightings().collect().sort("day")
    assert got.select("day", "source", "target", "type", "outlet").rows() == [
        (Date(2024, 1, 5), "JPN", "PRK", "REJECT", None), (Date(2024, 1, 6), "JPN", "KOR", "CONSULT", "X"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('dataset = "embassy-log"', "", "dataset is missing"),
        ('dataset = "embassy-log"', 'dataset = "a/b"', "letters, digits and hyphens"),
        ('day = "Date"', "", "columns.day is missing"),
        ('day = "Date"', "day = 3", "columns.day = 3 must be the name"),
        ('type = "Kind"', "", "needs type"),
        ('source = "From"', 'sorce = "From"', "Did you mean columns.source"),
        ('"REJECT"', '"REJCT"', "is no PLOVER type. Use REJECT"),
        ('missing = ["n/a"]', "missing = 3", "missing must be a list"),
        ("[types]", "[types", "is no mapping file"),
        ('dataset = "embassy-log"', 'dataset = "x"\nactors = "gw"', "actors = 'gw' must be one of"),
        ('source = "From"', 'source = "Absender"', r'map\.toml names under \[columns\]: source = "Absender"'),
    ],
)
def test_faults_of_a_mapping_name_the_key(old: str, new: str, says: str, tmp_path: Path, store: Store) -> None:
    path, made = (
        written(tmp_path, "No.;Date;From;To;Kind;Paper", "1;05.01.2024;JPN;KOR;consult;X"),
        tmp_path / "map.toml",
    )
    made.write_text(MAP.replace(old, new))
    with pytest.raises(LoadError, match=says):
        load(store, "auto", path, map=made)


def test_state_numbers_in_a_mapping(tmp_path: Path) -> None:
    made = tmp_path / "map.toml"
    made.write_text('dataset = "own"\nactors = "cow"\n[columns]\nday = "d"\nsource = "a"\ntarget = "b"\ncameo = "c"\n')
    path = written(tmp_path, "d,a,b,c", "2000-01-01,731,732,190")
    (chunk,) = sightings(path, map=made)
    assert chunk.frame.select("source", "target", "type").row(0) == ("PRK", "KOR", "ASSAULT")


# -- real files, where they are at hand ------------------------------------------------------------------------------


def test_real_icews_of_2018_has_the_two_leaders(tmp_path: Path) -> None:
    got = pl.concat(
        [c.frame.drop("original") for c in sightings(shared("data/events/events_ICEWS18_to_september.csv.gz"))]
    )
    pairs = got.filter((pl.col("source_name") == "Donald Trump") & (pl.col("target_name") == "Kim Jong-Un"))
    assert pairs.height > 100
    assert set(pairs.select("source", "target").rows()) == {("USA", "PRK")}


@pytest.mark.parametrize(
    ("name", "dataset", "rows"),
    [
        ("gdelt1_daily.export.CSV", "gdelt1", 50), ("gdelt2_20170701234500.export.CSV", "gdelt2", 50),
        ("gdelt2_20170701234500.translation.export.CSV", "gdelt2", 50), ("icews_sample.tab", "icews", 200),
        ("ucdp_ged191_41cols_sample.csv", "ucdp", 200), ("acled_dummy_sample.csv", "acled", 200),
        ("mie-1.0_sample.csv", "mie", 200), ("MIDB_5.0_sample.csv", "midb", 342), ("MIDIP_5.0_sample.csv", "mid", 242),
    ],
)  # fmt: skip
def test_real_extracts(name: str, dataset: str, rows: int) -> None:
    (chunk,) = sightings(shared(f"data/formats/{name}"))
    assert (chunk.frame.height, chunk.rejects) == (rows, [])
    assert set(chunk.frame["dataset"]) == {dataset}


def test_a_cr_only_latin_1_table_is_read(tmp_path: Path) -> None:
    made = tmp_path / "map.toml"
    made.write_text(
        'dataset = "wars"\nmissing = ["-8", "-9"]\ndates = "%Y"\n'
        '[columns]\nid = "WarNum"\nday = "StartYear1"\nsource = "SideA"\ntarget = "SideB"\ntype = "WarType"\n'
    )
    (chunk,) = sightings(shared("data/formats/cow_extrastate_war_CR_latin1.csv"), map=made)
    assert chunk.rejects == []
    assert chunk.frame.height > 150


def test_repeats_are_numbered_across_the_parts_of_a_file() -> None:
    def part(*days: int) -> pl.DataFrame:
        frame = pl.DataFrame({"day": [Date(2020, 1, d) for d in days], "_line": [0] * len(days)})
        original = pl.Series("original", [{"x": "y"}] * len(days))
        return frame.with_columns(original, hashed(frame, "day"))

    whole, parted = Sighted("own", repeats=True), Sighted("own", repeats=True)
    want = whole(part(1, 2, 1, 1, 2, 3)).frame["key"].to_list()
    got = [key for days in ((1, 2, 1), (1, 2), (3,)) for key in parted(part(*days)).frame["key"]]
    assert got == want
    assert len(set(want)) == 6


KEYS = {
    "gdelt2": 3057103184673475418,
    "icews": 2705220068519153004,
    "ucdp": 7207187052819084505,
    "keds": 3256073246777256443,
}


def test_keys_never_change(tmp_path: Path) -> None:
    """Desks on other machines, and of other versions, know rows by these."""
    keys = {
        name: frame(written(tmp_path, SAMPLES[name].rstrip("\n")))["key"][0]
        for name in ("gdelt2", "icews", "ucdp", "keds")
    }
    assert keys == KEYS
