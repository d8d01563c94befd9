# METADATA
# title: Reasons
# description: The one place that builds a reason, so that all have one shape.
package ringfence.kernel.reason

# METADATA
# title: Actions by rank
# description: The lattice, mildest first.
actions := ["allow", "allow+log", "redact", "human_review", "block"]

# METADATA
# title: One reason
# description: What was violated, why, what to do, and which line of YAML says so.
entry(key, hit, level, rank, derived) := {
	"rule": hit[0],
	"clause": hit[2],
	"action": actions[rank],
	"level": level,
	"message": message(hit[1], derived),
	"fix": object.get(hit[1], "fix", ""),
	"escalate_to": _escalate_to(hit[1]),
	"source": _source(key, hit[0]),
	"controls": object.get(hit[1], "controls", []),
}

# METADATA
# title: The message of a row, with the values it names
message(row, derived) := sprintf(row.format, [_value(reference, derived) | some reference in row.arguments]) if {
	count(row.arguments) > 0
} else := format if {
	format := row.format
} else := "the bundle has no row for this rule"

# A reference is a path below facts, params or derived, or ["tenant"].
_value(reference, derived) := object.get(input.facts, array.slice(reference, 1, 9), "missing") if {
	reference[0] == "facts"
} else := object.get(derived, reference[1], "missing") if {
	reference[0] == "derived"
} else := object.get(data.ringfence.params[reference[1]][input.tenant], reference[2], "missing") if {
	reference[0] == "params"
} else := input.tenant

_escalate_to(row) := row.escalate_to if {
	row.escalate_to != ""
} else := team if {
	team := data.ringfence.tenants[input.tenant].escalate_to
} else := ""

# Where several documents govern a tenant, a fact tells which one is cited.
_source(key, rule) := span if {
	found := data.ringfence.source[key][input.tenant][rule]
	span := found.of[object.get(input.facts, found.by, "")]
} else := span if {
	span := data.ringfence.source[key][input.tenant][rule]
	is_string(span)
} else := span if {
	span := data.ringfence.source[key]["*"][rule]
} else := ""
