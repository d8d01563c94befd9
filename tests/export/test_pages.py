"""Facts about the pages that people read: whatever a record holds, it stays text."""

import hashlib
from html.parser import HTMLParser
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.evidence.samples import decision
from tests.export.samples import HOSTILE, decided, resigned, said_of, verifier

from ringfence.export import layout, pages
from ringfence.export.escape import markdown_code
from ringfence.export.folder import write_folder
from ringfence.export.pages import MOST_SHOWN, page
from ringfence.ledger.search import Placed


class _Tags(HTMLParser):
    """Collects elements, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text.append(data)


_TAGS = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "code", "table", "tr", "th",
    "td", "ul", "li", "details", "summary", "span", "br",
}  # fmt: skip
_ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class"}


def test_the_html_holds_no_element_of_a_record(files: dict[str, bytes]) -> None:
    """A rule, an id and a principal that are HTML are shown as text, with control characters spelled."""
    page = files[layout.SUMMARY_HTML].decode()
    found = _Tags(page)
    assert found.tags <= _TAGS
    assert found.attributes <= _ATTRIBUTES
    shown = HOSTILE.replace("\n", "\\n").replace("\u202e", "\\u202e")
    text = "".join(found.text)
    assert text.count(shown) >= 6
    assert "\u202e" not in page
    assert "default-src 'none'" in page


def test_the_markdown_holds_no_link_or_html_of_a_record(files: dict[str, bytes]) -> None:
    """By CommonMark the page is headings, lists, paragraphs and code only."""
    tokens = MarkdownIt("commonmark").parse(files[layout.SUMMARY_MARKDOWN].decode())
    inner = {one.type for token in tokens for one in token.children or ()}
    assert inner <= {"text", "code_inline", "softbreak"}
    assert not {"html_block", "fence", "code_block", "blockquote_open"} & {t.type for t in tokens}
    headings = [tokens[n + 1].content for n, t in enumerate(tokens) if t.type == "heading_open"]
    assert len(headings) == 4 + 14  # the page's own, and one a decision


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("`a \n\\<[](!*_#|&;\u202e\u2028\t"), max_size=30))
def test_any_text_is_one_code_span(text: str) -> None:
    """CommonMark reads a code span of it and nothing else, on one line."""
    written = markdown_code(text)
    assert "\n" not in written
    (inline,) = [t for t in MarkdownIt("commonmark").parse(f"- x {written}.") if t.type == "inline"]
    assert [one.type for one in inline.children or ()] == ["text", "code_inline", "text"]


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=60))
def test_any_text_of_a_record_stays_text(files: dict[str, bytes], text: str) -> None:
    """Whatever a decision's id, rule or principal is, no element comes out of it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    reason = {"rule": text, "action": text, "level": text, "source": text}
    made = decided(1, result=decision(reasons=[reason]), decision_id=text or "x")
    shown = page("summary.html.j2", said=said_of(files), records=[Placed(1, made)])
    assert _Tags(shown).tags <= _TAGS
    assert _Tags(shown).attributes <= _ATTRIBUTES


def test_a_long_summary_says_what_it_leaves_out(files: dict[str, bytes]) -> None:
    """Beyond a thousand decisions the rest is counted, in both forms."""
    many = [Placed(n, decided(1, decision_id=f"d-{n}")) for n in range(MOST_SHOWN + 7)]
    for template in ("summary.html.j2", "summary.md.j2"):
        shown = page(template, said=said_of(files), records=many)
        assert "7 more decisions stand in the records only" in shown
        assert f"d-{MOST_SHOWN}" not in shown


def test_the_pages_of_a_version_are_these() -> None:
    """Whoever changes a template gives the pages another version, since verifiers make them again."""
    templates = Path(pages.__file__).parent / "templates"
    digest = hashlib.sha256(
        b"".join(path.read_bytes() for path in sorted(templates.iterdir()))
    ).hexdigest()
    assert (pages.VERSION, digest) == (
        1,
        "f366b248161beab928e50655ca4c275aee20a271b5399d02eaf1f853bab2465f",
    )


def test_pages_of_another_version_are_said_to_be_unknown(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    """A package of another version verifies, and that its pages were not made again is told."""
    write_folder(tmp_path / "p", resigned(files, pages=2))
    said = verifier().verify(tmp_path / "p").not_shown
    assert any("the summaries tell what the records say" in one for one in said)
    write_folder(tmp_path / "q", files)
    assert not any("summaries" in one for one in verifier().verify(tmp_path / "q").not_shown)


def test_the_summary_names_what_is_not_shown(files: dict[str, bytes]) -> None:
    """Every sentence of the statement's list stands in both summaries and in the guide."""
    said = said_of(files)["not_shown"]
    assert len(said) == 4
    for name in (layout.SUMMARY_HTML, layout.SUMMARY_MARKDOWN, layout.GUIDE):
        text = files[name].decode().replace("&#39;", "'")
        assert all(one in text for one in said)
