"""Codes RF4xx: releases and levels."""

from ringfence.codes.info import CodeInfo

__all__ = ["CODES"]

CODES: dict[str, CodeInfo] = {
    "RF401": CodeInfo("unknown environment", "Environments are listed under `environments`."),
    "RF402": CodeInfo(
        "level of an unknown rule",
        "`levels.rules` names rules that exist, by their present id or one under `was`.",
    ),
    "RF403": CodeInfo(
        "superseded release is not recorded",
        "Steps are counted from the levels of the release that this one supersedes; "
        "`ringfence build --record` writes them to the release's lock file.",
    ),
    "RF404": CodeInfo(
        "more than one step up",
        "A rule goes up one level at a time, observe, warn, enforce, correct, and down at any time.",
    ),
    "RF405": CodeInfo(
        "invariant on the ladder", "Invariants are always enforced; no release lists them."
    ),
    "RF406": CodeInfo("row after `*`", "The first row that matches decides, so `*` comes last."),
    "RF407": CodeInfo(
        "unknown wave", "A wave is named by a `Tenant` document; a row of no tenant does nothing."
    ),
    "RF408": CodeInfo("no default level", "`levels.default` names a level for each environment."),
    "RF409": CodeInfo("unknown release", "The help lists the releases of the repository."),
    "RF410": CodeInfo(
        "no step down", "A step-down is milder than the level that the release gives the rule."
    ),
}
