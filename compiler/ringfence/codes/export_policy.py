"""Codes RF972 to RF979: what an export policy forbids, and packages made under one."""

from ringfence.codes.info import CodeInfo

__all__ = ["CODES"]

CODES: dict[str, CodeInfo] = {
    "RF972": CodeInfo(
        "export that must be recorded",
        "With `recorded: true` the ledger gets an `export_event` record of each export, before the package "
        "is written.",
    ),
    "RF973": CodeInfo(
        "format that the export policy forbids",
        "`formats` of the policy names the forms of a package, `folder` and `archive`, and the views that "
        "may leave.",
    ),
    "RF974": CodeInfo(
        "region that the export policy forbids",
        "`regions` of the policy names where packages may go. Say where this one goes with `--region`.",
    ),
    "RF975": CodeInfo(
        "package that must be encrypted, or to someone else",
        "The policy demands age, and may name the only recipients. Pass `--recipient`.",
    ),
    "RF976": CodeInfo(
        "records beyond their retention",
        "A decision that claims to be older than `retention.days` does not leave the ledger.",
    ),
    "RF977": CodeInfo(
        "export that would ask over a network",
        "With `no_egress` an export asks nobody, and so gets no timestamp.",
    ),
    "RF978": CodeInfo(
        "encrypted package that does not open",
        "Pass with `--identity` the private key of one of its recipients, as `age-keygen` writes it. An "
        "altered package does not open either.",
    ),
    "RF979": CodeInfo(
        "enterprise part that does not follow",
        "Export policy, standing of controls and OSCAL in a package follow from its policy, bundles and "
        "records; where you bring a policy along, it is that one.",
    ),
}
