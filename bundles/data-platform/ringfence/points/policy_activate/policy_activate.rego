# METADATA
# title: "policy.activate"
# description: "A publisher asks, before it publishes a bundle to an environment."
package ringfence.points.policy_activate

import data.ringfence.kernel.attested
import data.ringfence.kernel.decide
import data.ringfence.kernel.own

# METADATA
# title: The decision
# description: Undefined where a fact is missing or mistyped; the entry point then blocks.
decision := data.ringfence.about.clean if {
	_clean == ""
} else := data.ringfence.about.clean if {
	data.ringfence.lists.policy_activate[_clean].clean
} else := data.ringfence.about.clean if {
	_violated == [false, false]
	own.clean("policy_activate")
} else := decide.decision("policy_activate", hits, derived) if {
	_violated
}

# The name of the tenant's own list of rules, "" for none, where every shared rule is shown to be
# satisfied. It may be undefined for a request that is clean all the same.
_clean := t.list if {
	f := input.facts
	t := data.ringfence.params.policy_activate[input.tenant]
	request_by := f.request.by
	activation_bundle := f.activation.bundle
	activation_environment := f.activation.environment
	activation_content := f.activation.content
	activation_change_ref := f.activation.change_ref
	tested_environment := attested.value(["tested", "environment"], "")
	tested_content := attested.value(["tested", "content"], "")
	tested_result := attested.value(["tested", "result"], "")
	count(concat("", [request_by, activation_bundle, activation_environment, activation_content, activation_change_ref, tested_environment, tested_content])) <= 16384
	false in ["" in [request_by, activation_bundle, activation_environment, activation_content, activation_change_ref]]
	regex.match(`^\[(?:""|"passed"|"failed")\]$`, json.marshal([tested_result]))
	true in ["" in t.before[activation_bundle][activation_environment], [tested_environment != "", tested_environment in t.before[activation_bundle][activation_environment], tested_content != "", tested_content == activation_content, tested_result != "", tested_result == "passed"] == [true, true, true, true, true, true]] # activate.tested-before
}

# METADATA
# title: Hits
# description: Violated rules, each with its row, the clause that fails, and whether it was refuted.
hits := array.concat(_shared, own.hits("policy_activate"))

_shared := [[id, object.get(data.ringfence.rows.policy_activate, id, {}), 1, true] |
	some id in {_labels[i] | some i, true in _violated}
]

# METADATA
# title: Computed values
# description: For messages and ceilings.
derived := {}

_labels := [
	"activate.tested-before",
	"activate.change-ref",
]

_violated := [
	violates_activate_tested_before,
	violates_activate_change_ref,
] if {
	f := input.facts
	t := data.ringfence.params.policy_activate[input.tenant]
	request_by := f.request.by
	activation_bundle := f.activation.bundle
	activation_environment := f.activation.environment
	activation_content := f.activation.content
	activation_change_ref := object.get(f, ["activation", "change_ref"], "")
	tested_environment := attested.value(["tested", "environment"], "")
	tested_content := attested.value(["tested", "content"], "")
	tested_result := attested.value(["tested", "result"], "")
	count(concat("", [request_by, activation_bundle, activation_environment, activation_content, activation_change_ref, tested_environment, tested_content])) <= 16384
	false in ["" in [request_by, activation_bundle, activation_environment, activation_content]]
	regex.match(`^\[(?:""|"passed"|"failed")\]$`, json.marshal([tested_result]))

	# activate.tested-before, <built-in>:1:1
	violates_activate_tested_before := [false in ["" in object.get(t.before, [activation_bundle, activation_environment], [])], true in [tested_environment == "", false in [tested_environment in object.get(t.before, [activation_bundle, activation_environment], [])], tested_content == "", tested_content != activation_content, tested_result == "", tested_result != "passed"]] == [true, true]

	# activate.change-ref, <built-in>:1:1
	violates_activate_change_ref := activation_change_ref == ""
}
