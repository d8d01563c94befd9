# METADATA
# title: The decision
# description: Judges every hit and puts the verdicts together; the strictest action wins.
package ringfence.kernel.decide

import data.ringfence.kernel.approve
import data.ringfence.kernel.judge
import data.ringfence.kernel.obligation
import data.ringfence.kernel.reason
import data.ringfence.kernel.typed
import data.ringfence.kernel.waive

# METADATA
# title: The decision on a request with hits
# description: Undefined, and so a block, unless every hit has a verdict.
decision(key, hits, derived) := {
	"action": reason.actions[rank],
	"allowed": rank < 2,
	"evaluated": true,
	"reasons": _entries(verdicts, "reason"),
	"observed": _entries(verdicts, "observed"),
	"waived": _entries(verdicts, "waived"),
	"waivers_missed": [missed |
		some hit in blocked
		some missed in waive.missed(hit, derived)
	],
	"approvals": _entries(verdicts, "approved"),
	"approvals_missed": [missed |
		some hit in blocked
		some missed in approve.missed(key, hit)
	],
	"obligations": obligation.due(verdicts, rank),
	"unknown": typed.unknown(key, hits),
	"valid_until": _valid_until(verdicts),
	"policy": data.ringfence.about.policy,
} if {
	verdicts := [judge.verdict(key, hit, derived) | some hit in hits]
	count(verdicts) == count(hits)
	rank := max([verdict.rank | some verdict in verdicts])
	blocked := [verdict.hit | some verdict in verdicts; verdict.kind == "reason"]
}

_entries(verdicts, kind) := [verdict.entry |
	some verdict in verdicts
	verdict.kind == kind
]

_valid_until(verdicts) := min(untils) if {
	untils := [verdict.until | some verdict in verdicts]
	count(untils) > 0
} else := null
