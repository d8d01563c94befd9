"""`ringfence tools`: pin the tools of MCP servers, and say what changed."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ringfence.tools.definition import ToolDefinition
    from ringfence.tools.lock import ToolLock

__all__ = ["command"]


def _sources(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the ways in which a server's tools are had."""
    for option in (
        click.argument("server_command", nargs=-1, metavar="[-- COMMAND [ARGS]...]"),
        click.option("--timeout", default=30.0, show_default=True, help="Seconds to wait."),
        click.option(
            "--bearer-env",
            default="",
            metavar="VARIABLE",
            help="Environment variable that holds the bearer token for --url.",
        ),
        click.option("--url", default="", help="A server over streamable HTTP."),
        click.option(
            "--from",
            "answer",
            default="",
            metavar="FILE",
            help="An answer to tools/list as JSON; - for standard input.",
        ),
    ):
        function = option(function)
    return function


@click.group("tools")
def command() -> None:
    """Pin the tools of MCP servers in lock files, and say what changed since.

    A lock holds, for each tool, the definitions that count: name, description, input schema and
    annotations. Policies name locks; a tool that is not as it was pinned blocks its workload.
    """


@command.command("pin")
@click.argument("lock", type=click.Path(path_type=Path))
@click.option("--server", default="", help="The server's name in policies; due for a new lock.")
@click.option("--keep", is_flag=True, help="Accept what was accepted before as well.")
@click.option("--replace", is_flag=True, help="Accept only what the server lists now.")
@_sources
def pin(lock: Path, server: str, *, keep: bool, replace: bool, **source: Any) -> None:
    """Write LOCK from the tools that a server lists now, for review.

    The tools come from a file, a URL, or a server that is run for it.
    With --keep both old and new definitions count, so that an upgrade is no outage; a later
    --replace ends it.

    \b
    Examples:
      ringfence tools pin platform/locks/crm.lock.yaml --server crm --from answer.json
      ringfence tools pin platform/locks/crm.lock.yaml --keep --url http://127.0.0.1:8000/mcp
      ringfence tools pin crm.lock.yaml --server crm -- python crm_server.py
    """
    from ringfence.errors import UsageError
    from ringfence.report.escape import escape_line
    from ringfence.tools.change import changes
    from ringfence.tools.lock import ToolLock, add_versions, lock_text, new_lock
    from ringfence.trust.file import create_file, replace_file

    exists = lock.exists()
    if exists and keep == replace:
        raise UsageError(f"`{lock}` exists already", help="say --keep or --replace")
    before = _read(lock) if exists else ToolLock(_name(server), {})
    if server and before.server != server:
        raise UsageError(f"`{lock}` is of `{before.server}`", help="choose another file")
    listed = _listed(**source)
    after = add_versions(before, listed) if keep else new_lock(before.server, listed)
    _check(after)
    if exists:
        replace_file(lock, lock_text(after))
    else:
        create_file(lock, lock_text(after))
    for change in changes(before, listed):
        for detail in change.details:
            click.echo(f"{change.tool}: {change.way}: {escape_line(detail)}", err=True)
    click.echo(f"{lock}: {len(after.tools)} tools of {after.server}")


@command.command("drift")
@click.argument("lock", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(["pretty", "json"]), default="pretty", show_default=True
)
@_sources
def drift(lock: Path, form: str, **source: Any) -> None:
    """Compare LOCK with the tools that a server lists now, and say in words what changed.

    Exits 2 where a tool changed or is gone. A new tool is named, and is no drift: no policy lists it.

    \b
    Example:
      ringfence tools drift platform/locks/crm.lock.yaml --url http://127.0.0.1:8000/mcp
    """
    import json

    from ringfence.report.escape import escape_line
    from ringfence.tools.change import changes

    pinned = _read(lock)
    found = changes(pinned, _listed(**source))
    drifted = [change for change in found if change.is_drift]
    if form == "json":
        members = [
            {"tool": one.tool, "way": one.way, "details": list(one.details)} for one in found
        ]
        answer = {"server": pinned.server, "drifted": bool(drifted), "changes": members}
        click.echo(json.dumps(answer, indent=2, sort_keys=True))
    else:
        for change in found:
            click.echo(f"{pinned.server}/{change.tool}: {change.way}")
            for detail in change.details:
                click.echo(f"  {escape_line(detail)}")
        click.echo(f"{len(drifted)} of {len(pinned.tools)} pinned tools drifted")
    if drifted:
        sys.exit(2)


def _name(server: str) -> str:
    import re

    from ringfence.errors import UsageError
    from ringfence.language.values import NAME_PATTERN

    if not re.match(NAME_PATTERN, server):
        reason = f"`{server}` is no name" if server else "a new lock needs the server's name"
        raise UsageError(reason, help="say --server NAME, of small letters, digits and `-`")
    return server


def _read(path: Path) -> "ToolLock":
    from ringfence.errors import CompileError
    from ringfence.language.source import Document, read_document
    from ringfence.tools.lock import ToolLock, read_lock

    document = read_document(path.resolve().parent, path.name)
    lock = read_lock(document) if isinstance(document, Document) else document
    if not isinstance(lock, ToolLock):
        sources = {path.name: document.text} if isinstance(document, Document) else {}
        raise CompileError(lock, sources=sources)
    return lock


def _check(lock: "ToolLock") -> None:
    """Refuse a lock that could not be read back, before anything is written."""
    from ringfence.errors import UsageError
    from ringfence.language.source import Document, load
    from ringfence.tools.lock import lock_text, read_lock

    document = load("lock", lock_text(lock).encode())
    found = read_lock(document) if isinstance(document, Document) else document
    if found != lock:
        reason = found[0].message if isinstance(found, tuple) else "it reads back as another"
        help_text = "pin fewer versions with --replace, or ask the server for shorter definitions"
        raise UsageError(f"these tools fit in no lock: {reason}", help=help_text)


def _listed(
    *, answer: str, url: str, bearer_env: str, timeout: float, server_command: tuple[str, ...]
) -> "tuple[ToolDefinition, ...]":
    from ringfence.errors import UsageError

    if sum(map(bool, (answer, url, server_command))) != 1:
        raise UsageError("where are the tools?", help="say one of --from, --url, or -- COMMAND")
    if answer:
        return _from_file(answer)
    from ringfence.tools.listing import list_over_http, list_over_stdio

    if server_command:
        return list_over_stdio(server_command, timeout=timeout)
    return list_over_http(url, headers=_bearer(bearer_env), timeout=timeout)


def _from_file(name: str) -> "tuple[ToolDefinition, ...]":
    from ringfence.errors import UsageError
    from ringfence.tools.definition import read_answer

    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"`{name}` cannot be read: {reason}", help="check the path") from None
    return read_answer(raw)


def _bearer(variable: str) -> dict[str, str]:
    import os

    from ringfence.errors import UsageError

    if not variable:
        return {}
    if not os.environ.get(variable):
        raise UsageError(f"the variable `{variable}` is not set", help="put the token there")
    return {"Authorization": f"Bearer {os.environ[variable]}"}
