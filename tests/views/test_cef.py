"""Facts about CEF: whatever a caller chose, a record is one line of the fields that we wrote."""

import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evidence.samples import decision
from tests.export.samples import HOSTILE, ORIGIN, all_records, decided

from ringfence.evidence.records import RecordKind, make_record
from ringfence.ledger.search import Placed
from ringfence.report.escape import escape_line
from ringfence.views.cef import cef_line
from ringfence.views.seen import Seen

KEYS = [
    "rt", "cat", "externalId", "act", "outcome", "suser", "cs1Label", "cs1", "cs2Label", "cs2",
    "cs3Label", "cs3", "cs4Label", "cs4", "cs5Label", "cs5", "cs6Label", "cs6", "cn1Label", "cn1",
    "flexString1Label", "flexString1",
]  # fmt: skip


def parse(line: str) -> tuple[list[str], dict[str, str]]:
    """Read a line as the standard says: seven fields by bare `|`, then keys before bare `=`."""
    *head, extension = _mask(line).split("|", maxsplit=7)
    assert len(head) == 7
    keys = list(re.finditer(r"(?:^| )([A-Za-z0-9]+)=", extension))
    ends = [one.start() for one in keys[1:]] + [len(extension)]
    fields = [(k[1], extension[k.end() : end]) for k, end in zip(keys, ends, strict=True)]
    assert len(dict(fields)) == len(fields)
    return [_plain(one) for one in head], {key: _plain(value) for key, value in fields}


_ESCAPED = {"\\\\": "\ue000", "\\|": "\ue001", "\\=": "\ue002"}


def _mask(line: str) -> str:
    return re.sub(r"\\[\\|=]", lambda found: _ESCAPED[found[0]], line)


def _plain(text: str) -> str:
    return text.replace("\ue000", "\\").replace("\ue001", "|").replace("\ue002", "=")


def test_a_decision_is_told() -> None:
    """Verdict, point, tenant, rules with their part, revision, trace, index and leaf stand in their fields."""
    placed = Placed(7, decided(3))
    head, fields = parse(cef_line(Seen.of(placed, origin=ORIGIN)))
    assert head == ["CEF:0", "ringfence", "ringfence", "1", "decision", "blocked runner.start", "5"]
    assert list(fields) == [key for key in KEYS if key != "suser"]
    assert fields["rt"] == "1795204980500"
    assert (fields["cn1"], fields["cs5"]) == ("7", placed.leaf.hex())
    assert (fields["cs1"], fields["cs2"], fields["cs6"]) == ("acme", "runner.start", ORIGIN)
    assert fields["cs3"].startswith("blocked:runner.timeout,waived:runner.quota.monthly-hours")
    assert (fields["externalId"], fields["flexString1"]) == ("decision-3", "trace-1")


def test_every_record_has_a_line() -> None:
    """Gaps and records without a time are in it too: a system that watches must see them."""
    for position, record in enumerate(all_records()):
        head, fields = parse(cef_line(Seen.of(Placed(position, record), origin=ORIGIN)))
        assert head[4] == record.kind.value
        assert fields["cn1"] == str(position)
        assert ("rt" in fields) == (record.kind is RecordKind.DECISION)


def test_hostile_texts_stay_in_their_fields() -> None:
    """Newlines, pipes and equals signs of a rule, an id and a tenant end nothing."""
    reason = {"rule": HOSTILE, "action": HOSTILE, "level": "enforce", "source": HOSTILE}
    made = decided(1, tenant=HOSTILE, decision_id=HOSTILE, result=decision(reasons=[reason]))
    line = cef_line(Seen.of(Placed(1, made), origin=ORIGIN))
    _, fields = parse(line)
    assert fields["externalId"] == fields["cs1"] == escape_line(HOSTILE)
    assert "\n" not in line


TEXTS = st.text(
    alphabet=st.one_of(
        st.sampled_from("|=\\ \n\r\t\x00\x0b\x0c\x1c\x85\u2028\u2029\u202e"),
        st.characters(exclude_categories=["Cs", "Co"]),
    ),
    max_size=40,
)


@settings(max_examples=400, deadline=None)
@given(TEXTS, TEXTS, TEXTS, TEXTS, TEXTS)
def test_no_text_begins_a_line_a_field_or_a_key(
    point: str, tenant: str, rule: str, trace: str, revision: str
) -> None:
    """Any text comes back out of its field as it is shown elsewhere, and no other field changes."""
    reason = {"rule": rule, "action": "block", "level": "enforce", "source": ""}
    body = {
        **decided(1).body, "point": point, "tenant": tenant, "trace_id": trace,
        "reasons": [reason], "waived": [], "approvals": [], "bundles": {"runtime": revision},
    }  # fmt: skip
    placed = Placed(3, make_record(RecordKind.DECISION, body))
    line = cef_line(Seen.of(placed, origin=ORIGIN))
    assert len(line.splitlines()) == 1
    head, fields = parse(line)
    assert head[5] == escape_line(f"blocked {point}".strip())
    assert fields["cs1"] == escape_line(tenant) if tenant else "cs1" not in fields
    assert fields["cs3"] == escape_line(f"blocked:{rule}")
    assert fields.get("flexString1", "") == escape_line(trace)
    assert fields.get("cs4", "") == escape_line(revision)
    assert fields["cs5"] == placed.leaf.hex()
    assert set(fields) <= set(KEYS)


def test_long_values_are_cut_before_they_are_escaped() -> None:
    """A value ends at 4,000 characters, and never in the middle of an escape."""
    seen = Seen.of(Placed(1, decided(1)), origin=ORIGIN)
    long = replace(seen, body={**seen.body, "trace_id": "=" * 5000})
    assert parse(cef_line(long))[1]["flexString1"] == "=" * 4000
