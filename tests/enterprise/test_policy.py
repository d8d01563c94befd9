"""Facts about export policies: strict YAML, and what each part of one forbids."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.enterprise.samples import KEYID, NAME, POLICY, policy
from tests.export.samples import decided

from ringfence.enterprise.enforcing import Intended, require_allowed, require_retained
from ringfence.enterprise.policy import packed_policy, read_policy
from ringfence.errors import CompileError
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.ledger.search import Placed

RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
OTHER = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"
NOW = 1_795_300_000  # a day after the decisions of the samples

INTENDED = Intended(
    exporter=NAME,
    key=KEYID,
    tenants=frozenset({"acme"}),
    formats=frozenset({"archive", "ocsf"}),
    region="eu-central-1",
    recipients=(),
    asks_network=True,
    recorded=False,
)
DEMANDING = POLICY.replace("retention:", f"encryption:\n  required: true\n  recipients: [{RECIPIENT}]\nretention:")  # fmt: skip
AIR_GAPPED = POLICY.replace("  mode: self_hosted", "  mode: air_gapped\n  no_egress: true")


def test_what_the_policy_names_is_allowed() -> None:
    """Exporter, tenant, formats and region that stand there pass, and the grant is told."""
    assert require_allowed(policy(), INTENDED).name == NAME
    encrypted = replace(INTENDED, recipients=(RECIPIENT,))
    assert require_allowed(policy(DEMANDING), encrypted).name == NAME
    recorded = replace(INTENDED, recorded=True)
    assert require_allowed(policy(POLICY + "recorded: true\n"), recorded).name == NAME
    offline = replace(INTENDED, asks_network=False)
    assert require_allowed(policy(AIR_GAPPED), offline).name == NAME


@pytest.mark.requirement("R5.49", on="record")
@pytest.mark.parametrize(
    ("text", "intended", "code"),
    [
        (POLICY, {"tenants": frozenset({"acme", "globex"})}, "RF960"),
        (POLICY, {"exporter": "someone@else.example"}, "RF960"),
        (POLICY, {"key": "A" * 43}, "RF960"),
        (POLICY, {"formats": frozenset({"archive", "cef"})}, "RF973"),
        (POLICY.replace("archive, ", ""), {}, "RF973"),
        (POLICY, {"region": "us-east-1"}, "RF974"),
        (POLICY, {"region": ""}, "RF974"),
        (POLICY.replace("regions: [eu-central-1]\n", ""), {}, "RF974"),
        (DEMANDING, {}, "RF975"),
        (DEMANDING, {"recipients": (OTHER,)}, "RF975"),
        (DEMANDING, {"recipients": (RECIPIENT, OTHER)}, "RF975"),
        (AIR_GAPPED, {}, "RF977"),
        (POLICY + "recorded: true\n", {}, "RF972"),
    ],
    ids=["tenant", "exporter", "key", "view", "form", "region", "no region", "no regions",
         "in the clear", "another recipient", "one recipient too many", "network", "record"],
)  # fmt: skip
def test_what_the_policy_does_not_name_is_refused(
    text: str, intended: dict[str, Any], code: str
) -> None:
    """Each part has its own code, and nothing that is not named passes."""
    with pytest.raises(EvidenceError) as caught:
        require_allowed(policy(text), replace(INTENDED, **intended))
    assert caught.value.code == code


@pytest.mark.requirement("R5.49", on="record")
def test_records_beyond_their_retention_stay() -> None:
    """A decision that claims to be older than is kept is not exported; a younger one is."""
    placed = [Placed(n, decided(n)) for n in range(3)]
    short = policy(POLICY.replace("days: 2555", "days: 1"))
    require_retained(policy(), placed, now=NOW)
    require_retained(short, placed, now=NOW - 86_400)
    with pytest.raises(EvidenceError) as caught:
        require_retained(short, placed, now=NOW + 86_400)
    assert caught.value.code == "RF976"
    unkept = policy(POLICY.replace("retention:\n  days: 2555\n", ""))
    require_retained(unkept, placed, now=NOW * 2)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("formats: [folder", "formats: [csv", "formats"),
        ("formats: [folder, archive, ocsf]", "formats: []", "formats"),
        ("mode: self_hosted", "mode: cloud", "mode"),
        ("days: 2555", "days: 0", "days"),
        ("days: 2555", "days: -1", "days"),
        ("classification: regulated", "klassification: regulated", "klassification"),
        (f"key: {KEYID}", "key: x", "key"),
        ("control: sa-2", "control: ac-6", "mapping"),
        ("control: sa-2", "control: 'a b'", "control"),
        ("name: eu-audit\n", "", "name"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Unknown keys, values and empty lists are refused, by line."""
    assert old in POLICY
    (tmp_path / "policy.yaml").write_text(POLICY.replace(old, new))
    with pytest.raises(CompileError) as caught:
        read_policy(tmp_path / "policy.yaml")
    lines = POLICY.replace(old, new).splitlines()
    told = [f"{d.message} {d.help} {lines[d.span.line - 1]}" for d in caught.value.diagnostics]
    assert any(said in one for one in told)


@pytest.mark.parametrize("content", [b"", b"\xff", b"- x\n", b"name: x\n", b"\xef\xbb\xbf" + POLICY.encode()])  # fmt: skip
def test_a_packed_policy_that_is_malformed_is_refused(content: bytes) -> None:
    """Whatever bytes a package has there, it is a VerifyError."""
    with pytest.raises(VerifyError) as caught:
        packed_policy(content)
    assert caught.value.code == "RF979"
