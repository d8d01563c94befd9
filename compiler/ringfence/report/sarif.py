"""Render diagnostics as SARIF 2.1.0 (OASIS), for code scanning services."""

import json
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote

from ringfence import __version__
from ringfence.codes import CODES
from ringfence.errors import Diagnostic, sort_diagnostics

__all__ = ["render_diagnostics"]

_SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def render_diagnostics(diagnostics: Iterable[Diagnostic]) -> str:
    """Return a SARIF log of one run; each code that occurs is a rule of its own.

    Columns count Unicode code points (SARIF 3.14.17), paths are relative to `%SRCROOT%`.
    """
    ordered = sort_diagnostics(diagnostics)
    codes = sorted({item.code for item in ordered})
    run = {
        "tool": {
            "driver": {
                "name": "ringfence",
                "version": __version__,
                "rules": [_rule(code) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(item, index=codes.index(item.code)) for item in ordered],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(code: str) -> dict[str, Any]:
    info = CODES.get(code)
    rule: dict[str, Any] = {"id": code}
    if info is not None:
        rule["shortDescription"] = {"text": info.title}
        rule["fullDescription"] = {"text": info.explanation}
        rule["help"] = {"text": info.explanation}
    return rule


def _result(diagnostic: Diagnostic, *, index: int) -> dict[str, Any]:
    span = diagnostic.span
    text = diagnostic.message + (f"; {diagnostic.help}" if diagnostic.help else "")
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line or span.line,
        "endColumn": span.end_column or span.column + 1,
    }
    location = {"uri": quote(span.file), "uriBaseId": "%SRCROOT%"}
    return {
        "ruleId": diagnostic.code,
        "ruleIndex": index,
        "level": diagnostic.severity.value,
        "message": {"text": text},
        "locations": [{"physicalLocation": {"artifactLocation": location, "region": region}}],
    }
