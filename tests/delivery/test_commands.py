"""Facts about `evidence send` and `evidence append --record`, told by real collectors and ledgers."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from tests.change.samples import BUILD
from tests.collector.certificates import Authority, loopback
from tests.collector.harness import Collector, Place, collecting, make_place
from tests.collector.samples import REVISION, asked_for, logged
from tests.delivery.samples import RUNNER, STRANGER, lines, signed_run
from tests.evidence.kind_samples import sample
from tests.tamper.test_uploads import Losing

from ringfence.change.read import result_bytes
from ringfence.change.record import change_record
from ringfence.cli.evidence import command as evidence
from ringfence.delivery.destination import Destination
from ringfence.delivery.sending import Sender
from ringfence.errors import UsageError
from ringfence.evidence.error import EvidenceError
from ringfence.evidence.records import RecordKind
from ringfence.keys import write_public


def run(*arguments: object, input: bytes = b"") -> Result:
    """Run `ringfence evidence` with some arguments."""
    return CliRunner().invoke(evidence, [str(one) for one in arguments], input=input)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a ledger, and a configuration whose one principal delivers runs."""
    made = make_place(tmp_path / "place", revisions=[REVISION], records=["run"])
    write_public(made.folder / "pool-1.pub.pem", RUNNER.public_key())
    (made.folder / "token").write_text(made.token + "\n")
    made.write(runners={"pool-1": "pool-1.pub.pem"})
    return made


@pytest.fixture
def running(place: Place) -> Iterator[str]:
    """Return the address of a collector that runs during the test."""
    with collecting(place) as one:
        yield one.url


def _send(place: Place, url: str, *files: object, **named: Any) -> Result:
    return run("send", *files, "--to", url, "--token-file", place.folder / "token", **named)


def test_what_is_sent_is_kept_once(place: Place) -> None:
    """Files and standard input go in as they are; sent again they are duplicates, and nothing is wrong."""
    file = place.folder / "runs.jsonl"
    file.write_bytes(lines(*[signed_run(number) for number in range(300)]))
    with collecting(place) as running:
        first = _send(place, running.url, file, "-", input=lines(signed_run(7), signed_run(301)))
        assert (first.exit_code, first.stderr) == (0, "")
        assert first.stdout == "added 301 records, 1 were there already, 0 refused\n"
        again = _send(place, running.url, file, "--format", "json")
        assert json.loads(again.stdout) == {"added": 0, "duplicates": 300, "refused": 0}
    assert len(place.records(RecordKind.RUN)) == 301


def test_what_is_refused_is_told_by_file_and_line(place: Place, running: str) -> None:
    """Lines that are no record never leave, the collector refuses others, and the rest is kept."""
    file = place.folder / "runs.jsonl"
    bad = [b"{}", signed_run(1).data, signed_run(2, key=STRANGER).data, b"x" * 200_000]
    file.write_bytes(b"\n".join([*bad, signed_run(3).data, sample(RecordKind.GAP).data]))
    done = _send(place, running, file)
    assert done.exit_code == 2
    assert done.stdout == "added 2 records, 0 were there already, 4 refused\n"
    told = sorted(line.partition(str(file))[2][:8] for line in done.stderr.splitlines())
    assert told == [":1: RF908"[:8], ":3: RF990"[:8], ":4: RF908"[:8], ":6: RF905"[:8]]


def test_changes_are_sent_as_records(place: Place) -> None:
    """What `build` wrote becomes the very record that `append --change` makes, and stands once."""
    file = place.folder / "build.json"
    file.write_bytes(result_bytes(BUILD))
    place.config["principals"][0] |= {"tenants": ["platform"], "records": ["change"]}
    place.write()
    with collecting(place) as running:
        for said in ("added 1 records, 0 were", "added 0 records, 1 were"):
            assert _send(place, running.url, "--change", file).stdout.startswith(said)
        assert isinstance(_send(place, running.url).exception, UsageError)
    assert [one.data for one in place.records(RecordKind.CHANGE)] == [change_record(BUILD).data]


