# METADATA
# title: Approvals
# description: Signed tokens that lift an approvable rule for exactly this request.
package ringfence.kernel.approve

import data.ringfence.kernel.revoked
import data.ringfence.lib.bound
import data.ringfence.lib.token

# METADATA
# title: The approval that lifts a rule
# description: The one that holds longest; undefined where none holds.
accepted(key, rule) := {
	"rule": rule,
	"approval": best.id,
	"by": best.by,
	"until": best.until,
} if {
	found := [[verdict.until, verdict.id, verdict] |
		some verdict in _verdicts(key, rule)
		verdict.ok
	]
	best := max(found)[2]
}

# METADATA
# title: Approvals that were presented and do not hold
missed(key, [rule, row, _, _]) := [{"rule": rule, "approval": verdict.id, "why": verdict.why} |
	row.approvable
	some verdict in _verdicts(key, rule)
	not verdict.ok
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

# Who may approve and for how long, where a rule has a computed value that says so.
_limits(key, rule) := limits if {
	limits := data.ringfence.points[key].derived[data.ringfence.points[key].rows[rule].limits]
	is_object(limits)
} else := {}

_within(limits, verdict) := {"ok": false, "id": verdict.id, "why": "not_an_approver"} if {
	verdict.ok
	not verdict.by in object.get(limits, "by", [verdict.by])
} else := {"ok": false, "id": verdict.id, "why": "too_long"} if {
	verdict.ok
	verdict.claims.exp - verdict.claims.iat > object.get(limits, "ttl", verdict.claims.exp)
} else := verdict
