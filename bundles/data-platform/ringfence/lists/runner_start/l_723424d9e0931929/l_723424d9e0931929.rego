# METADATA
# title: "Own rules at runner.start"
# description: Shapes of rules, shared by every tenant that has the same ones; the rest is data.
package ringfence.lists.runner_start.l_723424d9e0931929

# METADATA
# title: No rule of the list is violated
clean if {
	count(_indexed) == 0
}

# METADATA
# title: Hits
# description: Violated rules by place, each with the clause that fails, and whether it was refuted.
hits := [[i, 1, true] |
	some i in _indexed
]

# METADATA
# title: "orders.no-serverless"
# custom:
#   source: "tenants/globex/contracts/orders/sla.yaml:11:11"
_indexed contains 0 if {
	input.facts.workload.id == "orders"
	input.facts.runner.class == "serverless"
}
