# METADATA
# title: "Own rules at runner.start"
# description: Shapes of rules, shared by every tenant that has the same ones; the rest is data.
package ringfence.lists.runner_start.l_b44e63b8fcfc44fe

# METADATA
# title: Hits
# description: Violated rules by place, each with the first clause that fails, and whether it was refuted.
hits := [[place, clause, true] |
	some [place, clause] in _violated
	[1 | some [other, before] in _violated; other == place; before < clause] == []
]

# METADATA
# title: "own.0, clause 1"
# custom:
#   source: "<own>:1:1"
_violated contains [0, 1] if {
	input.facts.workload.id == "orders"
	input.facts.runner.class == "serverless"
}
