"""Facts about reconciling, with a real ledger, a real OPA and real signatures."""

import copy
from pathlib import Path
from typing import Any

import pytest
from tests.reconcile.world import (
    STRANGER,
    Decisions,
    World,
    changed_run,
    record_of,
    run_of,
)

from ringfence.evidence.delivered import read_delivered
from ringfence.evidence.records import Record, RecordKind, make_record
from ringfence.ledger.store import Ledger


def _whole(decisions: Decisions, folder: Path) -> tuple[World, list[Record]]:
    """Return a world in which everything fits."""
    events = decisions.events
    runs = [run_of(one, run_id=f"run-{n}") for n, one in enumerate(events[:3])]
    return World.make(folder, [*map(record_of, events), *runs]), runs


def test_what_fits_is_no_finding_and_blindness_is_zero(
    decisions: Decisions, tmp_path: Path
) -> None:
    """Every decision has its run, its input, and the decision that its policy gives."""
    world, _ = _whole(decisions, tmp_path)
    code, said = world.compare(*world.log(decisions.events), *decisions.archives())
    assert (code, said["findings"], said["not_evaluated"]) == (0, [], {})
    assert (said["decisions"], said["known"], said["runs"], said["agreed"]) == (4, 4, 3, 4)
    assert said["blind"] == 0.0


def test_nothing_evaluated_is_wholly_blind(decisions: Decisions, tmp_path: Path) -> None:
    """Without inputs no decision was shown to be right, and the reason is told."""
    world, _ = _whole(decisions, tmp_path)
    code, said = world.compare()
    assert (code, said["blind"], said["not_evaluated"]) == (0, 1.0, {"no_input": 4})


def test_empty_ledger_has_no_number(tmp_path: Path) -> None:
    """Of no decision at all, nothing is said in place of a number."""
    _, said = World.make(tmp_path, []).compare()
    assert (said["known"], said["blind"]) == (0, None)


def test_run_that_no_trusted_runner_signed_counts_for_nothing(
    decisions: Decisions, tmp_path: Path
) -> None:
    """By a stranger's key, under no name, or altered afterwards, a run is RF990 and covers no decision."""
    event = decisions.events[0]
    good = run_of(event)
    bodies = [
        run_of(event, key=STRANGER).body,
        run_of(event, name="pool-2").body,
        {**good.body, "run_id": "run-2"},
        {name: value for name, value in good.body.items() if name != "signature"},
    ]
    for number, body in enumerate(bodies):
        folder = tmp_path / str(number)
        folder.mkdir()
        world = World.make(folder, [record_of(event), make_record(RecordKind.RUN, body)])
        assert world.codes() == ["RF990", "RF992"]
    (tmp_path / "good").mkdir()
    assert World.make(tmp_path / "good", [record_of(event), good]).codes() == []


@pytest.mark.requirement("R1.44", on="command")
def test_run_without_its_decision_is_found(decisions: Decisions, tmp_path: Path) -> None:
    """A decision that a signed run names and the ledger lacks is RF991, and counts as known."""
    first, second = decisions.events[:2]
    world = World.make(tmp_path, [record_of(first), run_of(first, second)])
    code, said = world.compare()
    (found,) = said["findings"]
    assert (code, found["code"], found["decision_id"]) == (2, "RF991", second["decision_id"])
    assert (said["decisions"], said["known"]) == (1, 2)


@pytest.mark.requirement("R1.26", on="command")
def test_decision_without_its_run_is_found_after_the_grace_time(
    decisions: Decisions, tmp_path: Path
) -> None:
    """An allowed decision that no run names is RF992 once it is old enough; a blocked one never is."""
    allowed, blocked = decisions.events[0], decisions.events[3]
    world = World.make(tmp_path, [record_of(allowed), record_of(blocked)])
    _, said = world.compare()
    assert [(one["code"], one["decision_id"]) for one in said["findings"]] == [
        ("RF992", allowed["decision_id"])
    ]
    assert world.codes("--grace", "1h") == []
    assert world.codes("--point", "runner.deploy") == []


