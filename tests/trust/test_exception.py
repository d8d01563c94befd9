"""Facts about signed exceptions."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from ringfence.errors import Severity, UsageError
from ringfence.language.facts import all_points
from ringfence.language.kinds.exception import ExceptionSpec
from ringfence.language.kinds.trust_root import TrustRoot
from ringfence.language.source import Document, load
from ringfence.language.values import parse_timestamp
from ringfence.resources import rego_root
from ringfence.trust.exception import (
    ExceptionDocument,
    canonical_bytes,
    sign_exception,
    verify_exception,
)
from ringfence.trust.revocation import (
    RevocationDocument,
    check_revocations,
    compile_revocations,
    parse_revocation,
)
from ringfence.trust.root import TrustRootDocument
from ringfence.trust.waiver import check_match, compile_waivers
from ringfence.trust.written import read_exception, with_approval

Keys = Mapping[str, Ed25519PrivateKey]
NOW = parse_timestamp("2026-11-25T00:00:00Z")
LEE = "user:lee@platform.example"
EXAMPLE = Path(__file__).parents[3] / "shared/language/exceptions/acme/EXC-2041.yaml"

TEXT = """\
# A comment that stays.
apiVersion: ringfence/v1
kind: Exception
metadata:
  name: EXC-2041
  scope: tenant/acme
  owner: team-acme-data
  description: Backfill after the October outage.
spec:
  lifts: [runner.quota.monthly-hours]
  at: [runner.deploy, runner.start]
  match:
    facts.pipeline.id: [orders-backfill]   # only this one
    facts.runner.class: [container]
  ceiling: {facts.usage.class_hours_after: 140h}
  starts_at: "2026-11-20T00:00:00Z"
  expires_at: "2026-12-05T00:00:00Z"
  requester: user:maria@acme.example
  business_justification: Re-run of 12 days of orders lost in OUT-88.
  risk_analysis: Same image, data and network as the daily run; only hours rise.
  cost_plan: {extra: 40h, cost_center: CC-4411, agreed_with: user:finops@acme.example}
"""


def _root(keys: Keys, **changes: Any) -> TrustRootDocument:
    """Return a trust root in which lee may approve acme's exceptions, with changes."""
    raw = keys["lee"].public_key().public_bytes_raw()
    import base64

    fields: dict[str, Any] = {
        "kid": "lee",
        "public": base64.urlsafe_b64encode(raw).rstrip(b"=").decode(),
        "identity": LEE,
        "uses": ["exception"],
        "tenants": ["acme"],
        "environments": ["*"],
        "not_before": "2026-01-01T00:00:00Z",
        "not_after": "2027-01-01T00:00:00Z",
        **changes,
    }
    age = fields.pop("age", "30d")
    spec = TrustRoot.model_validate({"max_exception_age": age, "keys": [fields]})
    source = load("platform/trust.yaml", b"spec: {}\n")
    assert isinstance(source, Document)
    return TrustRootDocument(source=source, spec=spec)


def _document(text: str = TEXT) -> ExceptionDocument:
    return read_exception("exceptions/acme/EXC-2041.yaml", text.encode())


def _signed(keys: Keys, text: str = TEXT, *, name: str = "lee", by: str = LEE) -> str:
    document = _document(text)
    token = sign_exception(document, by=by, key=keys[name], kid="lee", signed_at=NOW - 60)
    return with_approval(document, by=by, token=token)


def _codes(keys: Keys, text: str, **changes: Any) -> list[str]:
    found = verify_exception(_document(text), trust=[_root(keys, **changes)], now=NOW)
    return [diagnostic.code for diagnostic in found]


def test_an_approved_exception_counts(keys: Keys) -> None:
    """What lee signed and the trust root allows has no diagnostics."""
    assert _codes(keys, _signed(keys)) == []


def test_an_approval_is_put_in_and_nothing_else_changes(keys: Keys) -> None:
    """Comments and layout stay; the approval stands at the end of the spec."""
    text = _signed(keys)
    assert text.startswith(TEXT.rstrip())
    assert "# only this one" in text
    assert _document(text).spec.approval is not None


