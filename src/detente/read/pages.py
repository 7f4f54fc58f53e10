"""Text, HTML and PDF files to plain text: what is parsed later, and what is known of its origin.

Nothing is fetched. A file that cannot be read as an English report is refused with one clear line
(:class:`~detente.errors.ReadError`), so that a batch can go on with the next one.

HTML goes through trafilatura (Barbaresi 2021, "Trafilatura: a web scraping library", ACL demo), PDF through pypdf,
the language is identified by py3langid (Lui and Baldwin 2012, "langid.py").
"""

from __future__ import annotations

import codecs
import io
import logging
import re
import tomllib
import unicodedata
import warnings
from collections import Counter
from datetime import date as Date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from msgspec import Struct

from detente.errors import ReadError
from detente.read.clean import boilerplate

LIMIT = 20 * 1024 * 1024
"""Bytes of a file above which it is refused."""
LONGEST = 2_000_000
"""Characters of the text taken from it above which it is refused: some 350,000 words."""

_TAG = re.compile(r"<[^<>]{1,2000}>")

# No prose has it, and the time that the tokenizer takes grows with its square.
_ENDLESS_WORD = re.compile(r"\S{2500}")

# Below this many words, names can outweigh words so far that letters alone tell no language.
FEWEST_WORDS = 25
# The languages of scripts that one language has, or nearly so; the first word of a letter's Unicode name.
_SCRIPTS = {
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "CJK": "zh",
    "THAI": "th",
    "GREEK": "el",
    "HEBREW": "he",
    "ARABIC": "ar",
    "CYRILLIC": "ru",
    "DEVANAGARI": "hi",
    "ARMENIAN": "hy",
    "GEORGIAN": "ka",
}


class Page(Struct, frozen=True):
    """The article of one file.

    Args:
        text: the article, newlines as ``\\n``, Unicode NFC; every span counts its characters.
        title, outlet, author: what the file says of its origin; empty where it says nothing.
        published: date of publication, if the file states it.
        language: ISO 639-1 code.
    """

    text: str
    title: str = ""
    outlet: str = ""
    author: str = ""
    published: Date | None = None
    language: str = "en"


def load(source: str | Path | bytes, *, name: str = "") -> Page:
    """Read a file, or the bytes of one, as a report in English.

    Args:
        source: path of a text, HTML or PDF file, or its bytes.
        name: what to call the bytes in messages; the path where one is given.

    Returns:
        The article and what the file says of its origin.

    Raises:
        ReadError: missing, a folder, empty, over 20 MB, binary, encrypted, without text, or not in English.

    Example:
        >>> load("Japan and Australia signed an agreement in Tokyo.".encode(), name="note").language
        'en'
    """
    if isinstance(source, bytes):
        name = name or "the text given"
        raw = source
        if len(raw) > LIMIT:
            raise ReadError(_too_large(name, len(raw)))
    else:
        path = Path(source)
        name = name or str(path)
        raw = content(path, name=name)
    page = _page(raw, name)
    text = _tidy(page.text)
    if not re.search(r"\w", text):
        raise ReadError(f"{name}: there is no text in it; give a file that holds the article itself.")
    if len(text) > LONGEST:
        raise ReadError(
            f"{name}: {len(text):,} characters of text are more than the {LONGEST:,} of a report; split it into its "
            "articles."
        )
    language = identify(text)
    if language != "en":
        raise ReadError(
            f"{name}: the article is not in English (it looks like {language!r}); give an English translation."
        )
    if _ENDLESS_WORD.search(text):
        raise ReadError(f"{name}: it holds a word of 2,500 characters (embedded data?); save the article without it.")
    return Page(text, page.title, page.outlet, page.author, page.published, language)