def test_runs_may_stand_outside_the_ledger(decisions: Decisions, tmp_path: Path) -> None:
    """A file with a signed run is joined as one in the ledger is, and counted once where both have it."""
    event = decisions.events[0]
    world = World.make(tmp_path, [record_of(event)])
    (tmp_path / "runs").write_bytes(run_of(event).data + b"\n" + run_of(event).data + b"\n")
    _, said = world.compare("--runs", str(tmp_path / "runs"))
    assert (said["findings"], said["runs"]) == ([], 1)


@pytest.mark.parametrize(
    "members",
    [
        {"tenant": "other"},
        {"runner": {"class": "vm", "size": "medium", "network_profile": "private_vpc"}},
        {"checks": "waived"},
    ],
)
@pytest.mark.requirement("R1.38", on="command")
def test_run_that_is_not_as_decided_is_found(
    decisions: Decisions, tmp_path: Path, members: dict[str, Any]
) -> None:
    """A run of another tenant, runner or outcome than the decision that it names is RF993."""
    event = decisions.events[0]
    run = run_of(event)
    if "checks" in members:
        members = {"checks": [{**run.body["checks"][0], "outcome": "waived"}]}
    world = World.make(tmp_path, [record_of(event), changed_run(run, **members)])
    assert set(world.codes()) - {"RF992"} == {"RF993"}


@pytest.mark.parametrize(
    "members",
    [
        {"checks": 5},
        {"checks": {"id": "x"}},
        {"checks": [None, "x", {"decision_id": 7}]},
        {"run_id": None, "checks": []},
    ],
)
def test_signed_run_of_another_form_names_no_decision(
    decisions: Decisions, tmp_path: Path, members: dict[str, Any]
) -> None:
    """A trusted runner's odd record ends nothing; its decision is one without a run."""
    event = decisions.events[0]
    world = World.make(tmp_path, [record_of(event), changed_run(run_of(event), **members)])
    assert world.codes() == ["RF992"]


@pytest.mark.requirement("R1.35", on="command")
def test_run_without_its_runner_is_not_as_decided(decisions: Decisions, tmp_path: Path) -> None:
    """A signed record that says nothing of the runner that was decided on is RF993."""
    event = decisions.events[0]
    world = World.make(tmp_path, [record_of(event), changed_run(run_of(event), runner="vm")])
    assert set(world.codes()) == {"RF993"}


def test_run_under_a_decision_that_blocked_is_found(decisions: Decisions, tmp_path: Path) -> None:
    """A runner that ran in spite of the decision is RF993."""
    blocked = decisions.events[3]
    run = run_of(decisions.events[0])
    checks = [{"id": "x", "outcome": "passed", "decision_id": blocked["decision_id"]}]
    world = World.make(tmp_path, [record_of(blocked), changed_run(run, checks=checks)])
    _, said = world.compare()
    assert "the decision did not allow it" in {one["message"] for one in said["findings"]}


def test_opa_that_lies_is_found(decisions: Decisions, tmp_path: Path) -> None:
    """An allow where the recorded policy blocks, told alike to ledger and log, is RF994."""
    lie = copy.deepcopy(decisions.events[3])
    lie["result"] |= {"action": "allow", "allowed": True, "reasons": []}
    world = World.make(tmp_path, [record_of(lie)])
    code, said = world.compare(*world.log([lie]), *decisions.archives(), "--grace", "1h")
    (found,) = said["findings"]
    assert (code, found["code"], found["decision_id"]) == (2, "RF994", lie["decision_id"])
    assert found["message"] == "recorded is `allow`, and its policy gives `block`"
    assert (said["evaluated"], said["agreed"], said["blind"]) == (1, 0, 1.0)


