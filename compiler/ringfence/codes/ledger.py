"""Codes RF94x and RF95x: the ledger, its checkpoints and witnesses."""

from ringfence.codes.info import CodeInfo

__all__ = ["CODES"]

CODES: dict[str, CodeInfo] = {
    "RF940": CodeInfo(
        "ledger that cannot be read or written",
        "The system refused, such as on a full disk. What was not acknowledged is not held; make room, "
        "and send it again.",
    ),
    "RF942": CodeInfo(
        "damaged write-ahead log",
        "A broken frame stands before whole ones, or a segment is missing, which no crash does. Nothing "
        "is cut: restore the file from a copy, or find out who altered it.",
    ),
    "RF945": CodeInfo(
        "tile or entry bundle that is missing or malformed",
        "A tile of C2SP tlog-tiles holds up to 256 hashes, a bundle as many entries, each behind its "
        "length. Restore the file from a copy, or find out who altered it.",
    ),
    "RF946": CodeInfo(
        "ledger that has stopped",
        "After a failed sync nobody knows what is on disk. Open the ledger anew, which reads back what "
        "is there; what was not acknowledged has to be sent again.",
    ),
}
