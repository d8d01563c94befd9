"""Codes RF6xx: policy tests."""

from ringfence.codes.info import CodeInfo

__all__ = ["CODES"]

CODES: dict[str, CodeInfo] = {
    "RF601": CodeInfo(
        "no base request",
        "`base` names a YAML file below `fixtures/`, beside the test: one complete, allowed request.",
    ),
    "RF602": CodeInfo(
        "unknown fact",
        "The decision point has no fact of that name. The help names the nearest one.",
    ),
    "RF603": CodeInfo(
        "wrong value of a fact",
        "Values are written as in policies, typed by the decision point: durations with a unit, times "
        "quoted and in UTC, enums by name.",
    ),
    "RF604": CodeInfo(
        "missing fact",
        "The base has every always-present fact of its decision point; a case may `unset` one.",
    ),
    "RF605": CodeInfo(
        "unknown rule or exception",
        "A test names rules and exceptions of this repository, by their present ids.",
    ),
    "RF606": CodeInfo("rule takes no approval", "No approval lifts this rule, so none is signed."),
    "RF607": CodeInfo(
        "table that can't be made",
        "A table's rows and columns are two facts with listed values, and it allows some of them.",
    ),
    "RF608": CodeInfo(
        "mirror that can't be",
        "`mirror` maps a fact to another fact of the same decision point, which it repeats.",
    ),
    "RF609": CodeInfo("duplicate case", "Reports name a case by its document and its name."),
    "RF610": CodeInfo(
        "unknown release",
        "`release` is `NAME/ENVIRONMENT` of a release in this repository.",
    ),
    "RF611": CodeInfo("fact given twice", "A fact has one value: nested or dotted, set or unset."),
}