def test_opa_that_hides_a_rule_or_obligation_is_found(decisions: Decisions, tmp_path: Path) -> None:
    """The same action for other rules, or with other obligations, is RF994 too."""
    other, more = copy.deepcopy(decisions.events[3]), copy.deepcopy(decisions.events[0])
    other["result"]["reasons"] = []
    more["result"]["obligations"] = [{"redact": ["x"]}]
    world = World.make(tmp_path, [record_of(other), record_of(more)])
    options = (*world.log([other, more]), *decisions.archives(), "--grace", "1h")
    _, said = world.compare(*options)
    assert sorted((one["code"], one["message"]) for one in said["findings"]) == [
        ("RF994", "its policy gives other obligations"),
        ("RF994", "its policy gives other rules or exceptions"),
    ]


def test_masked_events_say_so(decisions: Decisions, tmp_path: Path) -> None:
    """An event of which the log left out what was read is not evaluated, and counts as not seen."""
    masked = copy.deepcopy(decisions.events[0])
    del masked["input"]["facts"]["run"]
    masked["erased"] = [*masked.get("erased", []), "/input/facts/run"]
    world = World.make(tmp_path, [record_of(masked), run_of(masked)])
    code, said = world.compare(*world.log([masked]), *decisions.archives())
    assert (code, said["not_evaluated"], said["blind"]) == (0, {"masked": 1}, 1.0)
    assert said["not_evaluated_examples"] == {"masked": [masked["decision_id"]]}


def test_facts_left_out_that_change_the_decision_are_masked_not_a_lie(
    decisions: Decisions, tmp_path: Path
) -> None:
    """Where the mask put other facts in place of all, a departing decision accuses nobody."""
    masked = copy.deepcopy(decisions.events[0])
    del masked["input"]["facts"]["run"]["timeout"]
    masked["masked"] = [*masked.get("masked", []), "/input/facts"]
    world = World.make(tmp_path, [record_of(masked), run_of(masked)])
    code, said = world.compare(*world.log([masked]), *decisions.archives())
    assert (code, said["not_evaluated"]) == (0, {"masked": 1})


def test_decision_of_a_bundle_that_is_not_at_hand_is_not_evaluated(
    decisions: Decisions, tmp_path: Path
) -> None:
    """Nothing is evaluated on another revision than the recorded one."""
    world, _ = _whole(decisions, tmp_path)
    live = [str(path) for path in decisions.bundles.glob("live*.tar.gz")]
    options = [part for path in live for part in ("--bundle", path)]
    code, said = world.compare(*world.log(decisions.events), *options)
    assert (code, said["not_evaluated"]) == (0, {"no_bundle": 4})


def test_bundle_by_another_key_is_refused(decisions: Decisions, tmp_path: Path) -> None:
    """An archive that the passed key has not signed is no witness of what the policy gives."""
    from cryptography.hazmat.primitives.asymmetric import ec

    from ringfence.keys import write_public

    world, _ = _whole(decisions, tmp_path)
    write_public(tmp_path / "other.pub.pem", ec.generate_private_key(ec.SECP256R1()).public_key())
    bundles = decisions.archives()[:-2]
    result = world.run(*bundles, "--bundle-key", str(tmp_path / "other.pub.pem"))
    assert (result.exit_code, "RF712" in result.stderr) == (1, True)


def test_undecided_events_are_not_evaluated(decisions: Decisions, tmp_path: Path) -> None:
    """What OPA logged without a result has nothing to compare."""
    event = {name: value for name, value in decisions.events[0].items() if name != "result"}
    world = World.make(tmp_path, [record_of(event)])
    _, said = world.compare(*world.log([event]), *decisions.archives())
    assert said["not_evaluated"] == {"undecided": 1}


def test_sample_is_stated_and_can_be_drawn_again(decisions: Decisions, tmp_path: Path) -> None:
    """So many decisions are evaluated, the others count as not seen, and a seed draws the same."""
    world, _ = _whole(decisions, tmp_path)
    options = (*world.log(decisions.events), *decisions.archives(), "--sample", "1")
    _, said = world.compare(*options)
    assert (said["evaluated"], said["not_evaluated"], said["blind"]) == (
        1,
        {"not_sampled": 3},
        0.75,
    )
    seed = said["sample"]["seed"]
    again = [world.compare(*options, "--seed", seed)[1] for _ in range(2)]
    assert again == [said, said]
    drawn = {
        tuple(
            world.compare(*options, "--seed", f"s{n}")[1]["not_evaluated_examples"]["not_sampled"]
        )
        for n in range(12)
    }
    assert len(drawn) > 1