def test_a_token_that_is_no_ones_sends_nothing(place: Place, running: str) -> None:
    """The collector's answer is told, and the token is not."""
    from ringfence.collector.credential import new_token

    token = new_token()
    (place.folder / "token").write_text(token)
    (place.folder / "runs.jsonl").write_bytes(lines(signed_run()))
    done = _send(place, running, place.folder / "runs.jsonl")
    assert isinstance(done.exception, EvidenceError)
    assert "401: RF984" in str(done.exception)
    assert token not in str(done.exception) + done.output


def test_records_go_over_mutual_tls(place: Place) -> None:
    """A certificate is the credential, and the collector's own must be by the authority that is named."""
    authority, stranger = Authority(place.folder), Authority(place.folder, name="stranger")
    server = authority.issue("server", loopback())
    name = "spiffe://example.com/pool-1"
    certificate, key = authority.issue("client", x509.UniformResourceIdentifier(name))
    (one,) = place.config["principals"]
    del one["token"]
    one["certificate"] = {"uri": name}
    tls = {"certificate": server[0].name, "key": server[1].name, "clients": authority.file.name}
    place.write(listen={"tls": tls})
    (place.folder / "runs.jsonl").write_bytes(lines(signed_run()))
    shown = ["--cert", certificate, "--cert-key", key]
    with collecting(place) as running:
        send = ["send", place.folder / "runs.jsonl", "--to", running.url]
        done = run(*send, *shown, "--ca", authority.file)
        assert (done.exit_code, done.stdout[:15]) == (0, "added 1 records")
        wrong = run(*send, *shown, "--ca", stranger.file)
        assert "could not be reached (CertificateNotTrusted)" in str(wrong.exception)
        assert isinstance(run(*send, *shown[:2]).exception, UsageError)
    assert len(place.records(RecordKind.RUN)) == 1


def test_records_are_appended_without_a_collector(place: Place) -> None:
    """`append --record` takes what a collector takes, by the same rules, and each once."""
    log, records = place.folder / "log.jsonl", place.folder / "records.jsonl"
    log.write_text(json.dumps(logged(decision_id="decision-0", input=asked_for("acme"))) + "\n")
    review, gap, change = map(sample, (RecordKind.REVIEW, RecordKind.GAP, RecordKind.CHANGE))
    unsigned = signed_run(2, key=STRANGER)
    records.write_bytes(lines(signed_run(1), gap, review, change, unsigned))
    append = ["append", place.ledger, "--key", place.folder / "log.key.pem", "--record", records]
    append += ["--runner", f"pool-1={place.folder / 'pool-1.pub.pem'}", "--format", "json"]
    first = run(*append)
    assert first.exit_code == 2
    found = [line.partition("records.jsonl:")[2][:8] for line in first.stderr.splitlines()]
    assert found == ["3: RF906", "5: RF990"]
    second = json.loads(run(*append, "--log", log).stdout)
    assert (second["added"], second["duplicates"], second["refused"]) == (2, 3, 1)
    assert [one.data for one in place.records(RecordKind.REVIEW)] == [review.data]
    assert len(place.records(RecordKind.GAP)) == 1


def test_a_ledger_that_a_collector_has_open_is_not_appended_to(place: Place, running: str) -> None:
    """There `append` stops with RF941, and the file goes to the collector."""
    records = place.folder / "records.jsonl"
    records.write_bytes(lines(signed_run(1)))
    append = ["append", place.ledger, "--key", place.folder / "log.key.pem", "--record", records]
    assert getattr(run(*append).exception, "code", "") == "RF941"
    assert _send(place, running, records).exit_code == 0


def test_a_sender_outlives_a_collector_that_is_killed_after_the_commit(place: Place) -> None:
    """Killed once it has the run and before the answer arrives, then started again: the retry is a duplicate."""
    first = Collector(place.folder / "collector.yaml", log=place.folder / "log")
    place.write(listen={"port": first.port})
    running, losing = [first], Losing(first.url, ways=["cut"], path="/records")

    def restart(_: float) -> None:
        assert losing.lost == 1
        running.pop().stop(signal.SIGKILL)
        running.append(Collector(place.folder / "collector.yaml", log=place.folder / "log"))

    to = Destination(url=losing.url, token=place.token)
    done = Sender(to=to, deadline=60.0, wait=restart).send([signed_run(1), signed_run(2)])
    assert (done.added, done.duplicates, done.refused) == (0, 2, [])
    losing.close()
    assert running.pop().stop() == 0
    assert len(place.records(RecordKind.RUN)) == 2
