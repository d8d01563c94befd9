"""Build plain data and their positions from YAML parse events, collecting every mistake."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from sys import intern
from typing import Any, Final

from yaml import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    MarkedYAMLError,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
    YAMLError,
)
from yaml._yaml import CParser

from ringfence.errors import Diagnostic, Span
from ringfence.language.yaml_block import Style
from ringfence.language.yaml_scalar import Surprise, resolve
from ringfence.language.yaml_spans import SpanMap
from ringfence.language.yaml_syntax import describe_syntax_error
from ringfence.language.yaml_traps import find_trap

__all__ = ["Limits", "Value", "read_events"]

Value = str | int | bool | Decimal | None | list[Any] | dict[str, Any]

_STYLES: Final = {
    None: int(Style.PLAIN),
    "": int(Style.PLAIN),
    "'": int(Style.SINGLE),
    '"': int(Style.DOUBLE),
    "|": int(Style.LITERAL),
    ">": int(Style.FOLDED),
}
_PLAIN: Final = int(Style.PLAIN)
_DOUBLE: Final = int(Style.DOUBLE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_MAX_DIAGNOSTICS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a policy file may cost to read: size in bytes, text in characters."""

    size: int = 1 << 20
    depth: int = 32
    nodes: int = 100_000
    text: int = 64 << 10


class _Stop(Exception):
    """The rest of the file is not read."""


@dataclass(slots=True)
class _Frame:
    """A collection that is open; `key` is set between a mapping's key and its value."""

    value: dict[str, Any] | list[Any]
    entry: int
    is_mapping: bool
    flow: bool
    key: str | None = None
    key_start: int = 0
    key_end: int = 0
    lines: dict[str, int] = field(default_factory=dict)


def read_events(spans: SpanMap, *, limits: Limits) -> Value | tuple[Diagnostic, ...]:
    """Return the one document of the text, or all mistakes up to the first that hides the rest."""
    reader = _Reader(spans, limits)
    reader.run()
    return tuple(reader.diagnostics) if reader.diagnostics else reader.root


