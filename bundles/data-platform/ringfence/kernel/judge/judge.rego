# METADATA
# title: What a violated rule comes to
# description: |
#   One verdict a hit, by its level, the exceptions in force and the approvals presented.
#   `hit` is [rule id, row, clause, refuted]; a row that is missing blocks.
package ringfence.kernel.judge

import data.ringfence.kernel.approve
import data.ringfence.kernel.reason
import data.ringfence.kernel.waive

# METADATA
# title: The verdict of one hit
# description: Exactly one of five kinds, obligation, observed, waived, approved, reason; never undefined.
verdict(key, hit, derived) := {"kind": "obligation", "rank": 0, "hit": hit} if {
	hit[1].action == "allow"
} else := {"kind": "observed", "rank": 0, "hit": hit, "entry": reason.entry(key, hit, "observe", 4, derived)} if {
	level(hit) == "observe"
} else := {"kind": "waived", "rank": 1, "hit": hit, "entry": entry, "until": entry.until} if {
	hit[1].waivable == true
	entry := waive.accepted(hit[0], derived)
} else := {"kind": "approved", "rank": 0, "hit": hit, "entry": entry, "until": entry.until} if {
	hit[1].approvable == true
	entry := approve.accepted(key, hit[0])
} else := {"kind": "reason", "rank": least, "hit": hit, "entry": reason.entry(key, hit, "warn", least, derived)} if {
	level(hit) == "warn"
	least := min([1, rank(hit)])
} else := {"kind": "reason", "rank": rank(hit), "hit": hit, "entry": reason.entry(key, hit, level(hit), rank(hit), derived)}

# METADATA
# title: The level of a hit's rule in this environment
# description: |
#   Invariants are always enforced. A step down in the live bundle wins while it lasts, then the
#   release's level for the tenant's wave, for all tenants, and its default.
level(hit) := "enforce" if {
	object.get(hit[1], "invariant", true) == true
} else := step.level if {
	step := data.ringfence.live.stepdowns[hit[0]]
	time.now_ns() < step.until * 1000000000
} else := named if {
	named := data.ringfence.release.levels[hit[0]][data.ringfence.tenants[input.tenant].wave]
} else := named if {
	named := data.ringfence.release.levels[hit[0]]["*"]
} else := named if {
	named := data.ringfence.release.default_level
} else := "enforce"

# METADATA
# title: The rank of a hit's action
# description: From 0, allow, to 4, block. A rule that is only unknown may have an action of its own.
rank(hit) := hit[1].unknown_rank if {
	hit[1].ambiguous == true
	hit[3] == false
} else := known if {
	known := hit[1].rank
} else := 4
