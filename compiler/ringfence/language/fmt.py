"""Bring a policy file into its canonical form, with the same data and all comments."""

import re
from io import StringIO
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.tag import Tag

from ringfence.errors import Diagnostic, Span
from ringfence.language.fmt_edits import order_keys, rewrite_scalars
from ringfence.language.source import Document, Limits, load

__all__ = ["format_document", "list_comments"]

_ENVELOPE: Final = ("apiVersion", "kind", "metadata", "spec")
_METADATA: Final = ("name", "scope", "owner", "description")
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#", re.MULTILINE)
_MARKER = re.compile(r"^(?:---|\.\.\.)(?:[ \t]+(?=#))?[ \t]*$\n?|^(?:---|\.\.\.)[ \t]+(?=#)", re.M)
_ROUNDS: Final = 4


def format_document(
    file: str,
    raw: bytes,
    *,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> str | tuple[Diagnostic, ...]:
    """Return the file's canonical text, or why it cannot be formatted.

    Keys of the envelope come in order, indentation is two spaces, CEL stands in `|` blocks,
    messages and fixes in double quotes. Formatting the result again changes nothing.
    """
    document = load(file, raw, limits=limits)
    if not isinstance(document, Document):
        return document
    current = document
    try:
        for _ in range(_ROUNDS):
            after = _reload(file, _format_once(current))
            if not _same(document, after):
                raise _ChangedError("its data or comments would change")
            if after.text == current.text:
                return after.text
            current = after
        raise _ChangedError("its layout does not settle")
    except _ChangedError as error:
        return (_refuse(file, str(error)),)


def list_comments(document: Document) -> list[str]:
    """Return the document's comments in order, without trailing white space."""
    inside = bytearray(len(document.text) + 1)
    for start, end in document.spans.strings():
        # A block's header line may carry a comment; its content may not.
        header = document.text[start:end].split("\n", 1)[0]
        first = start + len(header) if header.startswith(("|", ">")) else start
        inside[first:end] = b"\x01" * (end - first)
    comments: list[str] = []
    stop = -1
    for match in _COMMENT.finditer(document.text):
        start = match.start()
        if start > stop and not inside[start]:
            stop = document.text.find("\n", start)
            stop = len(document.text) if stop < 0 else stop
            comments.append(document.text[start:stop].rstrip())
    return comments


class _ChangedError(Exception):
    """The file would not be the same policy afterwards."""


def _format_once(document: Document) -> str:
    """Return the text after one pass."""
    text = _normalize(document)
    for path, order in (((), _ENVELOPE), (("metadata",), _METADATA)):
        text = order_keys(_reload(document.file, text), path=path, order=order)
    text = rewrite_scalars(_reload(document.file, text))
    return _lay_out(text)


def _normalize(document: Document) -> str:
    """Return the text with LF line ends, one final newline and no document markers."""
    text = document.text.replace("\r\n", "\n").rstrip() + "\n"
    inside = [document.text[start:end] for start, end in document.spans.strings()]
    if not any("---" in part or "..." in part for part in inside):
        text = _MARKER.sub("", text)
    return text


def _reload(file: str, text: str) -> Document:
    document = load(file, text.encode(), limits=Limits(size=1 << 30))
    if not isinstance(document, Document):
        raise _ChangedError(document[0].message)
    return document


def _lay_out(text: str) -> str:
    yaml = YAML(typ="rt")
    yaml.Resolver = _AsWritten
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    yaml.preserve_quotes = True
    yaml.width = 1 << 30
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    try:
        data: Any = yaml.load(text)
        yaml.dump(data, stream)
    except (YAMLError, ValueError, TypeError, AttributeError, NotImplementedError) as error:
        raise _ChangedError("its layout is not understood") from error
    lines = stream.getvalue().rstrip().split("\n")
    return "\n".join(lines) + "\n"


class _AsWritten(VersionedResolver):
    """Takes every plain scalar as text, so that numbers keep the digits that were written."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """Return the tag of a node."""
        if kind is ScalarNode and implicit[0]:
            return Tag(suffix="tag:yaml.org,2002:str")
        return super().resolve(kind, value, implicit)


def _same(before: Document, after: Document) -> bool:
    return _exact(before.data, after.data) and sorted(list_comments(before)) == sorted(
        list_comments(after)
    )


def _exact(left: Any, right: Any) -> bool:
    """Compare data with types: `1`, `1.0`, `1.00` and `true` are all different."""
    if isinstance(left, dict):
        return (
            isinstance(right, dict)
            and left.keys() == right.keys()
            and all(_exact(value, right[key]) for key, value in left.items())
        )
    if isinstance(left, list):
        return (
            isinstance(right, list)
            and len(left) == len(right)
            and all(_exact(a, b) for a, b in zip(left, right, strict=True))
        )
    return type(left) is type(right) and str(left) == str(right)


def _refuse(file: str, reason: str) -> Diagnostic:
    return Diagnostic(
        "RF023",
        Span(file, 1, 1, 1, 1),
        f"the file cannot be formatted: {reason}",
        "it was left as it is; simplify its layout, such as comments inside `[...]` or `{...}`",
    )
