"""Print what stopped a command, and choose the exit code."""

import os
import sys
import traceback

import click

from ringfence.errors import CompileError, RingfenceError
from ringfence.report.escape import escape_line

__all__ = ["report_failure"]


def report_failure(error: Exception) -> int:
    """Print an exception for a person and return the exit code that it means."""
    if os.environ.get("RINGFENCE_DEBUG"):
        traceback.print_exception(error, file=sys.stderr)
    if isinstance(error, CompileError):
        from ringfence.report.pretty import render_diagnostics

        text = render_diagnostics(
            error.diagnostics, sources=error.sources, color=sys.stderr.isatty()
        )
        click.echo(text, err=True)
        return 3
    if isinstance(error, RingfenceError):
        click.echo(f"error: {escape_line(str(error))}", err=True)
        if hint := getattr(error, "help", ""):
            click.echo(f"help: {escape_line(hint)}", err=True)
        return int(getattr(error, "exit_code", 1))
    click.echo(f"internal error: {type(error).__name__}: {escape_line(str(error))}", err=True)
    click.echo("help: this is a defect; RINGFENCE_DEBUG=1 shows where", err=True)
    return 1