class _Reader:
    """The state of one pass over a file's events."""

    def __init__(self, spans: SpanMap, limits: Limits) -> None:
        self.spans = spans
        self.limits = limits
        self.diagnostics: list[Diagnostic] = []
        self.root: Value = None
        self.documents = 0
        self.nodes = 0
        self.stack: list[_Frame] = []
        self.frame: _Frame | None = None
        self.on: dict[type, Callable[[Any], None]] = {
            ScalarEvent: self.scalar,
            MappingStartEvent: self.open_mapping,
            SequenceStartEvent: self.open_sequence,
            MappingEndEvent: self.close,
            SequenceEndEvent: self.close,
            AliasEvent: self.alias,
            DocumentStartEvent: self.start_document,
            DocumentEndEvent: self.skip,
            StreamStartEvent: self.skip,
        }

    def run(self) -> None:
        """Read all events; a syntax error or a passed limit ends the file."""
        try:
            parser = CParser(self.spans.text)
            next_event, on = parser.get_event, self.on
            while (event := next_event()).__class__ is not StreamEndEvent:
                on[event.__class__](event)
            if self.documents == 0:
                self.report("RF007", 0, 1, "the file is empty", "write a policy, or delete it")
        except _Stop:
            pass
        except MarkedYAMLError as error:
            self.diagnostics.append(
                describe_syntax_error(
                    self.spans.file,
                    text=self.spans.text,
                    problem=error.problem,
                    context=error.context,
                    problem_mark=error.problem_mark,
                    context_mark=error.context_mark,
                )
            )
        except YAMLError as error:
            self.report("RF005", 0, 1, f"invalid YAML: {error}".split("\n")[0], "")

    def report(self, code: str, start: int, end: int, message: str, help: str) -> None:
        """Note a mistake at two offsets; the end is brought to the first line's end."""
        stop = self.spans.text.find("\n", start)
        end = min(end, stop) if stop >= 0 else end
        span = self.spans.span(start, max(end, start + 1))
        self.diagnostics.append(Diagnostic(code, span, message, help))
        if len(self.diagnostics) >= _MAX_DIAGNOSTICS:
            raise _Stop

    def skip(self, event: Any) -> None:
        """Take no note of an event without content."""

    def start_document(self, event: Any) -> None:
        """Refuse directives and any document but the first."""
        self.documents += 1
        start, end = event.start_mark.index, event.end_mark.index
        if self.documents > 1:
            self.report(
                "RF009",
                start,
                end,
                "a second document starts here",
                "one document a file: split it",
            )
            raise _Stop
        if event.version or event.tags:
            self.report("RF021", start, end, "directives are not accepted", "remove the `%` line")

    def alias(self, event: Any) -> None:
        """Refuse an alias, and go on as if it were empty."""
        start, end = event.start_mark.index, event.end_mark.index
        shown = self.spans.text[start:end]
        self.report(
            "RF012",
            start,
            end,
            f"alias `{shown}` is not accepted",
            'write the value out; quote text that starts with `*`: "*"',
        )
        if self.frame is not None and self.frame.is_mapping and self.frame.key is None:
            self.frame.key, self.frame.key_start, self.frame.key_end = "", start, end
        else:
            self.place(None, start=start, end=end, style=_PLAIN)

    def scalar(self, event: Any) -> None:
        """Take a scalar as the open mapping's next key, or as a value."""
        start, end = event.start_mark.index, event.end_mark.index
        if event.tag is not None or event.anchor is not None:
            self.refuse_properties(event, start, end)
        frame, text = self.frame, event.value
        style = _STYLES[event.style]
        if frame is not None and frame.is_mapping and frame.key is None:
            self.take_key(frame, text, start=start, end=end, style=style)
            return
        value: Value = text
        if style == _PLAIN:
            resolved = resolve(text) if event.tag is None else text
            if isinstance(resolved, Surprise):
                self.report(resolved.code, start, end, resolved.message, resolved.help)
            else:
                value = resolved
            if not text and frame is not None and frame.flow and start == frame.key_end:
                self.report_missing_colon(frame)
        elif style == _DOUBLE:
            self.check_escapes(text, start, end)
        if len(text) > self.limits.text:
            self.report_length(text, start, end)
        if frame is not None and frame.key is not None and event.tag is None:
            trap = find_trap(frame.key, style=style, text=text, source=self.spans.text, end=end)
            if trap is not None:
                self.report(trap.code, trap.at or start, end, trap.message, trap.help)
        self.place(value, start=start, end=end, style=style)

    def take_key(self, frame: _Frame, text: str, *, start: int, end: int, style: int) -> None:
        """Note the open mapping's next key; refuse a second one of its name."""
        frame.key, frame.key_start, frame.key_end = intern(text), start, end
        if style == _PLAIN:
            resolved = resolve(text)
            if resolved.__class__ is not str:
                self.report_key(text, resolved, start, end)
        elif style > _DOUBLE or "\n" in text:
            self.report("RF011", start, end, "a key is one line of text", "write it on one line")
        elif style == _DOUBLE:
            self.check_escapes(text, start, end)
        line = frame.lines.setdefault(text, start)
        if line != start:
            first = self.spans.span(line, line).line
            self.report(
                "RF010",
                start,
                end,
                f"duplicate key `{_shorten(text)}`",
                f"it is already set on line {first}: remove or rename one of them",
            )

    def open_mapping(self, event: Any) -> None:
        """Begin a mapping."""
        self.open(event, {})

    def open_sequence(self, event: Any) -> None:
        """Begin a list."""
        self.open(event, [])

    def open(self, event: Any, value: dict[str, Any] | list[Any]) -> None:
        """Begin a collection, as a value of the one around it."""
        start, end = event.start_mark.index, event.end_mark.index
        if event.tag is not None or event.anchor is not None:
            self.refuse_properties(event, start, end)
        frame = self.frame
        is_mapping = value.__class__ is dict
        if frame is None and not is_mapping:
            self.report_top(start)
        if frame is not None and frame.is_mapping and frame.key is None:
            self.report("RF011", start, end, "a key is a list or mapping", "quote the key")
            raise _Stop
        if len(self.stack) >= self.limits.depth:
            self.report(
                "RF015", start, end, f"nested deeper than {self.limits.depth} levels", "flatten it"
            )
            raise _Stop
        flow = bool(event.flow_style)
        style = int(Style.FLOW_COLLECTION if flow else Style.BLOCK_COLLECTION)
        entry = self.place(value, start=start, end=end, style=style)
        self.frame = _Frame(value, entry, is_mapping, flow)
        self.stack.append(self.frame)

    def close(self, event: Any) -> None:
        """End the innermost collection."""
        frame = self.stack.pop()
        self.spans.close(frame.entry, event.end_mark.index if frame.flow else None)
        self.frame = self.stack[-1] if self.stack else None

    def place(self, value: Value, *, start: int, end: int, style: int) -> int:
        """Put a value where the open collection expects it and return its entry."""
        self.nodes += 1
        if self.nodes > self.limits.nodes:
            self.report(
                "RF016", start, end, f"more than {self.limits.nodes} values", "split the file"
            )
            raise _Stop
        text = value if value.__class__ is str else None
        frame = self.frame
        add = self.spans.add
        if frame is None:
            self.root = value
            if style < Style.BLOCK_COLLECTION:
                self.report_top(start)
            return add("", key=0, key_end=0, start=start, end=end, style=style, text=text)
        holder = frame.value
        if isinstance(holder, list):
            label = len(holder)
            holder.append(value)
            return add(label, key=0, key_end=0, start=start, end=end, style=style, text=text)
        key, key_start, key_end = frame.key or "", frame.key_start, frame.key_end
        if key not in holder:
            holder[key] = value
        frame.key = None
        return add(
            key, key=key_start, key_end=key_end, start=start, end=end, style=style, text=text
        )

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
                "RF004", start, end, f"the text holds the control character {name}", _PLAINLY
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

    def report_length(self, text: str, start: int, end: int) -> None:
        """Report a text beyond the limit."""
        message = f"text of {len(text)} characters is longer than {self.limits.text}"
        self.report("RF017", start, end, message, "shorten it")

    def report_missing_colon(self, frame: _Frame) -> None:
        """Report a flow entry such as `{a}`."""
        shown = self.spans.text[frame.key_start : frame.key_end]
        self.report(
            "RF022",
            frame.key_start,
            frame.key_end,
            f"`{_shorten(shown)}` is a key without `:` and value",
            "quote a text that starts with `{`, or write `key: value`",
        )

    def report_top(self, start: int) -> None:
        """Report a document that is not a mapping, and stop."""
        if self.root in ("", None) and not self.stack:
            text = self.spans.text[start:].strip()
            if not text:
                self.report("RF007", 0, 1, "the file is empty", "write a policy, or delete it")
                raise _Stop
        self.report(
            "RF008",
            start,
            start + 1,
            "the document is not a mapping",
            "start with `apiVersion: ringfence/v1` and `kind: ...`",
        )
        raise _Stop


_PLAINLY: Final = "write readable text; only tabs and line breaks are accepted"


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
