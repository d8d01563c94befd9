# METADATA
# title: Reasons
# description: The one place that builds a reason, so that all have one shape.
package ringfence.kernel.reason

# METADATA
# title: One reason
# description: |
#   What was violated, why, what to do, and which line of YAML says so. A tenant's own position wins over
#   the shared one, and a rule's own contact over the tenant's.
entry(key, hit, level, rank) := {
	"rule": hit[0],
	"clause": hit[2],
	"action": ["allow", "allow+log", "redact", "human_review", "block"][rank],
	"level": level,
	"message": sprintf(hit[1].format, array.concat(
		[object.get(input.facts, path, "missing") | some path in hit[1].facts],
		[_value(key, reference) | some reference in hit[1].others],
	)),
	"fix": hit[1].fix,
	"escalate_to": object.get({"": data.ringfence.tenants[input.tenant].escalate_to}, contact, contact),
	"source": _source(key, hit[0]),
	"controls": hit[1].controls,
} if {
	contact := hit[1].escalate_to
} else := {
	"rule": hit[0],
	"clause": hit[2],
	"action": "block",
	"level": level,
	"message": "the bundle does not hold all that it should of this rule",
	"fix": "report this as a defect of the bundle",
	"escalate_to": "",
	"source": "",
	"controls": [],
}

# A reference is ["params", name], ["derived", name] or ["tenant"].
_value(key, reference) := value if {
	reference[0] == "params"
	value := data.ringfence.params[key][input.tenant][reference[1]]
} else := value if {
	reference[0] == "derived"
	value := data.ringfence.points[key].derived[reference[1]]
} else := value if {
	reference[0] == "tenant"
	value := input.tenant
} else := "missing"

_source(key, rule) := span if {
	span := _cited(data.ringfence.source[key][input.tenant][rule])
} else := span if {
	span := data.ringfence.source[key]["*"][rule]
} else := ""

# Where several documents govern a tenant, a fact tells which one is cited.
_cited(source) := source if is_string(source)

_cited(source) := source.of[object.get(input.facts, source.by, "")]
