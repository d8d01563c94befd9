"""Codes RF1xx: envelope and models."""

from ringfence.codes.info import CodeInfo

__all__ = ["CODES"]

CODES: dict[str, CodeInfo] = {
    "RF101": CodeInfo(
        "unknown key",
        "Keys that no one reads would be mistakes that no one sees. The help names the nearest key.",
    ),
    "RF102": CodeInfo("missing key", "The key is due at this place."),
    "RF103": CodeInfo(
        "wrong value",
        "The value has the wrong type, or is outside what the field may hold.",
    ),
    "RF104": CodeInfo("unknown apiVersion", "Documents of this version say `ringfence/v1`."),
    "RF105": CodeInfo("unknown kind", "The help lists the kinds, or names the nearest."),
    "RF106": CodeInfo(
        "scope and directory disagree",
        "Ownership goes by path, so a document's `scope` must be that of its directory in "
        "`ringfence.yaml`.",
    ),
    "RF107": CodeInfo(
        "kind may not stand here",
        "`ringfence.yaml` lists the kinds that a directory may hold, and each kind its scopes.",
    ),
    "RF108": CodeInfo(
        "file outside the declared directories",
        "Every YAML file of a policy repository lies in a directory that `ringfence.yaml` maps to a "
        "scope. Files below `fixtures/` and `*.lock.yaml` are not policies.",
    ),
    "RF109": CodeInfo("unknown owner", "`owner` is one of the teams in `ringfence.yaml`."),
    "RF110": CodeInfo("no project file", "A policy repository has a `ringfence.yaml` at its root."),
    "RF111": CodeInfo(
        "another ringfence is due",
        "`ringfence.yaml` states the versions of ringfence that may compile this repository.",
    ),
    "RF112": CodeInfo(
        "duplicate name", "Two documents of one kind and scope have the same `metadata.name`."
    ),
    "RF113": CodeInfo(
        "no such file beside the policy",
        "A policy names files of its own scope or of a broader one, relative to itself.",
    ),
    "RF114": CodeInfo(
        "reserved tenant",
        "`platform` names the platform itself, which is governed at points such as `policy.activate`.",
    ),
    "RF116": CodeInfo(
        "not the lock file that was written",
        "Lock files are written by `ringfence tools pin`: each digest is that of the definition beside "
        "it.",
    ),
}
