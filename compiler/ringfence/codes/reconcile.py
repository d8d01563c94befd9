"""Codes RF99x: runs and decisions that do not fit together."""

from ringfence.codes.info import CodeInfo

__all__ = ["CODES"]

CODES: dict[str, CodeInfo] = {
    "RF990": CodeInfo(
        "run that no trusted runner has signed",
        "A runner signs the record of its run with a key that no sidecar has. What anyone can write shows "
        "nothing, so such a record counts for no decision.",
    ),
    "RF991": CodeInfo(
        "decision that the ledger lacks",
        "A signed run, or a decision log, names a decision of which the ledger has no record. OPA lost the "
        "event, somebody kept it back, or it is not yet under a checkpoint.",
    ),
    "RF992": CodeInfo(
        "decision without a run",
        "A decision allowed a run, and after the grace time no signed run names it. The run was never "
        "closed, never happened, or its record is kept back.",
    ),
    "RF993": CodeInfo(
        "run that is not as it was decided",
        "The run's record and the decision that it names differ: in the tenant, the runner, the outcome of "
        "a rule, or in that the decision did not allow it.",
    ),
    "RF994": CodeInfo(
        "decision that its policy does not give",
        "The recorded bundle, evaluated again on the recorded input and clock, decides otherwise. Either the "
        "OPA that reported it did not run that bundle, or the event was altered before it was delivered.",
    ),
    "RF995": CodeInfo(
        "approval used too often",
        "More runs were allowed by one approval than it may serve. Find out who passed it on, and revoke it.",
    ),
    "RF996": CodeInfo(
        "revoked approval or exception that lifted a rule",
        "It was revoked before the decision was made: the OPA had an old live bundle, or none of ours.",
    ),
    "RF997": CodeInfo(
        "decision by a retired bundle",
        "The bundle's revision was retired before the decision was made. Find out why that OPA did not load "
        "its successor.",
    ),
    "RF998": CodeInfo(
        "log that is not the ledger's",
        "The event in the log makes another record than the one that stands in the ledger under its id. One "
        "of the two was altered.",
    ),
}
