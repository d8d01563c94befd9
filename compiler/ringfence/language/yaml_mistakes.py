"""Word the mistakes that the YAML reader finds, each at its place."""

import re
from typing import Any, Final, NoReturn

from ringfence.errors import Diagnostic
from ringfence.language.yaml_scalar import Surprise
from ringfence.language.yaml_spans import SpanMap

__all__ = ["Mistakes", "Stopped"]

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_MAX_DIAGNOSTICS: Final = 100


class Stopped(Exception):  # noqa: N818 - not an error: the rest of the file is not read
    """The rest of the file is not read."""


class Mistakes:
    """The diagnostics of one file; offsets count characters from the text's start."""

    def __init__(self, spans: SpanMap) -> None:
        self.spans = spans
        self.found: list[Diagnostic] = []

    def report(self, code: str, start: int, end: int, message: str, help: str) -> None:
        """Note a mistake at two offsets; the end is brought to the first line's end."""
        stop = self.spans.text.find("\n", start)
        end = min(end, stop) if stop >= 0 else end
        span = self.spans.span(start, max(end, start + 1))
        self.found.append(Diagnostic(code, span, message, help))
        if len(self.found) >= _MAX_DIAGNOSTICS:
            raise Stopped

    def report_syntax(self, diagnostic: Diagnostic) -> None:
        """Report a syntax error, in place of what its own line was mistaken for."""
        line = diagnostic.span.line
        self.found = [earlier for earlier in self.found if earlier.span.line != line]
        self.found.append(diagnostic)

    def refuse_properties(self, event: Any, start: int, end: int) -> None:
        """Report a tag or an anchor of any node."""
        if event.anchor is not None:
            self.report(
                "RF012",
                start,
                end,
                f"anchor `&{_shorten(event.anchor)}` is not accepted",
                "write the value out; quote text that starts with `&`",
            )
        if event.tag is not None:
            self.report(
                "RF013",
                start,
                end,
                f"`{_shorten(event.tag)}` is read as a YAML tag",
                "put CEL into a `|` block, and quote other text that starts with `!`",
            )

    def check_escapes(self, text: str, start: int, end: int) -> None:
        """Refuse control characters written as escapes."""
        found = None if text.isprintable() else _CONTROL.search(text)
        if found is not None:
            name = f"U+{ord(found.group()):04X}"
            self.report(
                "RF004",
                start,
                end,
                f"the text holds the control character {name}",
                "write readable text",
            )

    def report_key(self, text: str, resolved: object, start: int, end: int) -> None:
        """Report a key that YAML does not read as a string."""
        if isinstance(resolved, Surprise) and text != "<<":
            message = f"key {resolved.message}"
        elif text == "<<":
            message = "merge keys are not accepted"
        else:
            message = f"key `{text}` is not a string" if text else "a key is missing before `:`"
        help_text = f'quote it: "{text}"' if text not in ("", "<<") else "write the entries out"
        self.report("RF011", start, end, message, help_text)

    def report_long_key(self, start: int, end: int) -> None:
        """Report a key over several lines."""
        self.report("RF011", start, end, "a key is one line of text", "write it on one line")

    def report_collection_key(self, start: int, end: int) -> NoReturn:
        """Report a list or mapping as a key, and stop."""
        self.report("RF011", start, end, "a key is a list or mapping", "quote the key")
        raise Stopped

    def report_duplicate(self, key: str, parent: int, start: int, end: int) -> None:
        """Report the second of two equal keys of the mapping at an entry."""
        self.report(
            "RF010",
            start,
            end,
            f"duplicate key `{_shorten(key)}`",
            f"line {self.spans.first_line(parent, key)} sets it already: remove or rename one",
        )

    def report_length(self, text: str, limit: int, start: int, end: int) -> None:
        """Report a text beyond the limit."""
        message = f"text of {len(text)} characters is longer than {limit}"
        self.report("RF017", start, end, message, "shorten it, or link to it")

    def report_depth(self, limit: int, start: int, end: int) -> NoReturn:
        """Report nesting beyond the limit, and stop."""
        self.report("RF015", start, end, f"nested deeper than {limit} levels", "flatten it")
        raise Stopped

    def report_nodes(self, limit: int, start: int, end: int) -> NoReturn:
        """Report the first value beyond the limit, and stop."""
        self.report("RF016", start, end, f"more than {limit} values", "split the file")
        raise Stopped

    def report_alias(self, start: int, end: int) -> None:
        """Report an alias."""
        shown = _shorten(self.spans.text[start:end])
        help_text = "write the value out, or quote it if it is text"
        self.report("RF012", start, end, f"alias `{shown}` is not accepted", help_text)

    def report_directive(self, start: int, end: int) -> None:
        """Report `%YAML` or `%TAG`."""
        help_text = "remove the line that starts with `%`"
        self.report("RF021", start, end, "directives are not accepted", help_text)

    def report_second_document(self, start: int, end: int) -> NoReturn:
        """Report where a second document starts, and stop."""
        help_text = "put each document into a file of its own"
        self.report("RF009", start, end, "a second document starts here", help_text)
        raise Stopped

    def report_missing_colon(self, start: int, end: int) -> None:
        """Report a flow entry such as `{a}`."""
        shown = self.spans.text[start:end]
        self.report(
            "RF022",
            start,
            end,
            f"`{_shorten(shown)}` is a key without `:` and value",
            "quote a text that starts with `{`, or write `key: value`",
        )

    def report_top(self, start: int) -> NoReturn:
        """Report a document that is not a mapping, and stop."""
        if not self.spans.text[start:].strip():
            self.report_empty()
        else:
            self.report(
                "RF008",
                start,
                start + 1,
                "the document is not a mapping",
                "start with `apiVersion: ringfence/v1` and `kind: ...`",
            )
        raise Stopped

    def report_empty(self) -> None:
        """Report a file without a document."""
        self.report("RF007", 0, 1, "the file is empty", "write a policy, or delete the file")


def _shorten(text: str) -> str:
    text = text if len(text) <= 60 else f"{text[:57]}..."
    return text if text.isprintable() else repr(text)[1:-1]
