"""Made-up rows of every format of event data, as its files print them; no row is anybody's."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator

from detente.load.gdelt import GDELT1, GDELT2
from detente.load.polecat import NAMES as POLECAT_NAMES

ICEWS_NAMES = (
    "Event ID", "Event Date", "Source Name", "Source Sectors", "Source Country", "Event Text", "CAMEO Code",
    "Intensity",
    "Target Name", "Target Sectors", "Target Country", "Story ID", "Sentence Number", "Publisher", "City", "District",
    "Province", "Country", "Latitude", "Longitude",
)  # fmt: skip


def icews(
    id: str = "900001",
    day: str = "2018-06-01",
    source: str = "Donald Trump",
    source_country: str = "",
    code: str = "042",
    target: str = "Kim Jong-Un",
    target_country: str = "",
    sectors: str = "",
    story: str = "77",
) -> str:
    """A line of the ICEWS archive."""
    return "\t".join(
        (id, day, source, sectors, source_country, "Make a visit", code, "1.9", target, "", target_country, story, "2",
         "Example Wire", "Singapore", "", "", "Singapore", "1.29", "103.85")
    )  # fmt: skip


def gdelt(version: int = 2, width: int | None = None, **fields: str) -> str:
    """A line of GDELT; columns by their names, the rest empty."""
    formats = {1: GDELT1, 2: GDELT2}
    width = width or (61 if version == 2 else 58)
    usual = {
        "GLOBALEVENTID": "800000001", "SQLDATE": "20240105", "MonthYear": "202401", "Year": "2024",
        "Actor1Code": "PRKMIL", "Actor1Name": "NORTH KOREA", "Actor1CountryCode": "PRK", "Actor1Type1Code": "MIL",
        "Actor2Code": "KOR", "Actor2Name": "SOUTH KOREA", "Actor2CountryCode": "KOR", "IsRootEvent": "1",
        "EventCode": "040", "EventBaseCode": "040", "EventRootCode": "04", "QuadClass": "1", "GoldsteinScale": "1.0",
        "NumMentions": "4", "NumSources": "1", "NumArticles": "4", "AvgTone": "-1.5", "ActionGeo_Type": "1",
        "ActionGeo_FullName": "North Korea", "ActionGeo_CountryCode": "KN", "ActionGeo_Lat": "40",
        "ActionGeo_Long": "127",
        "ActionGeo_FeatureID": "KN", "DATEADDED": "20240106" if version == 1 else "20240106121500",
        "SOURCEURL": "https://www.example.org/story-1.html",
    }  # fmt: skip
    values = usual | fields
    return "\t".join(values.get(name, "") for name in formats[version].columns[width])


def mention(event: str = "800000001", at: str = "20240106121500", url: str = "https://example.org/a") -> str:
    """A line of GDELT mentions."""
    return "\t".join(
        (event, "20240106121500", at, "1", "example.org", url, "1", "-1", "10", "20", "1", "50", "900", "-1.0", "", "")
    )


def polecat(names: tuple[str, ...] = POLECAT_NAMES, **fields: str) -> str:
    """A line of POLECAT; columns by their names with underscores."""
    usual = {
        "Event_ID": "20240105-1-a", "Event_Date": "2024-01-05", "Event_Type": "CONSULT", "Event_Mode": "visit",
        "Intensity": "1.9", "Actor_Name": "Fumio Kishida", "Actor_Country": "JPN", "Primary_Actor_Sector": "EXE",
        "Recipient_Name": "Seoul", "Recipient_Country": "KOR", "Country": "South Korea", "Latitude": "37.5",
        "Longitude": "127", "Source": "Example Wire", "Publication_Date": "2024-01-06", "City": "Seoul",
    }  # fmt: skip
    values = usual | fields
    return "\t".join(values.get(name.replace(" ", "_"), "None") for name in names)


MIE_HEADER = (
    "micnum,eventnum,ccode1,ccode2,stmon,stday,styear,endmon,endday,endyear,sidea1,action,hostlev,fatalmin1,fatalmax1,"
    "fatalmin2,fatalmax2,version"
)
MIDIP_HEADER = (
    "dispnum,incidnum,stabb,ccode,stday,stmon,styear,endday,endmon,endyear,insidea,sidea,fatality,fatalpre,action,"
    "hostlev,revtype1,revtype2,version"
)
MIDB_HEADER = (
    "dispnum,stabb,ccode,stday,stmon,styear,endday,endmon,endyear,sidea,revstate,revtype1,revtype2,fatality,fatalpre,"
    "hiact,hostlev,orig,version"
)
GED_HEADER = (
    "id,relid,year,type_of_violence,side_a,side_b,gwnoa,gwnob,number_of_sources,source_office,where_coordinates,adm_1,"
    "latitude,longitude,country,country_id,date_prec,date_start,date_end,best,high,low"
)
ACLED_HEADER = (
    "event_id_cnty,event_date,year,time_precision,disorder_type,event_type,sub_event_type,actor1,assoc_actor_1,inter1,"
    "actor2,assoc_actor_2,inter2,interaction,country,location,latitude,longitude,source,notes,fatalities"
)

SAMPLES: dict[str, str] = {
    "icews": "\n".join(("\t".join(ICEWS_NAMES), icews(), icews(id="900002", target="Police (Japan)"))) + "\n",
    "icews plain": (
        "date,source,source_iso3,source_sector,cameo,goldstein,event_text,target,target_iso3,target_sector\n"
        '2018-06-01,Donald Trump,,,042,1.9,"Visit, make a",Kim Jong-Un,,\n'
        "2018-06-02,Japan,JPN,STATE,111,-2,Criticize or denounce,North Korea,PRK,STATE\n"
    ),
    "polecat": "\n".join(("\t".join(POLECAT_NAMES), polecat(), polecat(Event_ID="b", Event_Type="ACCUSE"))) + "\n",
    "gdelt1": gdelt(1) + "\n" + gdelt(1, GLOBALEVENTID="800000002", EventCode="190") + "\n",
    "gdelt2": gdelt(2) + "\n" + gdelt(2, GLOBALEVENTID="800000002", EventCode="190") + "\n",
    "gdelt2mentions": mention() + "\n" + mention(at="20240107000000") + "\n",
    "petrarch": (
        "20240105\tPRKMIL\tKOR\t190\tMISSILE,1\t17_2\thttps://example.org/a\texample_wire\n"
        "20240106\tUSAGOV\tIGOUNO\t042\t\t18_1\thttps://example.org/b\texample_wire\n"
    ),
    "plover": (
        '{\n  "id": "x1",\n  "date": "2024-01-05",\n  "event": "CONSULT",\n  "mode": "visit",\n'
        '  "source": [{"actor": "JPN", "sector": "GOV"}],\n  "target": [{"actor": "KOR"}, {"actor": "USA"}],\n'
        '  "location": [{"city": "Seoul", "country": "KOR", "lat": "37.5", "long": "127"}],\n  "text": "NULL"\n}\n'
        '{"id": "x2", "date": "2024-01-06", "event": "ACCUSE", "source": "PRK", "target": "KOR"}\n'
    ),
    "mie": (
        f"{MIE_HEADER}\n9001,1,731,732,3,-9,1999,3,-9,1999,1,7,3,0,0,0,0,mie-1.0\n"
        "9001,2,732,731,4,2,1999,4,3,1999,0,16,4,0,0,-9,-9,mie-1.0\n"
    ),
    "mid": (
        f"{MIDIP_HEADER}\n9001,9001001,PRK,731,5,3,1999,5,3,1999,1,1,0,0,7,3,0,0,5\n"
        "9001,9001001,ROK,732,5,3,1999,5,3,1999,0,0,0,0,0,1,0,0,5\n"
        "9001,9001001,USA,2,5,3,1999,5,3,1999,0,0,0,0,8,3,0,0,5\n"
    ),
    "midb": (
        f"{MIDB_HEADER}\n9001,PRK,731,-9,3,1999,20,4,1999,1,1,1,0,0,0,16,4,1,5\n"
        "9001,ROK,732,-9,3,1999,20,4,1999,0,0,0,0,0,0,0,1,1,5\n"
    ),
    "ucdp": (
        f"{GED_HEADER}\n"
        '5001,"A-1",2020,1,Government of Iraq,IS,645,,3,"Example, Wire",Example town,North,35.1,43.2,'
        "Iraq,645,1,2020-01-02 00:00:00.000,2020-01-02 00:00:00.000,3,4,2\n"
        '5002,"A-2",2020,3,IS,Civilians,,,1,"He said ""no""",Example town,North,35.1,43.2,'
        "Iraq,645,4,2020-01-01,2020-01-31,1,1,1\n"
    ),
    "acled": (
        f"{ACLED_HEADER}\n"
        "ARG900001,2022-06-30,2022,1,Demonstrations,Protests,Peaceful protest,Protesters (Argentina),,6,,,0,60,"
        'Argentina,Example,-34.6,-58.4,Example Wire,"Notes, with\na second line",0\n'
        "UKR900002,30 June 2022,2022,2,Political violence,Battles,Armed clash,Military Forces of Russia (2000-),,"
        "External/Other forces,Military Forces of Ukraine (2019-),,State forces,State forces-External/Other forces,"
        "Ukraine,Example,48,37,Example Wire,,0\n"
    ),
    "keds": "date,source,target,code\n1979-04-15,EGYGOV,ISR,010\n1979-04-16,ISRMIL,LBN,190\n",
    "table": "day,from,source,target,type\n2020-01-01,x,Japan,China,accuse\n2020-01-02,y,USA,JPN,CONSULT\n",
}


