"""The pages of a package that people read: a summary in HTML and in Markdown, and how to verify."""

from collections.abc import Mapping, Sequence, Set
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, FunctionLoader, StrictUndefined

from ringfence.evidence.account import Account
from ringfence.evidence.records import RecordKind
from ringfence.evidence.reference import spoken
from ringfence.export import layout
from ringfence.export.escape import markdown_code
from ringfence.ledger.search import Placed
from ringfence.report.escape import escape_line

__all__ = ["MOST_SHOWN", "VERSION", "package_pages", "page"]

VERSION: Final = 1
"""Of the pages: another number wherever their bytes change."""

MOST_SHOWN: Final = 1000
"""Decisions that a summary tells in words; all are in the records."""


def package_pages(
    records: Sequence[Placed], *, said: Mapping[str, Any], names: Set[str], ed25519: bool
) -> dict[str, bytes]:
    """Return the pages as files. `said` is the statement's predicate, `names` those of the other files.

    The same arguments give the same bytes in one VERSION. `ed25519` tells of which kind the package's key
    is.
    """
    guide = page(
        "verify.md.j2",
        said=said,
        records=(),
        ed25519=ed25519,
        witnesses=any(name.startswith(layout.WITNESSES) for name in names),
        stamped=layout.TIMESTAMP in names,
        go_program=_template("verify.go.txt"),
        python_program=_template("verify.py.txt"),
    )
    return {
        layout.GUIDE: guide.encode(),
        layout.SUMMARY_HTML: page("summary.html.j2", said=said, records=records).encode(),
        layout.SUMMARY_MARKDOWN: page("summary.md.j2", said=said, records=records).encode(),
    }


def page(template: str, *, said: Mapping[str, Any], records: Sequence[Placed], **more: Any) -> str:
    """Return a page. `said` is the statement's predicate; every value is escaped for its format."""
    decisions = [one for one in records if one.record.kind is RecordKind.DECISION]
    others = [one for one in records if one.record.kind is not RecordKind.DECISION]
    env = _html() if template.endswith(".html.j2") else _text()
    return env.get_template(template).render(
        said=said,
        decisions=[_decision(one) for one in decisions[:MOST_SHOWN]],
        left_out=max(0, len(decisions) - MOST_SHOWN),
        verdicts=_verdicts(decisions),
        others=[
            {"position": one.position, "kind": one.record.kind.value, "what": _about(one)}
            for one in others[:MOST_SHOWN]
        ],
        others_left_out=max(0, len(others) - MOST_SHOWN),
        **more,
    )


def _decision(placed: Placed) -> dict[str, Any]:
    body = placed.record.body
    account = Account.of(body)
    names = ("decision_id", "tenant", "point", "timestamp", "trace_id", "action", "principal")
    return {
        **{name: body.get(name) for name in names},
        "position": placed.position,
        "leaf": placed.leaf.hex(),
        "verdict": account.verdict.value,
        "evaluated": body.get("evaluated") is True,
        "bundles": body["bundles"] if isinstance(body.get("bundles"), dict) else {},
        "rules": account.contributions,
    }


def _verdicts(decisions: Sequence[Placed]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in decisions:
        verdict = Account.of(one.record.body).verdict.value
        found[verdict] = found.get(verdict, 0) + 1
    return dict(sorted(found.items()))


def _about(placed: Placed) -> list[tuple[str, Any]]:
    """Return the plain members of a record's body by name, and what is said of those kept apart."""
    body = placed.record.body
    said = {name: spoken(value) or value for name, value in body.items()}
    return [(name, said[name]) for name in sorted(said) if isinstance(said[name], str | int)]


@cache
def _html() -> Environment:
    return Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
    )


@cache
def _text() -> Environment:
    env = Environment(
        loader=FunctionLoader(_template),
        autoescape=False,  # noqa: S701 - Markdown; every value of a record goes through `code`
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters["code"] = markdown_code
    return env


def _shown(value: Any) -> Any:
    """Escape what is invisible, or would turn the text around, before HTML's own escaping."""
    return escape_line(value) if type(value) is str else "" if value is None else value


def _template(name: str) -> str:
    return (files("ringfence.export") / "templates" / name).read_text(encoding="utf-8")
