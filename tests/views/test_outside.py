"""Facts about views, as libraries of others read them; each is installed in an environment of its own."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.export.samples import ORIGIN, all_records
from tests.export.test_outside import install

from ringfence.ledger.search import Placed
from ringfence.views.table import VIEWS

Read = Callable[[str, bytes], "subprocess.CompletedProcess[str]"]
WANTED = [
    "py-ocsf-models==0.10.0", "pycef==1.11", "opentelemetry-proto==1.45.2",
    "openinference-semantic-conventions==0.1.42",
]  # fmt: skip


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Install the libraries, and return a function that reads a view with the one that is for it."""
    folder = tmp_path_factory.mktemp("outside")
    install([sys.executable, "-m", "venv", "env"], folder, what="an environment for Python")
    python = str(folder / "env" / "bin" / "python")
    quiet = ["install", "--quiet", "--disable-pip-version-check"]
    install([python, "-m", "pip", *quiet, *WANTED], folder, what="a reader of views")

    def run(name: str, content: bytes) -> "subprocess.CompletedProcess[str]":
        (folder / "view").write_bytes(content)
        command = [python, str(Path(__file__).parent / "outside.py"), name, "view"]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    return run


PLACED = [Placed(n, one) for n, one in enumerate(all_records())]


@pytest.mark.parametrize("name", ["cef", "ocsf", "openinference"])
def test_others_read_what_we_write(read: Read, name: str) -> None:
    """pycef, py-ocsf-models and OTLP's protobuf with OpenInference's names read every line, and its place."""
    done = read(name, b"".join(VIEWS[name].lines(PLACED, origin=ORIGIN)))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"{one.record.kind.value} {one.position} {one.leaf.hex()}"
        for one in PLACED
        if VIEWS[name].line(one, ORIGIN) is not None
    ]


@pytest.mark.parametrize(("name", "member"), [("ocsf", "compliance"), ("ocsf", "time")])
def test_others_refuse_what_lacks_a_member(read: Read, name: str, member: str) -> None:
    """The model is no formality: an event without a member that OCSF demands is refused."""
    line = VIEWS[name].line(PLACED[0], ORIGIN) or b""
    content = json.loads(line)
    del content[member]
    assert read(name, json.dumps(content).encode() + b"\n").returncode == 1
