"""What an operator tells a proxy, in a file and on the command line."""

from pathlib import Path

import pytest
from tests.proxy.running import Desk, proxy_command

from ringfence.errors import CompileError, UsageError
from ringfence.proxy.config import read_settings

FILE = """\
apiVersion: ringfence/v1
kind: McpProxy
tenant: acme
environment: prod
agent: desk-agent
requester: user:maria@acme.example
server: desk
session: s-9
workload: desk
opa: unix:/run/opa.sock
approvals: approvals
held: held
state: /var/lib/ringfence/sessions
log: proxy.log
pass_environment: [HOME]
limits: {decision: 2s, greeting: 30s, answer: 1m, list_age: 10m, hold: 5m, size: 65536}
"""
GIVEN = {
    "tenant": "acme", "environment": "prod", "agent": "desk-agent",
    "requester": "user:maria@acme.example", "server": "desk",
}  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file that says everything."""
    path = tmp_path / "proxy.yaml"
    path.write_text(FILE)
    return path


def test_a_file_says_everything(file: Path) -> None:
    """Names, addresses, times and sizes are read; paths of the file are relative to it."""
    settings = read_settings(file, given={})
    who, limits = settings.who, settings.limits
    assert (who.tenant, who.environment, who.agent) == ("acme", "prod", "desk-agent")
    assert (who.requester, who.server, who.session) == ("user:maria@acme.example", "desk", "s-9")
    assert settings.opa.unix == Path("/run/opa.sock")
    assert settings.approvals == file.parent / "approvals"
    assert settings.held == file.parent / "held"
    assert (settings.state, settings.log) == (
        Path("/var/lib/ringfence/sessions"), file.parent / "proxy.log",
    )  # fmt: skip
    assert (limits.decision, limits.greeting, limits.answer, limits.list_age, limits.hold) == (
        2,
        30,
        60,
        600,
        300,
    )
    assert (limits.size, settings.pass_environment) == (65536, ("HOME",))


def test_an_option_wins_over_the_file(file: Path) -> None:
    """What is given counts, a path of it is relative to where the proxy runs; None is not given."""
    given = {"session": "s-1", "approvals": "mine", "opa": "[::1]:8282", "tenant": None}
    settings = read_settings(file, given=given)
    assert (settings.who.session, settings.who.tenant) == ("s-1", "acme")
    assert settings.approvals == Path("mine")
    assert (settings.opa.unix, settings.opa.host, settings.opa.port) == (None, "[::1]", 8282)


def test_a_session_of_its_own_is_never_the_same() -> None:
    """Without an id each proxy has a session that nobody can guess."""
    ids = {read_settings(None, given=GIVEN).who.session for _ in range(3)}
    assert len(ids) == 3
    assert all(len(one) == 34 for one in ids)


@pytest.mark.parametrize(
    "change",
    [{"tenant": ""}, {"agent": "no agent"}, {"requester": "maria"}, {"session": "a b"},
     {"server": None}, {"opa": "opa.example"}, {"opa": "http://user@opa:8181/x"}],
    ids=str,
)  # fmt: skip
def test_an_option_that_is_wrong_is_named(change: dict[str, object]) -> None:
    """Each is a mistake of usage, and nothing runs."""
    with pytest.raises(UsageError):
        read_settings(None, given={**GIVEN, **change})


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [("tenant: acme", "tenannt: acme", 3), ("agent: desk-agent", "agent: 7", 5),
     ("hold: 5m", "hold: soon", 16), ("kind: McpProxy", "kind: Proxy", 2)],
)  # fmt: skip
def test_a_file_that_is_wrong_is_shown_at_its_line(
    file: Path, old: str, new: str, line: int
) -> None:
    """A mistake in the file has its place in the file."""
    file.write_text(FILE.replace(old, new))
    with pytest.raises(CompileError) as error:
        read_settings(file, given={})
    assert line in {one.span.line for one in error.value.diagnostics if one.span is not None}


def test_what_cannot_run_leaves_with_one(tmp_path: Path) -> None:
    """Two servers or none, a folder or file that cannot be, a variable that is not set: one line each."""
    import subprocess

    desk = Desk(tmp_path)
    for server in (("--url", "http://127.0.0.1:1/mcp", "--", "true"), ("--",)):
        command = proxy_command(desk, opa="127.0.0.1:1", server=server)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert "name one server" in done.stderr
    for option, text in (("--log", "cannot be opened"), ("--held", "cannot be made"),
                         ("--state", "cannot be opened")):  # fmt: skip
        command = proxy_command(desk, option, "/dev/null/x", opa="127.0.0.1:1")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, text in done.stderr) == (1, "", True)
    command = proxy_command(desk, "--pass-env", "NOT_SET_HERE", opa="127.0.0.1:1")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "`NOT_SET_HERE` is not set" in done.stderr) == (1, True)
