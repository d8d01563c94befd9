# METADATA
# title: "Own rules at runner.start"
# description: Shapes of rules, shared by every tenant that has the same ones; the rest is data.
package ringfence.lists.runner_start.l_904120556c4901f1

# METADATA
# title: No rule of the list is violated
clean if {
	_violated == [false, false]
}

# METADATA
# title: Hits
# description: Violated rules by place, each with the clause that fails, and whether it was refuted.
hits := [[i, _clause(i), true] |
	some i in {_labels[i] | some i, true in _violated}
] if {
	_violated
}

_labels := [
	0,
	1,
]

_violated := [
	violates_acme_restricted_stays_private,
	violates_acme_backfills_are_capped,
] if {
	f := input.facts
	t := data.ringfence.params.runner_start[input.tenant]
	runner_network := f.runner.network
	pipeline_id := f.pipeline.id
	data_classification := f.data.classification
	run_concurrency := f.run.concurrency
	count(concat("", [pipeline_id])) <= 16384
	false in ["" in [pipeline_id]]
	regex.match(`^\[(?:"public_vpc_egress"|"private_vpc"|"privatelink"|"vpn"|"on_premise"),(?:"public"|"internal"|"confidential"|"restricted"),[0-9]{1,15}\]$`, json.marshal([runner_network, data_classification, run_concurrency]))
	is_array(f.endpoints)
	count(f.endpoints) <= 200
	endpoints := [found |
		some item in f.endpoints
		item_host := item.host
		item_private_available := item.private_available
		item_dns_validated := object.get(item, "dns_validated", "")
		item_dns_checked_at := object.get(item, "dns_checked_at", -1)
		count(concat("", [item_host])) <= 16384
		false in ["" in [item_host]]
		regex.match(`^\[(?:true|false),(?:""|true|false),(?:-1|[0-9]{1,15})\]$`, json.marshal([item_private_available, item_dns_validated, item_dns_checked_at]))
		found := item_private_available == false
	]
	count(endpoints) == count(f.endpoints)

	# acme.restricted-stays-private, tenants/acme/etl.yaml:11:11
	violates_acme_restricted_stays_private := [data_classification == "restricted", true in [runner_network != "privatelink", true in endpoints]] == [true, true]

	# acme.backfills-are-capped, tenants/acme/etl.yaml:22:11
	violates_acme_backfills_are_capped := [endswith(pipeline_id, "-backfill"), run_concurrency > t.numbers[0]] == [true, true]
}

default _clause(_) := 1

_clause(label) := min(_failing[label])

# METADATA
# title: "acme.restricted-stays-private, clause 1"
# custom:
#   source: "tenants/acme/etl.yaml:11:11"
_failing[0] contains 1 if {
	f := input.facts
	runner_network := f.runner.network
	runner_network != "privatelink"
}

# METADATA
# title: "acme.restricted-stays-private, clause 2"
# custom:
#   source: "tenants/acme/etl.yaml:11:11"
_failing[0] contains 2 if {
	f := input.facts
	endpoints := [found |
		some item in f.endpoints
		item_private_available := item.private_available
		found := item_private_available == false
	]
	true in endpoints
}
