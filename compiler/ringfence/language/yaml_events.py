"""Build plain data and their positions from YAML parse events, collecting every mistake."""

from collections.abc import Callable
from dataclasses import dataclass
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

from ringfence.errors import Diagnostic
from ringfence.language.yaml_block import Style
from ringfence.language.yaml_mistakes import Mistakes, Stopped
from ringfence.language.yaml_scalar import Surprise, resolve
from ringfence.language.yaml_spans import SpanMap
from ringfence.language.yaml_syntax import describe_syntax_error
from ringfence.language.yaml_traps import WATCHED, find_trap

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a policy file may cost to read: size in bytes, text in characters."""

    size: int = 1 << 20
    depth: int = 32
    nodes: int = 100_000
    text: int = 64 << 10


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


def read_events(spans: SpanMap, *, limits: Limits) -> Value | tuple[Diagnostic, ...]:
    """Return the one document of the text, or all mistakes up to the first that hides the rest."""
    reader = _Reader(spans, limits)
    reader.run()
    return tuple(reader.mistakes.found) if reader.mistakes.found else reader.root


class _Reader:
    """The state of one pass over a file's events."""

    def __init__(self, spans: SpanMap, limits: Limits) -> None:
        self.spans = spans
        self.limits = limits
        self.mistakes = Mistakes(spans)
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
                self.mistakes.report_empty()
        except Stopped:
            pass
        except MarkedYAMLError as error:
            self.mistakes.report_syntax(
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
            self.mistakes.report("RF005", 0, 1, f"invalid YAML: {error}".split("\n")[0], "")

    def skip(self, event: Any) -> None:
        """Take no note of an event without content."""

    def start_document(self, event: Any) -> None:
        """Refuse directives and any document but the first."""
        self.documents += 1
        start, end = event.start_mark.index, event.end_mark.index
        if self.documents > 1:
            self.mistakes.report_second_document(start, end)
        if event.version or event.tags:
            self.mistakes.report_directive(start, end)

    def alias(self, event: Any) -> None:
        """Refuse an alias, and go on as if it were empty."""
        start, end = event.start_mark.index, event.end_mark.index
        self.mistakes.report_alias(start, end)
        if self.frame is not None and self.frame.is_mapping and self.frame.key is None:
            self.frame.key, self.frame.key_start, self.frame.key_end = "", start, end
        else:
            self.place(None, start=start, end=end, style=_PLAIN)

    def scalar(self, event: Any) -> None:
        """Take a scalar as the open mapping's next key, or as a value."""
        start, end = event.start_mark.index, event.end_mark.index
        if event.tag is not None or event.anchor is not None:
            self.mistakes.refuse_properties(event, start, end)
        frame, text = self.frame, event.value
        style = _STYLES[event.style]
        if frame is not None and frame.is_mapping and frame.key is None:
            self.take_key(frame, text, start=start, end=end, style=style)
            return
        value = self.resolve(text, event.tag, start, end) if style == _PLAIN else text
        if style == _DOUBLE:
            self.mistakes.check_escapes(text, start, end)
        if len(text) > self.limits.text:
            self.mistakes.report_length(text, self.limits.text, start, end)
        if frame is not None and frame.key in WATCHED and event.tag is None:
            trap = find_trap(frame.key, style=style, text=text, source=self.spans.text, end=end)
            if trap is not None:
                self.mistakes.report(trap.code, trap.at or start, end, trap.message, trap.help)
        self.place(value, start=start, end=end, style=style)

    def resolve(self, text: str, tag: str | None, start: int, end: int) -> Value:
        """Return what a plain scalar means."""
        frame = self.frame
        if not text and frame is not None and frame.flow and start == frame.key_end:
            self.mistakes.report_missing_colon(frame.key_start, frame.key_end)
        value = text if tag is not None else resolve(text)
        if isinstance(value, Surprise):
            self.mistakes.report(value.code, start, end, value.message, value.help)
            return text
        return value

    def take_key(self, frame: _Frame, text: str, *, start: int, end: int, style: int) -> None:
        """Note the open mapping's next key; refuse a second one of its name."""
        frame.key, frame.key_start, frame.key_end = intern(text), start, end
        if style == _PLAIN:
            resolved = resolve(text)
            if resolved.__class__ is not str:
                self.mistakes.report_key(text, resolved, start, end)
        elif style > _DOUBLE or "\n" in text:
            self.mistakes.report_long_key(start, end)
        elif style == _DOUBLE:
            self.mistakes.check_escapes(text, start, end)
        if text in frame.value:
            self.mistakes.report_duplicate(text, frame.entry, start, end)

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
            self.mistakes.refuse_properties(event, start, end)
        frame = self.frame
        is_mapping = value.__class__ is dict
        if frame is None and not is_mapping:
            self.mistakes.report_top(start)
        if frame is not None and frame.is_mapping and frame.key is None:
            self.mistakes.report_collection_key(start, end)
        if len(self.stack) >= self.limits.depth:
            self.mistakes.report_depth(self.limits.depth, start, end)
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
            self.mistakes.report_nodes(self.limits.nodes, start, end)
        text = value if isinstance(value, str) else None
        frame = self.frame
        add = self.spans.add
        if frame is None:
            self.root = value
            if style < Style.BLOCK_COLLECTION:
                self.mistakes.report_top(start)
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
