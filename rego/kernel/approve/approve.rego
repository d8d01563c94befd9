# METADATA
# title: Approvals
# description: Signed tokens that lift an approvable rule for exactly this request.
package ringfence.kernel.approve

import data.ringfence.kernel.revoked
import data.ringfence.lib.bound
import data.ringfence.lib.token

# METADATA
# title: The approvals that lift a rule
# description: |
#   As many as are due, each of another person, upper and lower case alike; those that
#   hold longest. Undefined where too few hold.
accepted(key, rule) := [{"rule": rule, "approval": id, "by": by, "until": until} |
	some [until, id, by] in array.slice(longest, count(longest) - needed, count(longest))
] if {
	needed := object.get(_limits(key, rule), "count", 1)
	found := holding(key, rule)
	longest := sort([last |
		some person in {lower(verdict.by) | some verdict in found}
		last := max([[verdict.until, verdict.id, verdict.by] | some verdict in found; lower(verdict.by) == person])
	])
	count(longest) >= needed
}

# METADATA
# title: The approvals that hold for a rule, with who gave them and until when
holding(key, rule) := [verdict | some verdict in _verdicts(key, rule); verdict.ok]

# METADATA
# title: Approvals that were presented and do not lift the rule
# description: Asked where none does; one that holds is then not enough.
missed(key, [rule, row, _, _]) := [{"rule": rule, "approval": verdict.id, "why": why} |
	row.approvable
	some verdict in _verdicts(key, rule)
	why := object.get(verdict, "why", "too_few_approvers")
]

_verdicts(key, rule) := [_within(limits, token.verdict(approval, expected, data.ringfence.release.trust)) |
	is_array(input.approvals)
	count(input.approvals) <= 16
	limits := _limits(key, rule)
	expected := {
		"use": "approval",
		"point": input.point,
		"tenant": input.tenant,
		"env": data.ringfence.release.environment,
		"rule": rule,
		"digest": _digest(key),
		"requester": object.get(input.facts, ["request", "by"], ""),
		"revoked": revoked.entries,
	}
	some approval in input.approvals
]

_digest(key) := bound.digest(input.facts, data.ringfence.bound[key])

# Who may approve, for how long, and how many of them, where a rule has a computed value that says so.
# Undefined, so that no approval holds, where that value is.
_limits(key, rule) := {} if {
	not data.ringfence.points[key].rows[rule].limits
} else := limits if {
	limits := data.ringfence.points[key].derived[data.ringfence.points[key].rows[rule].limits]
	is_object(limits)
} else := {} if {
	data.ringfence.points[key].derived[data.ringfence.points[key].rows[rule].limits] == ""
}

_within(limits, verdict) := {"ok": false, "id": verdict.id, "why": "not_an_approver"} if {
	verdict.ok
	_names(verdict) & {name | some name in object.get(limits, "by", [verdict.by])} == set()
} else := {"ok": false, "id": verdict.id, "why": "too_long"} if {
	verdict.ok
	verdict.claims.exp - verdict.claims.iat > object.get(limits, "ttl", verdict.claims.exp)
} else := verdict

# An approver, and the groups that the trust root says the key's holder is in.
_names(verdict) := {verdict.by} | {group |
	some group in object.get(data.ringfence.release.trust[verdict.kid], "groups", [])
}
