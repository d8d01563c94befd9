"""Codes RF9xx: decision logs, evidence and its verification."""

from ringfence.codes.info import CodeInfo

__all__ = ["CODES"]

_ASK = "Ask whoever sealed the package for an unaltered copy, and find out who changed this one."

CODES: dict[str, CodeInfo] = {
    "RF901": CodeInfo(
        "log that cannot be read",
        "The file is missing, or its compression is broken or ends too early. What came before the "
        "break was read.",
    ),
    "RF902": CodeInfo(
        "log over a limit",
        "A line or the unpacked file is longer than allowed, so that a small file cannot fill memory.",
    ),
    "RF903": CodeInfo(
        "log line that is not strict JSON",
        "Equal keys in one object, lone surrogates, NaN and nesting deeper than 64 are refused too, "
        "since readers disagree on what they mean.",
    ),
    "RF904": CodeInfo(
        "not a decision-log event",
        "An event has a `decision_id` and an RFC 3339 `timestamp`, and its other fields have the types "
        "that OPA gives them.",
    ),
    "RF905": CodeInfo(
        "record that its deliverer may not bring",
        "A principal delivers the kinds that the collector's configuration lists in its `records`.",
    ),
    "RF906": CodeInfo(
        "record of a decision that the ledger does not hold",
        "A review, an explanation or a lineage names a decision of its tenant. Deliver it once the "
        "decision has been uploaded; compare id, tenant and trace, and of an explanation the action.",
    ),
    "RF907": CodeInfo(
        "records that could not be delivered",
        "The collector could not be reached, refused the request, or answered nothing usable before the "
        "deadline. What it has taken it takes once: send the same file again.",
    ),
    "RF908": CodeInfo(
        "record that cannot be delivered",
        "One line of RFC 8785 bytes in the envelope, of a kind that others make. Decisions come in as logs, "
        "and the ledger itself makes conflicts and key events.",
    ),
    "RF909": CodeInfo(
        "record not in the form of its kind",
        "Each kind has its members, all of one type and bounded, and no others. The message names places, "
        "never values.",
    ),
    "RF910": CodeInfo(
        "record that cannot be written",
        "A record is RFC 8785 bytes, at most 65,535 of them, which is what a C2SP entry bundle holds.",
    ),
    "RF911": CodeInfo(
        "decision of another policy",
        "Only decisions of `ringfence/main/decision` have a known shape, and only known fields are "
        "copied into evidence.",
    ),
    "RF912": CodeInfo(
        "two decisions under one id",
        "The first is kept, and a conflict record holds the hashes of both. Either a log was altered, "
        "or a caller forged an event.",
    ),
    "RF913": CodeInfo(
        "run that cannot be closed",
        "A run record needs every mandatory field. The message lists what is missing or refused, never "
        "its value.",
    ),
    "RF914": CodeInfo(
        "package that cannot be written",
        "The target must be a new or an empty folder, and there must be at least one record.",
    ),
    "RF915": CodeInfo(
        "unusable origin or key",
        "An origin is a name such as `example.com/runners`: visible ASCII without spaces and `+`. "
        "A log key is an Ed25519 key.",
    ),
    "RF916": CodeInfo(
        "personal store that cannot be used",
        "It is not there, its key is another, or it was altered; a disk may be full. Nothing was recorded "
        "that commits to a value which the store does not hold.",
    ),
    "RF917": CodeInfo(
        "erasure that a legal hold forbids",
        "`holds.yaml` beside the personal store names the tenant and the period, or cannot be read. Nothing "
        "was erased.",
    ),
    "RF918": CodeInfo(
        "value that does not fit its commitment",
        "What the personal store holds is not what the record committed to: one of the two was altered.",
    ),
    "RF920": CodeInfo(
        "not a package",
        "A package is a folder of plain files, or an archive in the one form that an export writes. "
        + _ASK,
    ),
    "RF921": CodeInfo(
        "malformed checkpoint",
        "A checkpoint is a C2SP signed note of origin, size and root. " + _ASK,
    ),
    "RF922": CodeInfo(
        "not signed by the trusted key",
        "The checkpoint carries no signature by the key that was passed. Pass the key of the log that "
        "you trust; never take it from the package.",
    ),
    "RF923": CodeInfo("checkpoint signature does not fit", "The checkpoint was altered. " + _ASK),
    "RF924": CodeInfo(
        "another origin", "The checkpoint is of another log than the one that was asked for."
    ),
    "RF925": CodeInfo(
        "malformed record",
        "`records.jsonl` holds one record a line, each of a known kind and at most 65,535 bytes. "
        + _ASK,
    ),
    "RF926": CodeInfo(
        "records that are not the signed ones",
        "As many records as were signed have another root: a record was altered, or some were moved. Where "
        "the tiles of a ledger still lead to the signed root, the message names the first such record. "
        + _ASK,
    ),
    "RF927": CodeInfo(
        "malformed statement",
        "The statement is an in-toto Statement in a DSSE envelope, in the one encoding that sealing "
        "writes. " + _ASK,
    ),
    "RF928": CodeInfo("statement signature does not fit", "The statement was altered. " + _ASK),
    "RF929": CodeInfo("altered file", "A file is not the one that the statement names. " + _ASK),
    "RF930": CodeInfo(
        "proof that does not hold",
        "The inclusion or consistency proof does not lead to the root (RFC 9162, sections 2.1.3.2 and "
        "2.1.4.2).",
    ),
    "RF931": CodeInfo(
        "another number of records",
        "Fewer records stand here than the checkpoint says, or more: some were dropped, cut off or put in, "
        "or an entry bundle is missing. " + _ASK,
    ),
    "RF932": CodeInfo(
        "records in another order",
        "All records that were signed are here, and some stand in another place. The order of a log is "
        "that in which records arrived. " + _ASK,
    ),
    "RF933": CodeInfo(
        "two trees of one size",
        "The log has signed two trees of the same size with different roots. Keep both checkpoints: "
        "together they show that its operator, or whoever has its key, told two stories.",
    ),
    "RF934": CodeInfo(
        "extra file in a package",
        "A file that the statement does not name has been signed by nobody. " + _ASK,
    ),
    "RF935": CodeInfo(
        "file missing from a package",
        "Every file that the layout or the statement names must be there. " + _ASK,
    ),
    "RF936": CodeInfo(
        "unusable name in a package",
        "Names are made of letters, digits, `.`, `_` and `-`, begin with a letter or digit, and lead "
        "nowhere outside. Unpack nothing of it. " + _ASK,
    ),
    "RF937": CodeInfo(
        "no plain file in a package",
        "Links, devices, pipes and empty folders may stand for something else when they are read "
        "again. " + _ASK,
    ),
    "RF938": CodeInfo(
        "package over a limit",
        "Files, their number, depth and bytes are bounded, so that a package cannot fill memory or "
        "disk.",
    ),
    "RF939": CodeInfo(
        "record of nothing that is known",
        "A grant is recorded from a token that the trust root verifies, and a review, an explanation or a "
        "lineage of a decision that the ledger holds.",
    ),
}
