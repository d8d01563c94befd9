"""Codes RF97x: proofs in files, questions to a ledger, packages that are exported from one."""

from ringfence.codes.info import CodeInfo

__all__ = ["CODES"]

CODES: dict[str, CodeInfo] = {
    "RF970": CodeInfo(
        "malformed proof",
        "A proof is a C2SP tlog-proof whose extra data is the record; `proofs.jsonl` of a package has "
        "one line for each record, in the one encoding that exporting writes.",
    ),
    "RF971": CodeInfo(
        "nothing is known of this id",
        "No record under the checkpoint names it as its decision, trace or run. That is no answer, and "
        "above all no allow: the decision may have been lost, be of another ledger, or not yet be under "
        "a checkpoint.",
    ),
    "RF972": CodeInfo(
        "export that its controls refuse",
        "The declared export controls forbid this format or region, or demand encryption. Ask whoever "
        "declares them; nothing was written.",
    ),
    "RF973": CodeInfo(
        "record that does not belong into the package",
        "A package holds the records of its one tenant and the log's own key events, in the log's order, "
        "each once.",
    ),
    "RF974": CodeInfo(
        "export that cannot be made",
        "No record fits what was asked for, or an input cannot be used.",
    ),
    "RF975": CodeInfo(
        "mistake in the declared controls",
        "The file says what the export's profile needs: retention, what may leave in which format and "
        "to which region, encryption, and which rules implement which controls.",
    ),
}
