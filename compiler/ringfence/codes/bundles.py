"""Codes RF7xx: build and bundle."""

from ringfence.codes.info import CodeInfo

__all__ = ["CODES"]

_REBUILD = "Build it again with `ringfence build`, and find out who changed it."

CODES: dict[str, CodeInfo] = {
    "RF701": CodeInfo(
        "not a bundle", "A bundle is one gzip tar archive, whole, with nothing after its end."
    ),
    "RF702": CodeInfo(
        "bundle too large",
        "An archive may hold only so many files and bytes, so that a small file cannot fill memory.",
    ),
    "RF703": CodeInfo(
        "unsafe archive",
        "A bundle holds plain files under relative paths, each once: no links, no `..`.",
    ),
    "RF704": CodeInfo(
        "not JSON",
        "OPA hashes `data.json` and `.manifest` by their meaning, so they must be JSON in UTF-8. "
        "Data in YAML is not supported in a signed bundle.",
    ),
    "RF705": CodeInfo(
        "file that evades the signature",
        "OPA verifies no signature of a bundle that holds `patch.json`, and covers no "
        "`.signatures.json` by one. Leave them out.",
    ),
    "RF710": CodeInfo("unsigned bundle", "It has no `.signatures.json`. " + _REBUILD),
    "RF711": CodeInfo(
        "not a signature of OPA's", "`.signatures.json` holds exactly one JWT. " + _REBUILD
    ),
    "RF712": CodeInfo(
        "signed by an unknown key",
        "The signature names a key that you did not say to trust. Pass its public key if it is "
        "yours.",
    ),
    "RF713": CodeInfo(
        "signed for something else",
        "Only ES256 is accepted, and only the scope that was asked for: which key and algorithm "
        "count is never the bundle's own choice.",
    ),
    "RF714": CodeInfo(
        "signature does not fit", "Another key made it, or it was altered. " + _REBUILD
    ),
    "RF715": CodeInfo("altered file", "A file is not the one that was signed. " + _REBUILD),
    "RF716": CodeInfo("missing file", "A file that was signed is not in the bundle. " + _REBUILD),
    "RF717": CodeInfo("extra file", "A file that nobody signed is in the bundle. " + _REBUILD),
}
