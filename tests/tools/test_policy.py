"""Mistakes in tool policies, each at its line, and what scopes add to one another."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.requirements.ask import NOW
from tests.requirements.documents import REPOSITORY

from ringfence.effective import effective_settings
from ringfence.errors import Diagnostic, Severity
from ringfence.pipeline import Checked, check_repository, compile_repository

OWN = "tenants/acme/tools.yaml"
READER = "tenants/acme/reader.yaml"
PLATFORM = "platform/tools.yaml"
LOCK = "../../platform/locks/desk.lock.yaml"


def _checked(folder: Path, file: str, old: str, new: str) -> Checked:
    root = folder / "repository"
    shutil.copytree(REPOSITORY, root)
    text = (root / file).read_text()
    assert text.count(old) == 1
    (root / file).write_text(text.replace(old, new))
    return check_repository(root, now=NOW)


def _new(checked: Checked) -> list[Diagnostic]:
    """List what is wrong now and was not before."""
    before = set(check_repository(REPOSITORY, now=NOW).diagnostics)
    return [one for one in checked.diagnostics if one not in before]


ERRORS = {
    "an agent of two policies": (READER, "[reader-agent]", "[desk-agent]", "RF306", "agents"),
    "a server that no policy names": (READER, "desk/find", "crm/find", "RF317", "crm/find"),
    "a lock of another server": (READER, "    desk: {", "    crm: {", "RF317", "crm: {"),
    "a lock that is not there": (READER, "desk.lock", "crm.lock", "RF113", "crm.lock"),
    "a lock outside the repository": (READER, LOCK, f"../{LOCK}", "RF113", "../../../"),
    "a tool that is not pinned": (READER, "find_customer", "find_costumer", "RF318", "costumer"),
    "an argument that is not there": (OWN, "[order_id,", "[order,", "RF318", "[order,"),
    "arguments without an approval": (
        READER, "effect: read}", "effect: read, arguments: [name]}", "RF319", "arguments",
    ),
    "approvers of nobody": (
        READER, "effect: read}", 'effect: read, approvers: ["user:a@b.c"]}', "RF319", "approvers",
    ),
    "one tool twice": (
        READER, "  stop_at:", "    - {tool: desk/find_customer, effect: read}\n  stop_at:",
        "RF319", "    - {tool: desk/find_customer",
    ),
    "an effect that is none": (READER, "effect: read", "effect: reads", "RF103", "reads"),
    "a class that is none": (READER, "  stop_at", "  forbidden_classes: [shells]\n  stop_at", "RF103", "shells"),
    "an instruction that allows": (
        OWN, "[tool.approval]", "[runner.size.default]", "RF322", "runner.size.default",
    ),
    "the platform allows": (PLATFORM, "  deny:", "  allow: []\n  deny:", "RF311", "allow"),
    "a budget above the platform's": (READER, "turns: 5", "turns: 500", "RF303", "turns"),
    "a budget that nobody sets": (PLATFORM, "turns: 50, ", "", "RF305", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_a_mistake_is_an_error_at_its_line(tmp_path: Path, name: str) -> None:
    """Each of these makes the policy invalid, with one code and at the line where it stands."""
    file, old, new, code, at = ERRORS[name]
    checked = _checked(tmp_path, file, old, new)
    found = [one for one in _new(checked) if one.severity is Severity.ERROR]
    assert {one.code for one in found} == {code}
    if at:
        lines = checked.texts[found[-1].span.file].splitlines()
        assert any(at in lines[one.span.line - 1] for one in found)


WARNINGS = {
    "a denial with a slip": (OWN, "  fail_closed", "  deny: [desk/ad_note]\n  fail_closed", "RF318"),
    "a read that writes": (OWN, "refund_order\n      effect: spend", "refund_order\n      effect: read\n      approval: required", "RF321"),
    "a pattern": (READER, "desk/find_customer", "desk/*", "RF316"),
    "an allowed tool that is denied": (READER, "  stop_at", "  deny: [desk/find_customer]\n  stop_at", "RF320"),
}  # fmt: skip


@pytest.mark.parametrize("name", WARNINGS)
def test_a_surprise_is_a_warning(tmp_path: Path, name: str) -> None:
    """Each of these is valid, and said."""
    file, old, new, code = WARNINGS[name]
    checked = _checked(tmp_path, file, old, new)
    found = _new(checked)
    assert checked.is_valid
    assert code in {one.code for one in found}


def test_no_policy_names_a_lock_of_another_tenant(tmp_path: Path) -> None:
    """A tenant's lock is its own: another tenant's policy that names it is refused."""
    root = tmp_path / "repository"
    shutil.copytree(REPOSITORY, root)
    shutil.copy(root / "platform/locks/desk.lock.yaml", root / "tenants/globex/desk.lock.yaml")
    text = (root / READER).read_text().replace(LOCK, "../globex/desk.lock.yaml")
    (root / READER).write_text(text)
    found = check_repository(root, now=NOW).diagnostics
    errors = {one.code for one in found if one.severity is Severity.ERROR}
    assert errors == {"RF113"}


def test_an_exact_row_wins_over_a_pattern_and_both_scopes_deny(tmp_path: Path) -> None:
    """`desk/*` reads all, the exact row still waits for approval, and each scope's denial holds."""
    new = "desk/*, effect: read}\n    - {tool: desk/add_note"
    old = "desk/find_customer, effect: read}\n  stop_at"
    denied = f"{new}, effect: write}}\n  deny: [desk/get_credential]\n  stop_at"
    assert _checked(tmp_path, READER, old, denied).is_valid
    compiled = compile_repository(tmp_path / "repository", now=NOW)
    acme = next(one for one in compiled.tenants if one.name == "acme")
    agents: Any = acme.tables[str(acme.params["tool.call"]["agents"])]
    row = agents["reader-agent"]
    assert acme.tables[row["toolset"]] == {
        "desk": {
            "add_note": "approval",
            "find_customer": "allowed",
            "get_credential": "denied",
            "messages_send": "denied",
            "refund_order": "allowed",
            "run_command": "forbidden",
            "start_pipeline": "allowed+pipeline_run",
        }
    }


def test_policies_that_say_the_same_share_their_tables() -> None:
    """Two agents with one lock have it once in a bundle, by the digest of its content."""
    compiled = compile_repository(REPOSITORY, now=NOW)
    acme = next(one for one in compiled.tenants if one.name == "acme")
    agents = acme.tables[str(acme.params["tool.call"]["agents"])]
    assert isinstance(agents, dict)
    assert len({row["locks"]["desk"] for row in agents.values()}) == 1
    assert len(acme.tables) == 4


def test_effective_prints_the_values_of_every_policy() -> None:
    """The desk's budget is the platform's and the reader's its own, each with its line."""
    compiled = compile_repository(REPOSITORY, now=NOW)
    rows = effective_settings(compiled, tenant="acme", environment="", release="")
    turns = {(row.value, row.source.split(":")[0]) for row in rows if row.field == "stop_at.turns"}
    assert turns == {("50", PLATFORM), ("5", READER)}