def test_log_that_is_not_the_ledgers_is_found(decisions: Decisions, tmp_path: Path) -> None:
    """An event that makes another record than the ledger's is RF998, and is not evaluated."""
    altered = copy.deepcopy(decisions.events[0])
    altered["input"]["facts"]["runner"]["size"] = "small"
    world, _ = _whole(decisions, tmp_path)
    log = world.log([altered, *decisions.events[1:]])
    _, said = world.compare(*log, *decisions.archives())
    assert [one["code"] for one in said["findings"]] == ["RF998"]
    assert (said["agreed"], said["not_evaluated"]) == (3, {"no_input": 1})


@pytest.mark.requirement("R1.44", on="command")
def test_logged_decision_that_the_ledger_lacks_is_found(
    decisions: Decisions, tmp_path: Path
) -> None:
    """What a log holds and the ledger does not is RF991, and counts as known."""
    world = World.make(tmp_path, [record_of(one) for one in decisions.events[1:]])
    code, said = world.compare(*world.log(decisions.events), *decisions.archives(), "--grace", "1h")
    assert [(one["code"], one["decision_id"]) for one in said["findings"]] == [
        ("RF991", decisions.events[0]["decision_id"])
    ]
    assert (code, said["known"], said["agreed"], said["blind"]) == (2, 4, 3, 0.25)


def test_unreadable_line_of_a_log_is_told(decisions: Decisions, tmp_path: Path) -> None:
    """A broken line keeps nothing from being compared, and ends the command with 2."""
    world, _ = _whole(decisions, tmp_path)
    (option, path) = world.log(decisions.events)
    Path(path).write_text(Path(path).read_text() + "{\n")
    code, said = world.compare(option, path, *decisions.archives())
    assert (code, said["agreed"], [one["code"] for one in said["unreadable"]]) == (2, 4, ["RF903"])


def test_gap_records_are_written_to_a_new_file(decisions: Decisions, tmp_path: Path) -> None:
    """The file has the very records that would be appended, needs no key of the log, and replaces nothing."""
    first, second = decisions.events[:2]
    world = World.make(tmp_path, [record_of(first), record_of(second), run_of(first)])
    file = tmp_path / "gaps.jsonl"
    _, said = world.compare("--gaps-to", str(file))
    (line,) = file.read_bytes().splitlines()
    assert (said["gaps"], said["appended"]) == (1, None)
    assert read_delivered(line).body["decision_id"] == second["decision_id"]
    again = world.run("--gaps-to", str(file))
    assert (again.exit_code, file.read_bytes()) == (1, line + b"\n")
    world.compare("--append-with", str(tmp_path / "log.key.pem"))
    ledger = Ledger.open(tmp_path / "ledger")
    assert ledger.read(ledger.size - 1).data == line
    ledger.close()


def test_missing_counterparts_become_gap_records_once(decisions: Decisions, tmp_path: Path) -> None:
    """Each is appended under the log's signature, again only if it is new, and the ledger verifies."""
    first, second, third = decisions.events[:3]
    run = run_of(first, second)
    world = World.make(tmp_path, [record_of(first), record_of(third), run])
    key = ("--append-with", str(tmp_path / "log.key.pem"))
    code, said = world.compare(*key)
    assert (code, said["appended"]) == (2, 2)
    code, said = world.compare(*key)
    assert (code, said["appended"], len(said["findings"])) == (2, 0, 2)
    bodies = [one.body for one in _records(world) if one.kind is RecordKind.GAP]
    assert bodies == [
        {"cause": "no_decision", "principal": "pool-1", "tenant": "example",
         "decision_id": second["decision_id"], "run_id": "run-1"},
        {"cause": "no_run", "principal": "sidecar-1", "tenant": "example",
         "decision_id": third["decision_id"], "run_id": ""},
    ]  # fmt: skip


