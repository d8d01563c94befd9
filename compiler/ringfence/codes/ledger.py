"""Codes RF94x and RF95x: the ledger, its checkpoints and witnesses."""

from ringfence.codes.info import CodeInfo

__all__ = ["CODES"]

CODES: dict[str, CodeInfo] = {
    "RF940": CodeInfo(
        "ledger that cannot be read or written",
        "The system refused, such as on a full disk. What was not acknowledged is not held; make room, "
        "and send it again.",
    ),
    "RF941": CodeInfo(
        "folder that another writer has open",
        "A ledger, and a witness, has one writer, which holds a lock until its process ends.",
    ),
    "RF942": CodeInfo(
        "damaged write-ahead log",
        "A broken frame stands before whole ones, or a segment is missing, which no crash does. Nothing "
        "is cut: restore the file from a copy, or find out who altered it.",
    ),
    "RF943": CodeInfo(
        "ledger that is smaller than what was signed",
        "Records that were under a signed checkpoint are not here: an old backup was restored, or a file "
        "was cut. Nothing is signed. Restore the newer copy; if there is none, begin a new ledger under "
        "another origin.",
    ),
    "RF944": CodeInfo(
        "ledger that departs from what was signed",
        "At the size that was signed, the tree has another root, so that a record was changed after it "
        "was signed. Nothing is signed. Restore an unaltered copy, and find out who changed this one.",
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
    "RF947": CodeInfo(
        "not this ledger",
        "The folder holds no ledger, one already, or one of another origin or version than was asked for.",
    ),
    "RF948": CodeInfo(
        "key event that does not hold",
        "A ledger's first record names its first key; each rotation is signed by the key before it and "
        "by the new one, and says from and up to which tree size they sign.",
    ),
    "RF949": CodeInfo(
        "checkpoint by a key that is not valid at its size",
        "The key signs for trees of other sizes only: it was retired before, or not yet in use.",
    ),
    "RF950": CodeInfo(
        "no private key for this size",
        "Every key that is valid at the tree's size must sign, during a rotation both. Pass the private "
        "keys that the message names.",
    ),
    "RF951": CodeInfo(
        "witness that does not answer",
        "It could not be reached, or did not answer as C2SP tlog-witness says. Nothing is lost; it is "
        "asked again at the next checkpoint.",
    ),
    "RF952": CodeInfo(
        "too few witnesses",
        "The checkpoint carries fewer cosignatures of the trusted witnesses than the quorum asks for, "
        "so that the log's operator could show others another tree.",
    ),
    "RF953": CodeInfo(
        "cosignature that does not fit",
        "A line claims to be a known witness's and does not verify: the checkpoint or the line was "
        "altered.",
    ),
    "RF954": CodeInfo(
        "cosignature from the future",
        "Its time is over five minutes ahead. One of the two clocks is wrong.",
    ),
    "RF955": CodeInfo(
        "cosignatures that are too old",
        "The quorum is met only by cosignatures over the age that was asked for: this may be an old "
        "checkpoint of a log that has grown. Ask for the newest one.",
    ),
    "RF956": CodeInfo(
        "quorum that shows nothing",
        "Witnesses whom the log's own operator runs can cosign two trees. A quorum that they meet alone "
        "is refused, and so is one that repeats a key or cannot be met.",
    ),
    "RF957": CodeInfo(
        "index that cannot be used, or does not fit",
        "The index repeats what the records say. Remove `index.sqlite`; it is built anew when the ledger "
        "is opened.",
    ),
    "RF958": CodeInfo(
        "malformed request to a witness",
        "It is an old size, up to 63 hashes, an empty line and a checkpoint (C2SP tlog-witness).",
    ),
    "RF959": CodeInfo(
        "copies that do not agree",
        "The records are those that were signed, but a tile, a partial one or a frame says something "
        "else. Proofs that are read from it fail. Restore the file from a copy.",
    ),
}