def test_what_is_signed_does_not_depend_on_layout(keys: Keys) -> None:
    """Comments, descriptions, quotes and the order of keys may change after the approval."""
    text = _signed(keys)
    other = text.replace("# only this one", "").replace("container]", '"container"]')
    other = other.replace("Backfill after", "Backfill, after").replace("team-acme-data", "team-b")
    assert other != text
    assert _codes(keys, other) == []


ALTERATIONS = {
    "a day later": ("2026-12-05", "2026-12-06"),
    "earlier": ("2026-11-20", "2026-11-19"),
    "another name": ("EXC-2041", "EXC-2042"),
    "another rule": ("runner.quota.monthly-hours", "runner.quota.concurrency"),
    "another point": ("runner.deploy, ", ""),
    "another fact": ("orders-backfill", "orders"),
    "a fact more": ("[container]", "[container, serverless]"),
    "another ceiling": ("140h", "141h"),
    "another requester": ("user:maria", "user:kim"),
    "another reason": ("OUT-88", "OUT-89"),
    "another cost": ("extra: 40h", "extra: 400h"),
    "another tenant": ("scope: tenant/acme", "scope: tenant/globex"),
}


@pytest.mark.parametrize("change", ALTERATIONS.values(), ids=ALTERATIONS.keys())
def test_an_altered_exception_does_not_count(keys: Keys, change: tuple[str, str]) -> None:
    """Whatever is changed after the approval, the signature does not fit any more."""
    text = _signed(keys)
    assert text.count(change[0]) >= 1
    assert _codes(keys, text.replace(change[0], change[1], 1), tenants=["*"]) == ["RF514"]


def test_unsigned_exceptions_do_not_count(keys: Keys) -> None:
    """An exception without approval is an error at its spec that says what to do."""
    found = verify_exception(_document(), trust=[_root(keys)], now=NOW)
    assert [(d.code, d.span.line, d.severity) for d in found] == [("RF510", 9, Severity.ERROR)]
    assert "ringfence exception approve" in found[0].help


def test_self_approved_exceptions_do_not_count(keys: Keys) -> None:
    """Nobody signs their own exception, nor does one count that names its requester as approver."""
    with pytest.raises(UsageError, match="cannot approve their own"):
        _signed(keys, TEXT.replace("user:maria@acme.example", "user:LEE@platform.example"))
    text = _signed(keys).replace(f'by: "{LEE}"', "by: user:maria@acme.example")
    assert _codes(keys, text) == ["RF511"]


def test_another_key_does_not_count(keys: Keys) -> None:
    """A signature by a key other than the one named does not fit."""
    assert _codes(keys, _signed(keys, name="stranger")) == ["RF514"]


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"kid": "other"}, "RF513", "no trust root has the key `lee`"),
        ({"uses": ["attestation"]}, "RF515", "may not approve exceptions"),
        ({"uses": ["approval"]}, "RF515", "may not approve exceptions"),
        ({"tenants": ["globex"]}, "RF515", "does not count for `acme`"),
        ({"environments": ["dev"]}, "RF515", "does not count in all environments"),
        ({"not_after": "2026-11-01T00:00:00Z"}, "RF515", "was not valid when it signed"),
        ({"not_before": "2026-11-26T00:00:00Z"}, "RF515", "was not valid when it signed"),
        ({"identity": "user:robin@acme.example"}, "RF516", "belongs to `user:robin@acme.example`"),
        ({"age": "10d"}, "RF517", "lasts longer than the platform's 10 days"),
    ],
)
def test_keys_count_only_for_what_they_are_trusted_with(
    keys: Keys, changes: dict[str, Any], code: str, message: str
) -> None:
    """The trust root decides by whom, for whom, where, when and for how long."""
    found = verify_exception(_document(_signed(keys)), trust=[_root(keys, **changes)], now=NOW)
    assert [diagnostic.code for diagnostic in found] == [code]
    assert message in found[0].message