def identify(text: str) -> str:
    """Language of a text, as an ISO 639-1 code; boilerplate is left out of account.

    A text in another script is in another language. In Latin script the small words decide (``data/languages.toml``),
    and py3langid where they do not. A text without either's words, such as a headline of names, is taken for English.

    Example:
        >>> identify("Les ministres se sont réunis mardi à Tokyo.")
        'fr'
        >>> identify("Macron meets von der Leyen in Rio de Janeiro")
        'en'
    """
    kept = list(text)
    for start, end in boilerplate(text):
        kept[start:end] = " " * (end - start)
    article = "".join(kept)
    if not re.search(r"\w", article):
        article = text
    # The first pages decide: an English article may quote another language at length further on.
    article = article[:20_000]
    scripts = Counter(unicodedata.name(char, "").partition(" ")[0] for char in article if char.isalpha())
    if 2 * scripts["LATIN"] >= scripts.total():
        return _latin(article)
    language = str(_identifier().classify(article)[0])
    if scripts.total() < FEWEST_WORDS or language == "en":
        kana = scripts["HIRAGANA"] + scripts["KATAKANA"]  # Japanese has Chinese characters too
        script = "HIRAGANA" if kana else scripts.most_common(1)[0][0]
        return _SCRIPTS.get(script, "und")
    return language


def _latin(article: str) -> str:
    words = re.findall(r"[^\W\d_]+", article)
    english, others = _small_words()
    ours = sum(word.lower() in english for word in words)
    if ours >= 0.2 * len(words):
        return "en"
    # With a capital, they are part of a name or a title ("Le Monde", "Die Welt").
    theirs = {language: [word for word in words if word in small] for language, small in others.items()}
    best = max(theirs, key=lambda language: len(theirs[language]))
    if len(set(theirs[best])) > 1 and len(theirs[best]) > max(ours, 0.1 * len(words)):
        return best
    if len(words) < FEWEST_WORDS:
        sure = len(theirs[best]) == 1 and not ours and len(words) > 3
        return best if sure and _identifier().classify(article)[0] == best else "en"
    if ours > 2 * len(theirs[best]) and ours >= 0.05 * len(words):
        return "en"
    return str(_identifier().classify(article)[0])


@cache
def _small_words() -> tuple[frozenset[str], dict[str, frozenset[str]]]:
    data = tomllib.loads((files("detente") / "data" / "languages.toml").read_text(encoding="utf-8"))
    return frozenset(data["english"].split()), {key: frozenset(small.split()) for key, small in data["small"].items()}


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)


def content(path: Path, *, name: str = "") -> bytes:
    """The bytes of a file that may be a report.

    Raises:
        ReadError: missing, a folder, or over 20 MB.
    """
    name = name or str(path)
    try:
        if path.is_dir():
            raise ReadError(f"{name}: this is a folder; name the files in it, for example {name}/*.txt.")
        size = path.stat().st_size
        if size > LIMIT:
            raise ReadError(_too_large(name, size))
        with path.open("rb") as file:
            raw = file.read(LIMIT + 1)  # a pipe or a device does not tell its size
        if len(raw) > LIMIT:
            raise ReadError(_too_large(name, len(raw)))
        return raw
    except FileNotFoundError:
        raise ReadError(f"{name}: there is no such file; check the path.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ReadError(f"{name}: cannot be opened ({reason}); check the path and its permissions.") from None


def _page(raw: bytes, name: str) -> Page:
    if not raw.strip():
        raise ReadError(f"{name}: the file is empty; give a file that holds the article.")
    head = raw[:1024]
    suffix = Path(name).suffix.lower()
    if b"%PDF-" in head:
        return _pdf(raw, name)
    if head.startswith((b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"BZh", b"\xfd7zXZ")):
        raise ReadError(f"{name}: this is an archive or an office document; save the article as text, HTML or PDF.")
    if head.startswith(b"{\\rtf"):
        raise ReadError(f"{name}: this is a rich-text document; save the article as text, HTML or PDF.")
    text = _decode(raw, name)
    if suffix in {".html", ".htm", ".xhtml"} or re.match(
        r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|article|main|div|p)\b",
        text[:4096],
        re.IGNORECASE | re.DOTALL,
    ):
        return _html(text, name)
    return Page(text)


