"""The web desk against pages elsewhere, odd requests, and reports that mean harm."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import detente as dt
from detente.web import create
from detente.web.guard import HOSTS, POLICY, Guard
from detente.web.pages import PAGES
from detente.web.pages.add import plain_name
from tests import handmade
from tests.desks import HARM, SCRIPT, addresses, harmful
from tests.web_client import HOME, TestClient, client, links, settled, text

pytestmark = pytest.mark.filterwarnings("ignore::detente.errors.DetenteWarning")


class Tags(HTMLParser):
    """The tags of a page with the names of their attributes, as a browser takes it apart."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, set[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name for name, _ in attrs}))

    @classmethod
    def of(cls, page: str) -> list[tuple[str, set[str]]]:
        taken = cls()
        taken.feed(page)
        taken.close()
        return taken.found


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk on which every text that a report or a file can set means harm."""
    return harmful(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def asked(hostile: Path) -> TestClient:
    """One client of it for all who change nothing."""
    return client(hostile)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """A client of a desk that means no harm."""
    path = tmp_path_factory.mktemp("usual") / "desk"
    dt.open(path).store.add(handmade.readings())
    return client(path)


def test_reports_that_mean_harm_are_shown_as_text_everywhere(hostile: Path, asked: TestClient) -> None:
    shown = 0
    for address in addresses(hostile):
        page = settled(asked, address).text
        assert SCRIPT not in page, address
        assert "<img" not in page and "<svg/onload" not in page, address
        tags = Tags.of(page)
        assert not [name for tag, names in tags for name in names if name.startswith("on") or name == "style"], address
        assert not [names for tag, names in tags if tag == "script" and "src" not in names], address
        assert "\u202e" not in page and "49 " not in re.findall(r"over.{0,200}", page)[:1], address
        assert not [link for link in links(page) if link.strip().lower().startswith("javascript")], address
        shown += "[U+202E]" in page
        assert len(page) < 400_000, address
    assert shown >= 5


def test_forms_of_a_page_that_hold_harm_run_nothing(hostile: Path, asked: TestClient) -> None:
    for address in addresses(hostile):
        settled(asked, address)
        for form in ("json", "csv", "svg"):
            path, _, query = address.partition("?")
            found = asked.get(f"{'/overview' if path == '/' else path}.{form}?{query}")
            kind = found.headers["content-type"]
            assert "html" not in kind and found.headers["x-content-type-options"] == "nosniff", (address, form)
            if "svg" in kind:
                assert "<script" not in found.text and "onload=" not in re.sub(r">[^<]*<", "><", found.text)
            if "csv" in kind:
                assert not re.search(r'(^|,)"?[=@+]', found.text, re.MULTILINE), address


def test_harm_in_the_address_stays_text(asked: TestClient) -> None:
    for page in PAGES:
        if "{" in page.path:
            continue
        for name in (
            "actor",
            "as_of",
            "page",
            "before",
            "topic",
            "theme",
            "type",
            "table",
            "source",
            "days",
            "job",
            "done",
        ):
            found = asked.get(page.path, params={name: HARM})
            assert found.status_code in (200, 400), (page.path, name)
            assert SCRIPT not in found.text and "onerror=alert(2)>" not in found.text, (page.path, name)
    found = asked.get("/perspective/" + "%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert found.status_code in (400, 404) and SCRIPT not in found.text


def test_every_answer_has_the_policy(asked: TestClient) -> None:
    assert "unsafe" not in POLICY
    for path in ("/", "/events.csv", "/static/style.css", "/nothing", "/events?page=999", "/static/../app.py"):
        found = asked.get(path)
        assert found.headers["content-security-policy"] == POLICY, path
        assert found.headers["x-frame-options"] == "DENY" and found.headers["referrer-policy"] == "same-origin"
        assert "server" not in found.headers and "access-control-allow-origin" not in found.headers


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8008", "127.0.0.2", "0.0.0.0", "", "[::2]",
        "127.0.0.1@evil.example", "evil@127.0.0.1", "127.0.0.1:99999", "127.0.0.1:x", "127.0.0.1, evil.example",
        "127.0.0.1/x", "2130706433", "[::1", "localhost.",
    ],
)  # fmt: skip
def test_foreign_hosts_are_refused(asked: TestClient, host: str) -> None:
    assert asked.get("/events", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1:8008", "localhost", "LOCALHOST:1", "[::1]:8008"])
def test_own_hosts_are_answered(asked: TestClient, host: str) -> None:
    assert asked.get("/sources", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "https://127.0.0.1"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://localhost"},
        {"origin": HOME, "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {},
    ],
)
def test_posts_from_elsewhere_are_refused_and_change_nothing(tmp_path: Path, headers: dict[str, str]) -> None:
    path = tmp_path / "desk"
    asked = TestClient(create(path), base_url=HOME)
    assert asked.post("/add", data={"what": "sample"}, headers=headers).status_code == 403
    assert dt.open(path).store.manifest().serial == 0


def test_only_reading_and_posting_is_answered(asked: TestClient) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        assert asked.request(method, "/events").status_code == 405
    assert asked.post("/events", data={"a": "b"}).status_code == 405
    assert asked.get("/event/x%00y").status_code in (400, 404)


def test_uploads_are_limited(tmp_path: Path) -> None:
    asked = client(tmp_path / "desk", limit=100_000)
    large = {"file": ("a.txt", b"x" * 200_000)}
    assert asked.post("/add", data={"what": "report"}, files=large).status_code == 413
    assert (
        asked.post("/add", content=_pieces(), headers={"content-type": "application/x-www-form-urlencoded"}).status_code
        == 413
    )
    many = [("file", (f"{i}.txt", b"x")) for i in range(60)]
    assert asked.post("/add", data={"what": "report"}, files=many).status_code == 400
    assert asked.post("/add", content=b"broken", headers={"content-type": "multipart/form-data"}).status_code == 400
    assert dt.open(tmp_path / "desk").store.manifest().serial == 0


def _pieces() -> Iterator[bytes]:
    """A body that does not say how long it is."""
    for _ in range(50):
        yield b"what=report&text=" + b"x" * 10_000


def test_a_body_without_end_is_cut_off() -> None:
    """The limit holds for what comes, whatever the request said."""
    taken = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal taken
        while True:
            taken += len((await receive())["body"])

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"x" * 1000, "more_body": True}

    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "scheme": "http", "path": "/add", "query_string": b"",
             "headers": [(b"host", b"127.0.0.1"), (b"origin", b"http://127.0.0.1")]}  # fmt: skip
    anyio.run(Guard(app, limit=10_000), scope, receive, send)
    assert sent[0]["status"] == 413 and taken <= 10_000


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static//etc/passwd",
        "/static/..\\app.py",
        "/../../etc/passwd", "/event/..%2f..%2fmanifest.json", "/perspective/..%2f..%2fetc%2fpasswd", "/static/",
    ],
)  # fmt: skip
def test_no_path_leads_out(asked: TestClient, path: str) -> None:
    found = asked.get(path)
    assert found.status_code in (400, 404, 307), path
    assert "import " not in found.text and "root:" not in found.text


@given(st.text(max_size=120))
def test_names_of_uploads_lead_nowhere(name: str) -> None:
    plain = plain_name(name)
    assert plain and plain not in (".", "..") and not set(plain) & set("/\\\0*?[]~") and len(plain) <= 94
    assert plain == Path(plain).name


def test_an_upload_whose_name_leads_elsewhere_stays_where_it_was_put(tmp_path: Path) -> None:
    asked = client(tmp_path / "desk")
    body = b"Japan protested to China over the deployment of two warships on 5 July 2024. " * 4
    done = asked.post("/add", data={"what": "report"}, files={"file": ("../../../evil[*].txt", body)})
    assert "1 new" in text(settled(asked, done.headers["location"]).text)
    assert not list(tmp_path.glob("evil*")) and not list(tmp_path.parent.glob("evil*"))
    assert dt.open(tmp_path / "desk").reports()["path"][0].endswith("evil_.txt")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(("/events", "/claims", "/perspective", "/sources", "/about", "/add")),
    st.dictionaries(
        st.sampled_from(
            ("actor", "other", "type", "domain", "source", "since", "until", "as_of", "page", "confidence", "modality")
        ),
        st.text(max_size=30),
        max_size=3,
    ),
)
def test_whatever_an_address_asks_is_answered_or_refused(usual: TestClient, path: str, params: dict[str, str]) -> None:
    found = usual.get(path, params=params)
    assert found.status_code in (200, 400), (path, params)
    assert found.headers["content-security-policy"] == POLICY


def test_a_second_job_waits_for_the_first(tmp_path: Path) -> None:
    asked = client(tmp_path / "desk")
    first = asked.post("/add", data={"what": "sample"})
    second = asked.post("/add", data={"what": "sample"})
    assert second.status_code == 503 and "under way" in text(second.text)
    assert settled(asked, first.headers["location"]).status_code == 200


def test_hosts_are_those_of_this_machine() -> None:
    assert {"127.0.0.1", "localhost", "::1"} == HOSTS
