# METADATA
# title: What a violated rule comes to
# description: |
#   One verdict a hit, by its level, the exceptions in force and the approvals presented.
#   `hit` is [rule, row, clause, rank]; what a row lacks makes the verdict stricter.
package ringfence.kernel.judge

import data.ringfence.kernel.approve
import data.ringfence.kernel.obligation
import data.ringfence.kernel.reason
import data.ringfence.kernel.waive

# METADATA
# title: The verdict of one hit
# description: |
#   Exactly one of five kinds, obligation, observed, waived, approved, reason; never undefined.
#   `due` are the obligations it brings.
verdict(key, hit, in_force) := {"kind": "obligation", "rank": 0, "hit": hit, "due": hit[1].obligations} if {
	hit[1].action == "allow"
} else := {"kind": "observed", "rank": 0, "hit": hit, "entry": reason.entry(key, hit, in_force, 4), "due": []} if {
	in_force == "observe"
} else := {"kind": "waived", "rank": 1, "hit": hit, "entry": entry, "until": entry.until, "due": obligation.alerts(hit[1])} if {
	hit[1].waivable == true
	entry := waive.accepted(key, hit[0])
} else := {"kind": "approved", "rank": 0, "hit": hit, "entries": entries, "until": until, "due": attached} if {
	hit[1].approvable == true
	entries := approve.accepted(key, hit[0])
	until := min([entry.until | some entry in entries])
	attached := [{"attach": "approval", "rule": entry.rule, "approval": entry.approval} | some entry in entries]
} else := {"kind": "reason", "rank": least, "hit": hit, "entry": reason.entry(key, hit, in_force, least), "due": hit[1].obligations} if {
	in_force == "warn"
	least := min([1, hit[3]])
} else := {"kind": "reason", "rank": hit[3], "hit": hit, "entry": reason.entry(key, hit, in_force, hit[3]), "due": hit[1].obligations}

# METADATA
# title: The level of a hit's rule in this environment
# description: |
#   Invariants are always enforced. A step down in the live bundle wins while it lasts, then the
#   release's level for the tenant's wave, for all tenants, and its default.
level(hit) := "enforce" if {
	not hit[1].invariant == false
} else := step.level if {
	step := data.ringfence.live.stepdowns[hit[0]]
	time.now_ns() < step.until * 1000000000
} else := data.ringfence.release.default_level if {
	not data.ringfence.release.levels[hit[0]]
} else := named if {
	named := data.ringfence.release.levels[hit[0]][data.ringfence.tenants[input.tenant].wave]
} else := named if {
	named := data.ringfence.release.levels[hit[0]]["*"]
} else := named if {
	named := data.ringfence.release.default_level
} else := "enforce"