def test_a_key_for_an_environment_counts_there(keys: Keys) -> None:
    """A key of one environment approves for that one."""
    document, trust = _document(_signed(keys)), [_root(keys, environments=["dev"])]
    assert verify_exception(document, trust=trust, now=NOW, environment="dev") == ()
    assert len(verify_exception(document, trust=trust, now=NOW, environment="prod")) == 1


def test_a_signature_from_the_future_does_not_count(keys: Keys) -> None:
    """A signature that is more than 60 s ahead of the clock is refused."""
    found = verify_exception(_document(_signed(keys)), trust=[_root(keys)], now=NOW - 121)
    assert [(d.code, "signed in the future" in d.message) for d in found] == [("RF515", True)]


def test_an_expired_exception_is_a_warning(keys: Keys) -> None:
    """A file that has expired breaks no build; its last second is the one before `expires_at`."""
    document, end = _document(_signed(keys)), parse_timestamp("2026-12-05T00:00:00Z")
    assert verify_exception(document, trust=[_root(keys)], now=end - 1) == ()
    found = verify_exception(document, trust=[_root(keys)], now=end)
    assert [(d.code, d.severity) for d in found] == [("RF518", Severity.WARNING)]


TOKENS = {
    "a compact token": lambda t: t.replace("..", ".e30."),
    "another header": lambda t: "e30" + t[t.index(".") :],
    "half a signature": lambda t: t[:-43] + "A" * 43,
}


@pytest.mark.parametrize("change", TOKENS.values(), ids=TOKENS.keys())
def test_other_tokens_are_refused(keys: Keys, change: Callable[[str], str]) -> None:
    """What is no detached EdDSA signature of this exception is an error, whoever made it."""
    document = _document(_signed(keys))
    approval = document.spec.approval
    assert approval is not None
    changed = approval.model_copy(update={"token": change(approval.token)})
    spec = document.spec.model_copy(update={"approval": changed})
    other = ExceptionDocument(source=document.source, spec=spec)
    codes = [d.code for d in verify_exception(other, trust=[_root(keys)], now=NOW)]
    assert codes in (["RF512"], ["RF514"])


def test_an_approval_token_approves_no_exception(keys: Keys) -> None:
    """A signature of another type over the same bytes does not count."""
    from ringfence.trust.jws import detach, sign_compact

    document = _document()
    header = {"alg": "EdDSA", "kid": "lee", "typ": "ringfence+jwt"}
    token = detach(sign_compact(canonical_bytes(document), header=header, key=keys["lee"]))
    assert _codes(keys, with_approval(document, by=LEE, token=token)) == ["RF512"]


def test_an_approval_is_not_replaced(keys: Keys) -> None:
    """What is approved can't be approved again: a renewal is a new exception."""
    document = _document(_signed(keys))
    with pytest.raises(UsageError, match="has an approval already"):
        with_approval(document, by=LEE, token="a..b")


def test_a_layout_without_place_is_refused() -> None:
    """A spec on one line is not rewritten; the author is told to format it."""
    spec = str(_document().source.data["spec"]).replace("'", '"')
    text = TEXT[: TEXT.index("spec:")] + f"spec: {spec}\n"
    with pytest.raises(UsageError, match="no place for the approval"):
        with_approval(_document(text), by=LEE, token=f"{'a' * 8}..{'b' * 86}")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('  expires_at: "2026-12-05T00:00:00Z"\n', ""),
        ("2026-12-05", "2026-11-20"),
        ("[orders-backfill]", "[]"),
        ("[orders-backfill]", '["*"]'),
        ("[orders-backfill]", '["orders-*"]'),
        ("[orders-backfill]", "orders-backfill"),
        ("[orders-backfill]", "[null]"),
        ("[orders-backfill]", "[1.5]"),
        ("facts.pipeline.id", "pipeline.id"),
        ("[runner.quota.monthly-hours]", "[]"),
        ("[runner.deploy, runner.start]", "[]"),
        ("140h", "1.5"),
        ("140h", '"unlimited"'),
        ("business_justification: Re-run of 12 days of orders lost in OUT-88.", 'business_justification: " "'),
        ("  risk_analysis: Same image, data and network as the daily run; only hours rise.\n", ""),
        ("extra: 40h, ", ""),
        ("extra: 40h", 'extra: ""'),
        ("cost_center: CC-4411, ", ""),
        ("cost_plan: {", "cost_plan: {} #"),
        ("  requester:", "  revoked: false\n  requester:"),
    ],
)  # fmt: skip
def test_incomplete_exceptions_are_refused(before: str, after: str) -> None:
    """Justification, risk analysis, cost plan, match and expiry are due, and stand for themselves."""
    changed = TEXT.replace(before, after, 1)
    assert changed != TEXT
    source = load("exceptions/acme/x.yaml", changed.encode())
    assert isinstance(source, Document)
    with pytest.raises(ValidationError):
        ExceptionSpec.model_validate(source.data["spec"])


