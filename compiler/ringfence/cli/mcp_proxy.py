"""`ringfence mcp-proxy`: enforce a tool policy between an agent's client and one MCP server."""

from pathlib import Path
from typing import Any

import click

__all__ = ["command"]


@click.command("mcp-proxy")
@click.argument("server_command", nargs=-1, metavar="[-- COMMAND [ARGS]...]")
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="All that the options say, as YAML; an option wins over it.",
)
@click.option("--tenant", help="Tenant of the agent.")
@click.option("--env", "environment", help="Environment of the bundle, which approvals name.")
@click.option("--agent", help="The agent, as policies name it.")
@click.option("--requester", help="For whom the agent works, such as user:maria@acme.example.")
@click.option("--server", help="The server, as policies name it.")
@click.option("--session", help="Session that budgets and approvals count; a new one unless given.")
@click.option("--workload", help="Name for the log.")
@click.option(
    "--opa", help="Where OPA listens: HOST:PORT or unix:PATH; 127.0.0.1:8181 unless given."
)
@click.option("--approvals", metavar="DIR", help="Folder of approvals, one JWS a file.")
@click.option(
    "--held",
    metavar="DIR",
    help="Folder of what waits, with its arguments, for approvers to read; none unless given.",
)
@click.option(
    "--state",
    metavar="DIR",
    help="Folder of what sessions used; without it, a session ends with the proxy.",
)
@click.option(
    "--usage", metavar="FILE", help="JSON file with the runtime's counts of turns and tokens."
)
@click.option("--log", metavar="FILE", help="File for the log; standard error unless given.")
@click.option("--url", default="", help="A server over streamable HTTP instead of a command.")
@click.option(
    "--bearer-env", default="", metavar="VARIABLE", help="Variable with the bearer token for --url."
)
@click.option(
    "--pass-env", "pass_environment", multiple=True, metavar="VARIABLE",
    help="Variable that the server command gets; repeatable.",
)  # fmt: skip
def command(
    server_command: tuple[str, ...],
    *,
    config: Path | None,
    url: str,
    bearer_env: str,
    **given: Any,
) -> None:
    """Stand between an agent's client, on standard input and output, and one MCP server.

    Where a client's configuration names the server's command, put `ringfence mcp-proxy … --` before
    it. The client then sees the tools that the policy shows, and no others. Every call is decided by
    OPA: it goes out, waits for an approval, or is stopped; its result then says why, and what to do.

    OPA away, slow or nonsensical, a tool that is not as it was pinned, a budget that is reached: all
    stop every call. Arguments go to the server alone; OPA gets their digest, and the log no more.

    What waits stands in the folder of --held, a file each, which `ringfence approve --facts` takes. An
    approval is a file in the folder of --approvals, as that command prints it; the agent then calls
    again. An approval lets one call out. Budgets are counted in the folder of --state, one file for
    each session, which proxies of several servers may share. Keep the folders where the agent cannot
    write.

    \b
    Examples:
      ringfence mcp-proxy --config proxy.yaml -- python crm_server.py
      ringfence mcp-proxy --config proxy.yaml --url https://crm.example/mcp --bearer-env CRM_TOKEN
      ringfence mcp-proxy --tenant acme --env prod --agent desk-agent --server crm \\
        --requester user:maria@acme.example --opa unix:/run/opa.sock -- python crm_server.py
    """
    import anyio

    from ringfence.errors import UsageError
    from ringfence.proxy.config import read_settings
    from ringfence.proxy.run import run_proxy

    if bool(server_command) == bool(url):
        raise UsageError("name one server", help="give a command after `--`, or --url")
    settings = read_settings(config, given=given)
    transport = _transport(settings, server_command, url=url, bearer_env=bearer_env)
    _silence()
    anyio.run(lambda: run_proxy(settings, transport=transport, what=url or server_command[0]))


def _transport(settings: Any, command: tuple[str, ...], *, url: str, bearer_env: str) -> Any:
    import os

    from ringfence.errors import UsageError
    from ringfence.proxy.connect import over_http, over_stdio

    missing = [
        name for name in (*settings.pass_environment, bearer_env) if name and name not in os.environ
    ]
    if missing:
        raise UsageError(f"the variable `{missing[0]}` is not set", help="set it")
    if not url:
        passed = {name: os.environ[name] for name in settings.pass_environment}
        return over_stdio(command, environment=passed)
    headers = {"Authorization": f"Bearer {os.environ[bearer_env]}"} if bearer_env else {}
    return over_http(url, headers=headers, timeout=float(settings.limits.answer))


def _silence() -> None:
    """Keep the libraries' own logs off standard error: they quote messages."""
    import logging
    import warnings

    logging.getLogger().addHandler(logging.NullHandler())
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