def test_a_gap_that_another_tenant_reported_hides_none(
    decisions: Decisions, tmp_path: Path
) -> None:
    """A record of another tenant about the same decision, delivered first, does not stand for the tenant's own."""
    event = decisions.events[0]
    gap = {"cause": "no_run", "principal": "", "decision_id": event["decision_id"], "run_id": ""}
    foreign = make_record(RecordKind.GAP, {**gap, "tenant": "other"})
    world = World.make(tmp_path, [foreign, record_of(event)])
    _, said = world.compare("--append-with", str(tmp_path / "log.key.pem"))
    assert said["appended"] == 1
    tenants = [one.body["tenant"] for one in _records(world) if one.kind is RecordKind.GAP]
    assert tenants == ["other", "example"]


def _records(world: World) -> list[Record]:
    from ringfence.ledger.settings import Settings
    from ringfence.ledger.store import Ledger

    ledger = Ledger.open(world.folder / "ledger", settings=Settings())
    try:
        return [ledger.read(position) for position in range(ledger.size)]
    finally:
        ledger.close()


def test_what_opa_dropped_is_told_and_counts(decisions: Decisions, tmp_path: Path) -> None:
    """OPA's counters and refused events of the ledger's gap records are known, and not seen."""
    event = decisions.events[0]
    counter = "decision_logs_dropped_rate_limit_exceeded"
    base = {"principal": "sidecar-1", "tenant": "example"}
    gaps: list[dict[str, Any]] = [
        {**base, "cause": "dropped", "opa": "o", "totals": {counter: 2}, "lost": {counter: 2}},
        {**base, "cause": "dropped", "opa": "o", "totals": {counter: 5}, "lost": {counter: 3}},
        {**base, "cause": "refused", "codes": {"RF981": 4}, "decision_ids": [], "unrecorded": 1},
    ]
    records = [make_record(RecordKind.GAP, one) for one in gaps]
    world = World.make(tmp_path, [record_of(event), run_of(event), *records])
    code, said = world.compare(*world.log([event]), *decisions.archives())
    assert (code, [one["code"] for one in said["findings"]]) == (2, ["RF988"])
    assert said["dropped"] == [{"principal": "sidecar-1", "counter": counter, "lost": 5}]
    assert (said["refused"], said["known"], said["blind"]) == (4, 10, 0.9)
    assert any("1 uploads" in one for one in said["not_shown"])


def test_two_records_under_one_id_are_told(decisions: Decisions, tmp_path: Path) -> None:
    """A conflict of the ledger is a finding here too."""
    event = decisions.events[0]
    other = {**event, "timestamp": "2026-01-01T00:00:00Z"}
    world = World.make(tmp_path, [record_of(event), record_of(other), run_of(event)])
    assert world.codes() == ["RF912"]


def test_ledger_that_is_not_verified_is_not_compared(decisions: Decisions, tmp_path: Path) -> None:
    """A record altered in the stored bytes ends the command with 4, and nothing is said of it."""
    world, _ = _whole(decisions, tmp_path)
    (bundle,) = (tmp_path / "ledger" / "tile" / "entries").rglob("*.p/*")
    bundle.write_bytes(bundle.read_bytes().replace(b"sidecar-1", b"sidecar-2"))
    result = world.run()
    assert (result.exit_code, result.stdout) == (4, "")


def test_people_read_the_number_first(decisions: Decisions, tmp_path: Path) -> None:
    """The pretty form begins with the one number, and ends with what is not shown."""
    world, _ = _whole(decisions, tmp_path)
    result = world.run(*world.log(decisions.events), *decisions.archives())
    assert result.stdout.startswith("blind: 0.0000\n  4 decisions known")
    assert "not shown:" in result.stdout