@pytest.mark.skipif(not EXAMPLE.exists(), reason="the example is not there")
def test_the_example_is_read() -> None:
    """The documented example is an exception, apart from its shortened token."""
    text = EXAMPLE.read_text(encoding="utf-8").replace("..sig", f"..{'A' * 86}")
    spec = _document(text).spec
    assert spec.ceiling == {"facts.usage.class_hours_after": 140 * 3600}
    assert spec.expires_at - spec.starts_at == 15 * 86_400


@pytest.mark.parametrize(
    ("before", "after", "code", "line", "hint"),
    [
        ("[runner.deploy,", "[runner.deploi,", "RF520", 11, "did you mean `runner.deploy`?"),
        ("facts.pipeline.id", "facts.pipelin.id", "RF521", 13, "did you mean `facts.pipeline.id`?"),
        ("[container]", "[containers]", "RF522", 14, "use one of serverless, container"),
        ("[orders-backfill]", "[5]", "RF522", 13, "write a string value"),
        ("facts.pipeline.id: [orders", "facts.images: [orders", "RF522", 13, "lists are not matched"),
        ("cost_plan", "renews: EXC-2041\n  cost_plan", "RF523", 21, "a name of its own"),
    ],
)  # fmt: skip
def test_a_match_is_of_facts_that_exist(
    before: str, after: str, code: str, line: int, hint: str
) -> None:
    """Decision points, facts and values are those of the schema, and a renewal is another one."""
    document = _document(TEXT.replace(before, after, 1))
    found = check_match(document, points=all_points())
    assert {d.code for d in found} == {code}
    assert found[0].span.line == line
    assert hint in found[0].help
    assert check_match(_document(), points=all_points()) == ()


def test_waivers_are_data(keys: Keys) -> None:
    """A waiver names facts without `facts.`, times in epoch seconds, and who said why."""
    waivers = compile_waivers([_document(_signed(keys))], points=all_points())
    assert list(waivers) == ["runner.deploy", "runner.start"]
    assert waivers["runner.start"] == {
        "acme": {
            "runner.quota.monthly-hours": [
                {
                    "exception": "EXC-2041",
                    "match": [
                        {"path": ["pipeline", "id"], "values": ["orders-backfill"]},
                        {"path": ["runner", "class"], "values": ["container"]},
                    ],
                    "attested": [],
                    "ceiling": {"usage.class_hours_after": 504_000},
                    "from": parse_timestamp("2026-11-20T00:00:00Z"),
                    "until": parse_timestamp("2026-12-05T00:00:00Z"),
                    "by": LEE,
                    "reason": "Re-run of 12 days of orders lost in OUT-88.",
                    "on_the_word_of": ["caller"],
                }
            ]
        }
    }


def test_long_expired_exceptions_are_left_out(keys: Keys) -> None:
    """An expired exception stays for 30 days, so that decisions can say that it has expired."""
    end = parse_timestamp("2026-12-05T00:00:00Z")
    documents = [_document(_signed(keys))]
    assert compile_waivers(documents, points={}, now=end + 30 * 86_400) != {}
    assert compile_waivers(documents, points={}, now=end + 30 * 86_400 + 1) == {}