def _decode(raw: bytes, name: str) -> str:
    """Bytes to characters: a byte-order mark first, then UTF-8, a charset that HTML declares, cp1252 last."""
    binary = f"{name}: this is a binary file, not an article; give a text, HTML or PDF file."
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if raw.startswith(mark):
            return raw.decode(encoding, errors="replace")
    if b"\0" in raw:
        # UTF-16 without a mark: in Latin script every other byte is zero.
        sample = raw[:2000]
        even, odd = sample[0::2].count(0), sample[1::2].count(0)
        half = len(sample) / 2
        if odd > 0.8 * half and even < 0.1 * half:
            return raw.decode("utf-16-le", errors="replace")
        if even > 0.8 * half and odd < 0.1 * half:
            return raw.decode("utf-16-be", errors="replace")
        raise ReadError(binary)
    declared = re.search(rb"<meta[^>]+charset=[\"']?([\w-]+)", raw[:4096], re.IGNORECASE)
    encodings = ["utf-8", declared[1].decode("ascii") if declared else "cp1252", "cp1252"]
    text = ""
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
            break
        except (UnicodeDecodeError, LookupError):
            continue
    else:
        text = raw.decode("utf-8", errors="replace")
    sample_text = _TAG.sub(" ", text[:60_000])[:20_000]  # a page may be nearly all markup
    strange = sum(
        char == "\N{REPLACEMENT CHARACTER}" or (unicodedata.category(char) == "Cc" and char not in "\n\r\t\f\v\x85")
        for char in sample_text
    )
    readable = sum(char.isalnum() or char.isspace() for char in sample_text)
    if strange > 0.02 * len(sample_text) or readable < 0.5 * len(sample_text):
        raise ReadError(binary)
    return text


def _html(text: str, name: str) -> Page:
    broken = f"{name}: the page cannot be taken apart; save the article as plain text and read that."
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import trafilatura

            # Its log speaks of single pages to nobody; what matters is raised below.
            logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
            logging.getLogger("htmldate").setLevel(logging.CRITICAL)
            found: Any = trafilatura.bare_extraction(
                text,
                with_metadata=True,
                include_comments=False,
                include_tables=True,
                date_extraction_params={"extensive_search": False, "original_date": True},
            )
    except (RecursionError, MemoryError, ValueError, TypeError, AttributeError, LookupError):
        raise ReadError(broken) from None
    if found is None or not (found.text or "").strip():
        raise ReadError(f"{name}: no article was found in the page; save the article as plain text and read that.")
    return Page(
        found.text,
        title=found.title or "",
        outlet=found.sitename or "",
        author=found.author or "",
        published=_date(found.date),
    )


def _date(stated: str | None) -> Date | None:
    try:
        return Date.fromisoformat((stated or "")[:10])
    except ValueError:
        return None


def _pdf(raw: bytes, name: str) -> Page:
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    pages: list[str] = []
    size = 0
    title = author = ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            document = pypdf.PdfReader(io.BytesIO(raw))
            if document.is_encrypted and not document.decrypt(""):
                raise ReadError(f"{name}: the PDF is locked with a password; unlock it or save it as text.")
            for page in document.pages:
                pages.append(page.extract_text())
                size += len(pages[-1])
                if size > LONGEST:  # pages may unfold to far more than the file holds
                    break
            facts = document.metadata
            title, author = (str(facts.title or ""), str(facts.author or "")) if facts else ("", "")
    except ReadError:
        raise
    except Exception:
        # pypdf raises nearly anything on a damaged file (KeyError, struct.error, its own kinds, DependencyError).
        raise ReadError(f"{name}: the PDF is damaged; open it in a viewer and save it as text.") from None
    text = "\n\n".join(pages)
    if len(re.findall(r"\w", text)) < 5 * len(pages):
        raise ReadError(f"{name}: the PDF holds no text (a scan?); run it through text recognition first.")
    # The dates in a PDF say when the file was made, not when the report was published: they are not taken.
    return Page(text, title=title.strip(), author=author.strip())


def _tidy(text: str) -> str:
    text = text.replace("\r\n", "\n")
    text = re.sub("[\r\f\v\x85\u2028\u2029]", "\n", text)
    text = re.sub(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]", " ", text)
    text = re.sub(r"[^\S\n]{50,}", " ", text)
    text = re.sub(r"\n(?:[^\S\n]*\n){4,}", "\n\n\n", text)
    return unicodedata.normalize("NFC", text)


def _too_large(name: str, size: int) -> str:
    return (
        f"{name}: {size / 1024 / 1024:.0f} MB is more than the {LIMIT // 1024 // 1024} MB of a report; "
        "split it into its articles."
    )
