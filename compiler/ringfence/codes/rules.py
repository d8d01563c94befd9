"""Codes RF3xx: rules, parameters and merging."""

from ringfence.codes.info import CodeInfo

__all__ = ["CODES"]

CODES: dict[str, CodeInfo] = {
    "RF301": CodeInfo(
        "duplicate rule id",
        "Rule ids are stable for ever and unique in a repository: reasons, exceptions, levels and "
        "controls refer to them. A rename keeps the old id under `was`.",
    ),
    "RF302": CodeInfo(
        "looser than the broader scope",
        "A narrower scope tightens. What loosens stands under `loosens`, with a rationale.",
    ),
    "RF303": CodeInfo(
        "may not be loosened",
        "The broader scope lists under `overridable` what narrower ones may loosen, and how far.",
    ),
    "RF304": CodeInfo(
        "loosens nothing",
        "`loosens` lists exactly the fields that are looser here, so that a reviewer can trust it.",
    ),
    "RF305": CodeInfo(
        "no value in any scope",
        "A limit that nobody sets would block or allow by accident; the tenant or the platform says it.",
    ),
    "RF306": CodeInfo(
        "more than one policy",
        "One document of this kind a scope: two could contradict each other.",
    ),
    "RF307": CodeInfo("unknown decision point", "The help lists the decision points."),
    "RF308": CodeInfo(
        "namespace is taken",
        "A namespace of facts belongs to one document, so that a fact has one owner and one type.",
    ),
    "RF309": CodeInfo("value does not fit the type", "The value is not of the declared type."),
    "RF310": CodeInfo(
        "unknown parameter", "`set` names parameters of broader sets, as SET.PARAMETER."
    ),
    "RF311": CodeInfo("not at this scope", "Only the broader scope may say this."),
    "RF312": CodeInfo(
        "wider than the platform's matrix",
        "A tenant's matrix lists combinations that the platform's has, for data at most as sensitive.",
    ),
    "RF313": CodeInfo(
        "no matrix", "A tenant's RunnerPolicy lists the combinations that it may run on."
    ),
    "RF314": CodeInfo(
        "contract without a workload",
        "Rules of a contract govern one workload, so their decision point has a `workload.id`.",
    ),
    "RF315": CodeInfo(
        "an empty allow-list", "It allows nothing; a list of everything is written out as `*`."
    ),
    "RF316": CodeInfo(
        "everything is allowed",
        "A pattern allows tools that nobody has looked at yet, as soon as a lock pins them.",
    ),
    "RF317": CodeInfo(
        "unknown tool server",
        "A tool is written SERVER/TOOL, with a server of this policy, named as its lock names it.",
    ),
    "RF318": CodeInfo(
        "unknown tool or argument",
        "An allowed tool is pinned by its server's lock, so that one that changes is not called.",
    ),
    "RF319": CodeInfo(
        "unclear permission",
        "What changes things and needs no approval has a rationale; a tool stands once.",
    ),
    "RF320": CodeInfo("allowed and denied", "A denial always wins, in whatever scope it stands."),
    "RF321": CodeInfo(
        "the server says otherwise",
        "The pinned `readOnlyHint` of the tool contradicts the effect that the policy states.",
    ),
    "RF322": CodeInfo(
        "an instruction that no rule enforces",
        "A rule that stands in a prompt persuades and enforces nothing; a rule of the policy does.",
    ),
}