WAIVE = """
import data.ringfence.kernel.waive
answer := why if {
    why := waive.why("start", input.waiver)
        with data.ringfence.points.start.derived as {"usage.class_hours_after": input.hours * 3600}
        with input.facts as input.facts
        with data.ringfence.live.revoked as input.revoked
        with time.now_ns as input.now * 1000000000
}
"""


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"hours": 141}, "above_ceiling"),
        ({"pipeline": "orders"}, "other_facts"),
        ({"now": parse_timestamp("2026-12-05T00:00:00Z")}, "expired"),
        ({"now": parse_timestamp("2026-11-19T23:59:59Z")}, "not_started"),
        ({"revoked": {"EXC-2041": {}}}, "revoked"),
        ({"revoked": {"EXC-2041": False}}, "revoked"),
        ({"revoked": None}, "revocations_unknown"),
        ({"revoked": ["EXC-2041"]}, "revocations_unknown"),
        ({"waiver": {"match": []}}, "other_facts"),
        ({"waiver": {"match": {"pipeline.id": ["orders-backfill"]}}}, "other_facts"),
        ({"waiver": {"match": [{"path": ["pipeline", "id"]}]}}, "other_facts"),
        ({"waiver": {"match": None}}, "other_facts"),
        ({"waiver": {"attested": None}}, "not_attested"),
        ({"waiver": {"attested": [["scan", "status"]]}}, "not_attested"),
        ({"waiver": {"ceiling": None}}, "above_ceiling"),
    ],
)
def test_decisions_match_waivers(
    ask: Callable[..., Any], keys: Keys, changes: dict[str, Any], why: str
) -> None:
    """The kernel on the real OPA takes a compiled waiver, and says why it nearly holds."""
    compiled = compile_waivers([_document(_signed(keys))], points=all_points())
    waiver = compiled["runner.start"]["acme"]["runner.quota.monthly-hours"][0]
    given = {"hours": 140, "pipeline": "orders-backfill", "now": NOW, "revoked": {}, **changes}
    facts = {"pipeline": {"id": given["pipeline"]}, "runner": {"class": "container"}}
    modules = {
        f"{name}.rego": (rego_root() / "kernel" / name / f"{name}.rego").read_text(encoding="utf-8")
        for name in ("attested", "revoked", "waive")
    }
    question = {**given, "waiver": {**waiver, **given.get("waiver", {})}, "facts": facts}
    assert ask(WAIVE, question, modules=modules) == why


REVOCATION = """\
apiVersion: ringfence/v1
kind: Revocation
metadata: {name: EXC-2041, scope: tenant/acme, owner: team-acme-data}
spec:
  revokes: {exception: EXC-2041}
  by: user:kim@acme.example
  at: "2026-11-24T00:00:00Z"
  reason: The backfill is done.
"""


def _revocation(text: str) -> RevocationDocument:
    return parse_revocation("exceptions/revoked/EXC-2041.yaml", text.encode())


def test_revocations_are_data() -> None:
    """Exceptions stand under their names, tokens under their ids, keys under `key:` and theirs."""
    texts = [
        REVOCATION,
        REVOCATION.replace("exception: EXC-2041", "token: apr-1"),
        REVOCATION.replace("exception: EXC-2041", "key: lee"),
    ]
    revoked = compile_revocations(map(_revocation, texts))
    assert list(revoked) == ["EXC-2041", "apr-1", "key:lee"]
    assert revoked["apr-1"] == {
        "by": "user:kim@acme.example",
        "at": parse_timestamp("2026-11-24T00:00:00Z"),
        "reason": "The backfill is done.",
    }


@pytest.mark.parametrize(
    ("before", "after", "codes"),
    [
        ("", "", []),
        ("tenant/acme", "platform", []),
        ("tenant/acme", "tenant/globex", ["RF531"]),
        ("exception: EXC-2041", "key: lee", ["RF531"]),
        ("exception: EXC-2041", "exception: EXC-2014", ["RF530"]),
    ],
)
def test_revocations_reach_as_far_as_their_scope(before: str, after: str, codes: list[str]) -> None:
    """A tenant revokes its own exceptions; tokens and keys are the platform's to revoke."""
    found = check_revocations(
        [_revocation(REVOCATION.replace(before, after))], exceptions=[_document()]
    )
    assert [diagnostic.code for diagnostic in found] == codes
