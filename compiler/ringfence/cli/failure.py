"""Print what stopped a command, and choose the exit code."""

import os
import sys
import traceback

import click

from ringfence.errors import CompileError, InternalError, RingfenceError
from ringfence.report.escape import escape_line

__all__ = ["report_failure"]


def report_failure(error: Exception) -> int:
    """Print an exception for a person and return the exit code that it means."""
    if os.environ.get("RINGFENCE_DEBUG"):
        traceback.print_exception(error, file=sys.stderr)
    if isinstance(error, click.ClickException):
        return _report_usage(error)
    if isinstance(error, CompileError):
        from ringfence.report.pretty import render_diagnostics

        color = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
        text = render_diagnostics(error.diagnostics, sources=error.sources, color=color)
        click.echo(text, err=True)
        return 3
    if isinstance(error, RingfenceError) and not isinstance(error, InternalError):
        _say("error", str(error))
        _say("help", getattr(error, "help", ""))
        return int(getattr(error, "exit_code", 1))
    _say("internal error", f"{type(error).__name__}: {error}")
    _say("help", "this is a defect; RINGFENCE_DEBUG=1 shows where")
    return 1


def _report_usage(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return 1
    _say("error", error.format_message().rstrip("."))
    if isinstance(error, click.UsageError) and error.ctx is not None:
        _say("help", f"run `{error.ctx.command_path} --help`")
    return 1


def _say(kind: str, text: str) -> None:
    """Write one line, with whatever a terminal would obey escaped; an empty text says nothing."""
    if text:
        click.echo(f"{kind}: {escape_line(text)}", err=True)
