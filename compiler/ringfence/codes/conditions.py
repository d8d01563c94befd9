"""Codes RF2xx: facts and conditions in CEL."""

from ringfence.codes.info import CodeInfo

__all__ = ["CODES"]

CODES: dict[str, CodeInfo] = {
    "RF201": CodeInfo(
        "condition too large",
        "Text, nesting, number of parts, quantifiers, lists and the cases that ternaries expand to "
        "are bounded, so that no policy makes decisions slow. Split the condition into rules.",
    ),
    "RF202": CodeInfo(
        "condition syntax",
        "The text is not CEL: write `==`, `&&`, `||` and `!`, and close every bracket.",
    ),
    "RF203": CodeInfo(
        "string form",
        "Strings stand on one line between straight quotes, with CEL's escapes, and hold no "
        'control characters. A raw string, `r"…"`, keeps backslashes.',
    ),
    "RF204": CodeInfo(
        "number outside the domain",
        "Numbers are plain decimal digits: at most 15 before the point and 6 after it.",
    ),
    "RF206": CodeInfo(
        "unknown name",
        "Names are `facts.…` of the decision point, `params.…` of the policy, `tenant` and `now`.",
    ),
    "RF207": CodeInfo(
        "not a value",
        "An object, a record or a list is not one value. Name a fact or a field, or ask the items "
        "with `exists`, `all`, `in` or `size`.",
    ),
    "RF208": CodeInfo(
        "outside the language",
        "Conditions are the subset of CEL that can't fail at decision time: no division, indexing, "
        "conversions, maps, `null` or other macros than `exists` and `all`.",
    ),
    "RF209": CodeInfo(
        "types do not agree",
        "Facts and parameters are typed, and only values of one type compare or calculate. "
        'Durations and times are written `duration("15m")` and `timestamp("…Z")`.',
    ),
    "RF210": CodeInfo(
        "no such enum value",
        "The fact never has this value, so the comparison would be constant.",
    ),
    "RF211": CodeInfo(
        "values without an order",
        "Only numbers, durations, times and ordered enums have an order; texts and other enums "
        "have none.",
    ),
    "RF212": CodeInfo(
        "not true or false",
        "A condition and its parts between `&&`, `||` and `!` must be boolean.",
    ),
    "RF213": CodeInfo(
        "optional fact in `where`",
        "`where` reads facts that are always present, so that a caller can't switch a rule off by "
        "leaving a fact out. Move the condition to `require`.",
    ),
    "RF214": CodeInfo(
        "attested fact in `where`",
        "A missing attestation must not switch a rule off. Move the condition to `require`.",
    ),
    "RF215": CodeInfo(
        "always present",
        "Parameters and required facts are always there; `has` of them is constant.",
    ),
    "RF216": CodeInfo(
        "pattern form",
        "Patterns are constants in RE2's syntax, without back references and lookaround.",
    ),
    "RF217": CodeInfo(
        "pattern too expensive",
        "The length of a pattern, its repetitions and its compiled size are bounded.",
    ),
    "RF218": CodeInfo(
        "duration or time form",
        "`duration` takes whole units (`15m`, `4h`, `7d`), `timestamp` a time in UTC; both are "
        "constants.",
    ),
    "RF219": CodeInfo(
        "constant condition",
        "The comparison has the same answer for every request, which is a mistake.",
    ),
    "RF220": CodeInfo(
        "message form",
        "`{facts.name}` stands for a value, and `{{` and `}}` for braces.",
    ),
    "RF221": CodeInfo(
        "secret in a message",
        "Secret facts are never logged or shown.",
    ),
    "RF222": CodeInfo(
        "quantifier form",
        "`facts.list.exists(x, …)` and `.all(x, …)` name an item and ask about it, unnested.",
    ),
}
