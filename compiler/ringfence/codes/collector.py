"""Codes RF98x: what the collector refuses, and what OPA lost before it."""

from ringfence.codes.info import CodeInfo

__all__ = ["CODES"]

CODES: dict[str, CodeInfo] = {
    "RF980": CodeInfo(
        "upload that is refused whole",
        "The body is no gzip of a JSON array of decision-log events, is too large compressed or inflated, "
        "holds too many events, is nested too deeply, or came too slowly. Nothing of it is kept.",
    ),
    "RF981": CodeInfo(
        "event of a tenant that is not the principal's",
        "The decision was asked for a tenant that the principal may not report on. The other events of the "
        "upload are kept. A caller may have asked the wrong sidecar, or a credential is used elsewhere.",
    ),
    "RF982": CodeInfo(
        "event of an unknown bundle revision",
        "The decision was made by a bundle that the collector does not know, or by none. Add what "
        "`ringfence build --format json` printed to `revisions.files`, or find out who serves that bundle.",
    ),
    "RF983": CodeInfo(
        "event of another environment or another OPA",
        "The decision's environment, or a label of the OPA that made it, is not the principal's. A "
        "credential is used elsewhere, or a sidecar was configured for another environment.",
    ),
    "RF984": CodeInfo(
        "upload without a known credential",
        "The client shows no token and no certificate of a principal. `ringfence collect --new-token` makes "
        "a token, and the digest of it that the configuration keeps.",
    ),
    "RF985": CodeInfo(
        "mistake in the collector's configuration",
        "Each principal has its own credential and names a ledger's origin; each ledger has its own origin "
        "and folder.",
    ),
    "RF986": CodeInfo(
        "client that uploads too often",
        "More requests came than `limits` allows one principal. OPA tries again by itself.",
    ),
    "RF987": CodeInfo(
        "collector that takes no more at present",
        "It works on as many uploads as `limits.at_once` allows, or the ledger cannot be written. OPA tries "
        "again by itself, and drops its oldest events once its own buffer is full.",
    ),
    "RF988": CodeInfo(
        "events that OPA has dropped",
        "OPA's own counters say that decision-log events were lost before they were uploaded: its buffer "
        "was full, its rate limit was met, or an event could not be encoded. A gap record says how many OPA "
        "counted, which may be too few: a whole upload that it drops from its buffer counts as one.",
    ),
    "RF989": CodeInfo(
        "events that are dated far from their arrival",
        "They are older than `limits.age`, or over five minutes ahead. They are kept, and a gap record says "
        "by how much: a sidecar dates its decisions back, OPA held them while nobody took them, or a clock "
        "is wrong.",
    ),
}
