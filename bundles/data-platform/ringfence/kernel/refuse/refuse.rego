# METADATA
# title: Refusals
# description: The blocks that no rule decides, each with a reason that names what is wrong.
package ringfence.kernel.refuse

import data.ringfence.kernel.typed

# METADATA
# title: The facts without the optional ones that are mistyped
# description: What is mistyped counts as missing. Undefined where there is none.
cleaned(key) := json.remove(input.facts, paths) if {
	paths := typed.mistyped(key)
	count(paths) > 0
}

# METADATA
# title: The block where the gate did not hold
ungated(key) := blocked("tenant.unknown", "this bundle knows no tenant of that name", "check the tenant's name, or load its bundle", []) if {
	not _known
} else := blocked("tenant.not-governed", "no policy governs this tenant at this decision point", "write a policy of a governing kind for the tenant", []) if {
	not _governed(key)
} else := blocked("facts.required", message, "send these facts, of their documented types", names) if {
	names := sort(typed.bad(key))
	count(names) > 0
	message := sprintf("missing or mistyped: %s", [concat(", ", names)])
} else := blocked("facts.unreadable", "the facts do not fit this decision point", "compare them with the decision point's JSON Schema", [])

# Rules of their own: `not` would be undefined where the request names no tenant.
_known if data.ringfence.tenants[input.tenant]

_governed(key) if data.ringfence.params[key][input.tenant]

# METADATA
# title: The block where no decision point answered
unanswered := blocked("request.unanswered", "no decision could be made", "report this as a defect of the bundle", []) if {
	input.point in data.ringfence.about.points
} else := blocked("point.unknown", "this bundle knows no such decision point", "check the name of the decision point", [])

# METADATA
# title: The block under a policy that is not, or no longer, the one in force
stale(reasons) := blocked("policy.stale", concat("; ", sort(reasons)), "wait for the current bundles, or ask the platform team", [])

# METADATA
# title: A block without evaluation
blocked(rule, message, fix, unknown) := {
	"action": "block",
	"allowed": false,
	"evaluated": false,
	"reasons": [{
		"rule": rule,
		"clause": 1,
		"action": "block",
		"level": "enforce",
		"message": message,
		"fix": fix,
		"escalate_to": "",
		"source": "",
		"controls": [],
	}],
	"observed": [],
	"waived": [],
	"waivers_missed": [],
	"approvals": [],
	"approvals_missed": [],
	"obligations": [{"alert": "blocked"}],
	"unknown": unknown,
	"valid_until": null,
	"policy": data.ringfence.about.policy,
}
