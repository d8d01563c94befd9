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
    "RF411": CodeInfo(
        "include of an unknown folder",
        "`include` lists patterns below the directories that `ringfence.yaml` maps.",
    ),
    "RF412": CodeInfo(
        "document outside `include`",
        "A bundle is built of all documents of the repository, so `include` must name them all: "
        "what it seemed to leave out would be in force.",
    ),
    "RF413": CodeInfo(
        "no earlier environment",
        "Environments stand in the order of promotion; `after` names one that is earlier.",
    ),
    "RF414": CodeInfo(
        "too few reviewers",
        "As many people as `gate.approvals` asks for must hold keys for approvals in that "
        "environment; the `groups` of a trust root's key say which groups its holder is in.",
    ),
}
