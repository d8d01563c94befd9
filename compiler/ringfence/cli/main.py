"""The `ringfence` command: find the subcommand, print mistakes, choose the exit code."""

import importlib
import os
import sys
from importlib.util import find_spec

import click

from ringfence import __version__

__all__ = ["COMMANDS", "main", "root"]

# Told here, so that `ringfence --help` imports no command.
COMMANDS = {
    "init": "Scaffold a policy repository.",
    "check": "Report every mistake in the policies.",
    "fmt": "Bring policy files into canonical form.",
    "build": "Compile to signed bundles and a locked OPA configuration.",
    "test": "Run PolicyTest documents on OPA.",
    "eval": "Ask for one decision, explained.",
    "why": "Explain a decision: facts, values, near misses, whom to ask.",
    "effective": "Print a tenant's values and where each comes from.",
    "replay": "Evaluate recorded decisions on a candidate.",
    "approve": "Sign an approval for one request.",
    "attest": "Sign facts that one may vouch for.",
    "exception": "Request, approve and revoke exceptions.",
    "tools": "Pin the tools of MCP servers, and say what changed.",
    "mcp-proxy": "Enforce a tool policy between a client and an MCP server.",
    "evidence": "Seal decision logs and verify what was sealed.",
    "collect": "Receive what OPA uploads, and keep it in ledgers.",
    "witness": "Cosign the checkpoints of others' logs.",
    "release": "Make the request to activate a release.",
    "level": "Step a rule's level up or down.",
    "digest": "Tell a tenant's policy in plain language.",
    "opa": "Find, install or run OPA.",
    "schema": "Print JSON Schemas for editors and callers.",
    "keygen": "Make signing keys.",
    "explain": "Explain a diagnostic code or a rule.",
    "version": "Print the versions of ringfence and OPA.",
    "completion": "Print shell completion.",
}


class _Commands(click.Group):
    """A group whose commands are imported only when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order of a first session."""
        return [name for name in COMMANDS if find_spec(_module(name)) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one command."""
        if cmd_name not in COMMANDS or find_spec(_module(cmd_name)) is None:
            return None
        command = importlib.import_module(_module(cmd_name)).command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command for a misspelt one."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            from ringfence.language.suggest import did_you_mean

            near = did_you_mean(args[0], COMMANDS)
            hint = f" Did you mean `{near}`?" if near else ""
            ctx.fail(f"no command `{args[0]}`.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])


def _module(name: str) -> str:
    return f"ringfence.cli.{name.replace('-', '_')}"


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", prog_name="ringfence")
@click.option("--no-color", is_flag=True, help="Write no colours; NO_COLOR does the same.")
@click.pass_context
def root(ctx: click.Context, no_color: bool) -> None:
    """Tenant policy in YAML, compiled to signed Rego bundles that OPA serves.

    Exit codes: 0 fine, 1 usage or internal error, 2 findings, 3 invalid policy, 4 not verified.
    """
    if no_color:
        os.environ["NO_COLOR"] = "1"  # one switch for every library that writes to a terminal
    if os.environ.get("NO_COLOR"):
        ctx.color = False


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        code = root.main(prog_name="ringfence", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Abort:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        from ringfence.cli.failure import report_failure

        sys.exit(report_failure(error))


if __name__ == "__main__":
    main()
