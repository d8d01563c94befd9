"""The root command: fast, lazy, and clear about mistakes."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from ringfence.cli import failure
from ringfence.cli.main import COMMANDS, root
from ringfence.errors import (
    CompileError,
    Diagnostic,
    InternalError,
    OpaError,
    RingfenceError,
    Span,
    UsageError,
)

_IMPORTED = """
import sys
from ringfence.cli.main import main
try:
    main()
except SystemExit:
    print(sorted({name.split(".")[0] for name in sys.modules}
        | {name for name in sys.modules if name.startswith("ringfence.")}), file=sys.stderr)
"""


def ringfence(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "ringfence.cli.main", *arguments],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=False,
    )


def test_help_lists_the_commands_that_are_there() -> None:
    """The list is the table, less what has no module, in the order of the table."""
    done = ringfence("--help")
    assert done.returncode == 0
    listed = [line.split()[0] for line in done.stdout.partition("Commands:\n")[2].splitlines()]
    folder = Path(failure.__file__).parent
    modules = {path.stem for path in folder.iterdir()}
    assert listed == [name for name in COMMANDS if name.replace("-", "_") in modules]


def test_help_imports_no_command() -> None:
    """A fast start: neither a command nor a library but click is loaded for `--help`."""
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTED, "--help"], capture_output=True, text=True, check=False
    )
    loaded = set(done.stderr.strip("[]\n").replace("'", "").split(", "))
    assert {name for name in loaded if name.startswith("ringfence.")} == {
        "ringfence.cli",
        "ringfence.cli.main",
    }
    assert "click" in loaded
    assert not loaded & {"yaml", "pydantic", "requests", "jinja2", "cryptography", "orjson"}


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_help_of_its_own(name: str) -> None:
    """Each command that is there loads, is a click command, and says what it does."""
    import click

    with click.Context(root) as context:
        if name not in root.list_commands(context):
            pytest.skip("not there yet")
        command = root.get_command(context, name)
    assert command is not None
    assert command.help


@pytest.mark.parametrize(
    ("arguments", "error", "help_"),
    [
        (["chekc"], "no command `chekc`. Did you mean `check`?", "run `ringfence --help`"),
        (["main"], "no command `main`", "run `ringfence --help`"),
        (["check", "--wrong"], "No such option '--wrong'", "run `ringfence check --help`"),
        (["--nope"], "No such option '--nope'", "run `ringfence --help`"),
    ],
)
def test_a_mistake_in_a_call_is_two_lines(arguments: list[str], error: str, help_: str) -> None:
    """What is wrong and what to do go to stderr, nothing to stdout, and the exit code is 1."""
    done = ringfence(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: {error}\nhelp: {help_}\n"


def test_no_command_shows_the_help_and_fails() -> None:
    """A bare call is a mistake that shows what there is."""
    done = ringfence()
    assert (done.returncode, done.stdout) == (1, "")
    assert "Commands:" in done.stderr


def test_what_a_terminal_would_obey_is_escaped() -> None:
    """An argument cannot move the cursor or forge a line of the message."""
    done = ringfence("\x1b[2Jx\nerror: forged\u202e")
    assert done.returncode == 1
    assert "\x1b" not in done.stderr
    assert "\u202e" not in done.stderr
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["error", "help"]


DIAGNOSTIC = Diagnostic("RF1001", Span("a.yaml", 2, 3), "`x` is wrong", help="say `y`")


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (UsageError("no `x`", help="say `y`"), 1, ["error: no `x`", "help: say `y`"]),
        (OpaError("OPA is gone"), 1, ["error: OPA is gone"]),
        (RingfenceError("odd"), 1, ["error: odd"]),
        (
            InternalError("broken"),
            1,
            [
                "internal error: InternalError: broken",
                "help: this is a defect; RINGFENCE_DEBUG=1 shows where",
            ],
        ),
        (
            ZeroDivisionError("a\x1b[31m\nb"),
            1,
            [
                "internal error: ZeroDivisionError: a\\u001b[31m\\nb",
                "help: this is a defect; RINGFENCE_DEBUG=1 shows where",
            ],
        ),
    ],
)
def test_an_error_has_its_lines_and_exit_code(
    error: Exception, code: int, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Mistakes are told as errors, defects as defects, each on its lines of stderr."""
    assert failure.report_failure(error) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == lines


def test_an_invalid_policy_shows_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    """Diagnostics are rendered with their place, and the exit code is 3."""
    error = CompileError([DIAGNOSTIC], sources={"a.yaml": "a:\n  x: 1\n"})
    assert failure.report_failure(error) == 3
    err = capsys.readouterr().err
    assert "a.yaml:2:3" in err
    assert "RF1001" in err


def test_a_defect_shows_where_when_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """RINGFENCE_DEBUG=1 adds the traceback."""
    monkeypatch.setenv("RINGFENCE_DEBUG", "1")
    with pytest.raises(ZeroDivisionError) as caught:
        _ = 1 / 0
    assert failure.report_failure(caught.value) == 1
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(("flags", "coloured"), [([], True), (["--no-color"], False)])
def test_colours_go_to_a_terminal_unless_refused(
    tmp_path: Path, flags: list[str], coloured: bool
) -> None:
    """On a terminal diagnostics are coloured, and `--no-color` stops it."""
    (tmp_path / "ringfence.yaml").write_text("nonsense: 1\n")
    leader, follower = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"} | {"TERM": "xterm"}
    command = [sys.executable, "-m", "ringfence.cli.main", *flags, "check", str(tmp_path)]
    done = subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=follower, env=environment, check=False
    )
    os.close(follower)
    text = os.read(leader, 1 << 16)
    os.close(leader)
    assert done.returncode == 3
    assert (b"\x1b[" in text) is coloured


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str) -> None:
    """Each shell's script names the variable by which it asks for words."""
    done = ringfence("completion", shell)
    assert done.returncode == 0
    assert "_RINGFENCE_COMPLETE" in done.stdout


def test_completion_completes_commands() -> None:
    """The shell is told the commands that begin as typed."""
    done = ringfence(_RINGFENCE_COMPLETE="bash_complete", COMP_WORDS="ringfence ch", COMP_CWORD="1")
    assert done.stdout.split() == ["plain,check"]


def test_version_says_both_versions() -> None:
    """`version` names ringfence's and OPA's."""
    lines = ringfence("version").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["ringfence", "opa"]
