# METADATA
# title: "Own rules at runner.start"
# description: Shapes of rules, shared by every tenant that has the same ones; the rest is data.
package ringfence.lists.runner_start.l_7f6c74b8df49d4d6

# METADATA
# title: Hits
# description: Violated rules by place, each with the first clause that fails, and whether it was refuted.
hits := [[place, clause, true] |
	some [place, clause] in _violated
	[1 | some [other, before] in _violated; other == place; before < clause] == []
] if {
	is_number(data.ringfence.params.runner_start[input.tenant].numbers["0"])
}

# METADATA
# title: "own.0, clause 1"
# custom:
#   source: "<own>:1:1"
_violated contains [0, 1] if {
	input.facts.data.classification == "restricted"
	input.facts.runner.network != "privatelink"
}

# METADATA
# title: "own.0, clause 2"
# custom:
#   source: "<own>:1:1"
_violated contains [0, 2] if {
	endpoints := [[found] |
		some item in input.facts.endpoints
		item_private_available := item.private_available
		found := item_private_available == false
	]
	[input.facts.data.classification == "restricted", true in {row[0] | some row in endpoints}] == [true, true]
}

# METADATA
# title: "own.1, clause 1"
# custom:
#   source: "<own>:2:1"
_violated contains [1, 1] if {
	endswith(input.facts.pipeline.id, "-backfill")
	t := data.ringfence.params.runner_start[input.tenant]
	input.facts.run.concurrency > t.numbers["0"]
}
