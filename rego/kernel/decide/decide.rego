# METADATA
# title: The decision
# description: Judges every hit and puts the verdicts together; the strictest action wins.
package ringfence.kernel.decide

import data.ringfence.kernel.approve
import data.ringfence.kernel.attested
import data.ringfence.kernel.judge
import data.ringfence.kernel.obligation
import data.ringfence.kernel.waive

# METADATA
# title: The decision on a request with these hits
# description: Undefined, and so a block, without hits, and unless every hit has a verdict.
decision(key, hits) := {
	"action": ["allow", "allow+log", "redact", "human_review", "block"][rank],
	"allowed": rank < 2,
	"evaluated": true,
	"reasons": [verdict.entry | some verdict in verdicts; verdict.kind == "reason"],
	"observed": [verdict.entry | some verdict in verdicts; verdict.kind == "observed"],
	"waived": [verdict.entry | some verdict in verdicts; verdict.kind == "waived"],
	"waivers_missed": [missed |
		some verdict in verdicts
		verdict.kind == "reason"
		verdict.hit[1].waivable == true
		some missed in waive.missed(key, verdict.entry.rule)
	],
	"approvals": [entry | some verdict in verdicts; some entry in verdict.entries],
	"approvals_missed": [missed |
		input.approvals
		some verdict in verdicts
		verdict.kind == "reason"
		some missed in approve.missed(key, verdict.hit)
	],
	"obligations": array.concat(
		[obligation.resolved(due) | some verdict in verdicts; some due in verdict.due],
		[{"alert": "blocked"} | rank == 4],
	),
	"unknown": [name | some name in (not_sent | not_attested)],
	"valid_until": array.concat(sort([verdict.until | some verdict in verdicts]), [null])[0],
	"policy": data.ringfence.about.policy,
} if {
	verdicts := [judge.verdict(key, hit, judge.level(hit)) | some hit in hits]
	count(verdicts) == count(hits)
	rank := max([verdict.rank | some verdict in verdicts])

	# What is mistyped has been taken away before any rule was asked.
	not_sent := {fact.name |
		some hit in hits
		some fact in hit[1].reads
		object.get(input.facts, fact.path, fact.missing) == fact.missing
	}
	not_attested := {fact.name |
		some hit in hits
		some fact in hit[1].reads
		fact.attested == true
		attested.value(fact.path, fact.missing) == fact.missing
	}
}
