"""Codes RF96x: evidence packages made of a ledger."""

from ringfence.codes.info import CodeInfo

__all__ = ["CODES"]

CODES: dict[str, CodeInfo] = {
    "RF960": CodeInfo(
        "export of what the package is not for",
        "Nothing of a tenant that was not asked for, or that the caller may not have, leaves the ledger. "
        "Ask whoever writes the export policy.",
    ),
    "RF961": CodeInfo(
        "nothing to export",
        "No record under the checkpoint is of the tenant, in the window and about the ids. An empty "
        "package would look like an answer, so none is written.",
    ),
    "RF962": CodeInfo(
        "malformed part of an evidence package",
        "Proofs are lines of JSON in one form, one for each record and in the log's order; witnesses' "
        "files are those of the checkpoint. Ask whoever exported the package for an unaltered copy.",
    ),
    "RF963": CodeInfo(
        "record of another tenant",
        "A package holds records of the tenants that its statement names, and the log's key events. "
        "Tell whoever exported it: a record may have been disclosed.",
    ),
    "RF964": CodeInfo(
        "no proof from the pinned checkpoint",
        "A package leads to its checkpoint from those that `--pinned` named when it was exported. Ask "
        "for one that was exported with the checkpoint that you keep.",
    ),
    "RF965": CodeInfo(
        "policy bundle that did not decide",
        "A bundle in a package has the digests of its revision, and a record of the package names that "
        "revision. Pass the bundle that was in force.",
    ),
    "RF966": CodeInfo(
        "view or page that does not follow from the records",
        "Views, summaries and the guide in a package are derived from its records and statement, and "
        "derived anew when it is verified. Derive a view yourself with `ringfence evidence view`.",
    ),
    "RF967": CodeInfo(
        "no usable timestamp",
        "A timestamp is a response of RFC 3161 in DER that grants a token. Ask the authority again, and "
        "pass the certificates of its root in PEM.",
    ),
    "RF968": CodeInfo(
        "timestamp of something else",
        "A timestamp counts for the checkpoint that it was asked for, and for the request that asked. Ask "
        "for one of this checkpoint.",
    ),
    "RF969": CodeInfo(
        "timestamp by no trusted authority",
        "The token's signature leads to no root that you trust, by a certificate for timestamps that was "
        "valid at its time. Pass the root that you trust, never one out of the package.",
    ),
}