def mutated(number: int, *, seed: int = 20240105) -> Iterator[tuple[str, bytes]]:
    """Files of every format in turn with bytes changed, left out, doubled, put in or cut off, some packed."""
    rng = random.Random(seed)
    names = sorted(SAMPLES)
    strange = (
        b"\0",
        b"\xff",
        b'"',
        b"\t",
        b",",
        b"\n",
        b"\r",
        b"\r\n",
        b"-9",
        b"NULL",
        b"{",
        b"}",
        b"\xe3",
        b"9" * 40,
        b"\x01",
    )
    for at in range(number):
        name = names[at % len(names)]
        data = bytearray((SAMPLES[name] * rng.choice((1, 1, 3))).encode())
        for _ in range(rng.choice((1, 1, 2, 5, 20))):
            place = rng.randrange(len(data) + 1)
            what = rng.randrange(6)
            if what == 0 and data:
                data[min(place, len(data) - 1)] = rng.randrange(256)
            elif what == 1:
                del data[place : place + rng.choice((1, 1, 3, 60))]
            elif what == 2:
                data[place:place] = rng.choice(strange)
            elif what == 3:
                data[place:place] = data[place : place + rng.choice((1, 8, 200))]
            elif what == 4:
                data[place:place] = rng.randbytes(rng.choice((1, 4, 30)))
            elif rng.random() < 0.2:
                del data[place:]
        packed = bytes(data)
        if rng.random() < 0.1:
            packed = gzip.compress(packed, mtime=0)
            packed = packed[: rng.randrange(len(packed))] if rng.random() < 0.5 else packed
        yield name, packed
