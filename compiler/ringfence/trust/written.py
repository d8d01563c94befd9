"""Exceptions and revocations as YAML text: write new ones, and put an approval into one."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ringfence.errors import CompileError, UsageError
from ringfence.language.policy import Policy, parse_policy
from ringfence.language.source import Document, Path, load
from ringfence.trust.exception import ExceptionDocument, written_scope

__all__ = ["read_exception", "timestamp", "with_approval", "write_document"]


def write_document(kind: str, *, metadata: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    """Return a document as block YAML; every text stands in double quotes."""
    data = {"apiVersion": "ringfence/v1", "kind": kind, "metadata": metadata, "spec": spec}
    return "\n".join(_lines(data, indent=0)) + "\n"


def _lines(data: Mapping[str, Any], *, indent: int) -> Iterator[str]:
    for name, value in data.items():
        if isinstance(value, Mapping):
            yield f"{' ' * indent}{name}:"
            yield from _lines(value, indent=indent + 2)
        else:
            yield f"{' ' * indent}{name}: {_flow(value)}"


def _flow(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, str) and value.isprintable():
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value)


def timestamp(seconds: int) -> str:
    """Write epoch seconds as documents do."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_exception(file: str, raw: bytes) -> ExceptionDocument:
    """Understand the bytes of an exception. Raises CompileError, and UsageError for other kinds."""
    document = load(file, raw)
    if not isinstance(document, Document):
        raise CompileError(document)
    policy = parse_policy(document, scope=written_scope(document))
    if not isinstance(policy, Policy):
        raise CompileError(policy)
    if policy.kind.name != "Exception":
        raise UsageError(
            f"`{file}` is of kind `{policy.kind.name}`", help="name a file of kind `Exception`"
        )
    return ExceptionDocument.of(policy)


def with_approval(document: ExceptionDocument, *, by: str, token: str) -> str:
    """Return the document's text with the approval at the end of its spec; the rest stays.

    Raises UsageError where it has an approval, or where its layout leaves no place for one.
    """
    source = document.source
    if "approval" in source.data["spec"]:
        raise UsageError(
            f"exception `{document.name}` has an approval already",
            help="request a new one that names this one in `renews`; an approval is not replaced",
        )
    first = source.spans.key(("spec", next(iter(source.data["spec"]))))
    indent = " " * (first.column - 1)
    end = _end_of_spec(source)
    block = (
        f"{indent}approval:\n{indent}  by: {json.dumps(by)}\n{indent}  token: {json.dumps(token)}\n"
    )
    text = f"{source.text[:end].rstrip()}\n{block}{source.text[end:].lstrip()}"
    _check_insertion(document, text, approval={"by": by, "token": token})
    return text


def _end_of_spec(source: Document) -> int:
    """Return the offset of the end of the line on which the last value of the spec ends."""
    path: Path = ("spec",)
    value: Any = source.data["spec"]
    end = source.spans.offsets(path)[1]
    while isinstance(value, (dict, list)) and value:
        members = value if isinstance(value, dict) else dict(enumerate(value))
        step, value = next(reversed(members.items()))
        path = (*path, step)
        end = max(end, source.spans.offsets(path)[1])
    line_end = source.text.find("\n", max(0, end - 1))
    return len(source.text) if line_end < 0 else line_end


def _check_insertion(
    document: ExceptionDocument, text: str, *, approval: Mapping[str, str]
) -> None:
    """Make sure that the new text says what the old one does, and the approval."""
    again = load(document.source.file, text.encode())
    data = document.source.data
    expected = {**data, "spec": {**data["spec"], "approval": dict(approval)}}
    if not isinstance(again, Document) or again.data != expected:
        raise UsageError(
            f"there is no place for the approval in `{document.source.file}`",
            help="run `ringfence fmt` on it first, so that `spec` is written one key a line",
        )
