"""Codes RF97x: proofs in files, and questions to a ledger."""

from ringfence.codes.info import CodeInfo

__all__ = ["CODES"]

CODES: dict[str, CodeInfo] = {
    "RF970": CodeInfo(
        "malformed proof",
        "A proof is a C2SP tlog-proof whose extra data is the record, as `ringfence evidence prove` "
        "writes it.",
    ),
    "RF971": CodeInfo(
        "nothing is known of this id",
        "No record under the checkpoint names it as its decision, trace or run. That is no answer, and "
        "above all no allow: the decision may have been lost, be of another ledger, or not yet be under "
        "a checkpoint.",
    ),
}
