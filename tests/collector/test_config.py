"""Facts about the collector's configuration file."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from tests.collector.harness import make_place
from tests.collector.samples import REVISION

from ringfence.cli.collect import command
from ringfence.collector.config import read_configuration
from ringfence.collector.credential import digest_of
from ringfence.errors import CompileError

GOOD = f"""\
apiVersion: ringfence/v1
kind: Collector
listen:
  host: 127.0.0.1
limits:
  body: 10s
ledgers:
  - origin: example.com/runners
    folder: ledger
    keys: [log.key.pem]
    facts: [runner.class]
revisions:
  known: [runtime/prod@sha256:00]
principals:
  - name: sidecar-1
    origin: example.com/runners
    tenants: [example]
    environment: prod
    token: sha256:{"0" * 64}
"""
SECOND = f"""\
  - name: sidecar-2
    origin: example.com/runners
    tenants: [example]
    environment: prod
    token: sha256:{"1" * 64}
"""


def _mistakes(folder: Path, text: str) -> list[str]:
    file = folder / "collector.yaml"
    file.write_text(text)
    with pytest.raises(CompileError) as caught:
        read_configuration(file)
    return [f"{one.span.line}: {one.code} {one.message}" for one in caught.value.diagnostics]


def test_good_file_is_read(tmp_path: Path) -> None:
    """Names, limits and paths are what the file says; a path starts at the file."""
    file = tmp_path / "collector.yaml"
    file.write_text(GOOD)
    read = read_configuration(file)
    (one,) = read.principals
    assert (one.name, sorted(one.tenants), one.environment) == ("sidecar-1", ["example"], "prod")
    assert (read.limits.body, read.path("ledger")) == (10, tmp_path / "ledger")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("    tenants: [example]\n", "", "15: RF102 `tenants` is missing"),
        ("    facts:", "    fact:", "11: RF101 unknown key `fact`"),
        ("tenants: [example]", "tenants: []", "17: RF103 `tenants` must not be empty"),
        ("token: sha256:0000", "token: sha1:0000", "does not have the form"),
        ("10s", "10", "6: RF103 `body` must be a duration with a unit, such as 15m, 4h or 7d"),
        ("host: 127.0.0.1", "host: 0.0.0.0", "4: RF103 `listen` without `tls`, tokens would"),
        ("keys: [log.key.pem]", "keys: []", "10: RF103 `keys` must not be empty"),
        ("known: [runtime/prod@sha256:00]", "known: []", "names no revision and no file that does"),
        ("    origin: example.com/runners\n    tenants", "    origin: a.b/c\n    tenants",
         "16: RF985 no ledger has this origin"),
        ("    facts:", "    quorum: 1\n    facts:", "8: RF985 the quorum can never be met"),
        ("    facts:", "    require_personal: true\n    facts:", "8: RF985 texts and names of people"),
        (f"    token: sha256:{'0' * 64}\n", "", "has one credential: `token` or `certificate`"),
        (f"token: sha256:{'0' * 64}", "certificate: {uri: a}", "19: RF985 no certificate can be"),
    ],
)  # fmt: skip
def test_mistake_is_shown_where_it_stands(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    """Each mistake is told with its line and what is wrong."""
    assert GOOD.count(old) >= 1
    (found,) = _mistakes(tmp_path, GOOD.replace(old, new, 1))
    assert expected in found


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("1" * 64, "0" * 64, "token"), ("name: sidecar-2", "name: sidecar-1", "name")],
)
def test_each_principal_has_its_own(tmp_path: Path, old: str, new: str, field: str) -> None:
    """Two principals with one name or one credential are refused: nobody could tell them apart."""
    (found,) = _mistakes(tmp_path, (GOOD + SECOND).replace(old, new, 1))
    assert f"RF985 `{field}` is that of `principals[0]` too" in found


def test_new_token_and_its_digest_belong_together() -> None:
    """`--new-token` prints a token of 256 random bits, and the digest that the configuration keeps."""
    done = CliRunner().invoke(command, ["--new-token"])
    other = CliRunner().invoke(command, ["--new-token"])
    assert done.exit_code == 0
    assert done.stderr == f"token: {digest_of(done.stdout.strip())}\n"
    assert done.stdout != other.stdout


def test_check_reads_the_configuration_only(tmp_path: Path) -> None:
    """`--check` tells what the file holds, and opens no ledger."""
    place = make_place(tmp_path / "place", revisions=[REVISION])
    done = CliRunner().invoke(
        command, ["--config", str(place.folder / "collector.yaml"), "--check"]
    )
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.endswith("collector.yaml: 1 principals, 1 ledgers\n")


def test_folder_without_a_ledger_is_no_reason_to_begin_one(tmp_path: Path) -> None:
    """Where the disk is not mounted, a new ledger would fork the log: RF947."""
    place = make_place(tmp_path / "place", revisions=[REVISION])
    place.ledger.rename(place.folder / "elsewhere")
    done = CliRunner().invoke(command, ["--config", str(place.folder / "collector.yaml")])
    assert getattr(done.exception, "code", "") == "RF947"
    assert not place.ledger.exists()


def test_file_that_lists_no_bundles_is_refused(tmp_path: Path) -> None:
    """A revisions file that `build --format json` did not write is a mistake when it starts."""
    place = make_place(tmp_path / "place", revisions=[REVISION])
    (place.folder / "builds.json").write_text('{"bundles": [1]}')
    file = place.write(revisions={"files": ["builds.json"]})
    assert yaml.safe_load(file.read_text())["revisions"] == {"files": ["builds.json"]}
    done = CliRunner().invoke(command, ["--config", str(file)])
    assert "lists no bundles" in str(done.exception)
