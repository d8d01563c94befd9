# METADATA
# title: "policy.activate"
# description: "A publisher asks, before it publishes a bundle to an environment."
package ringfence.points.policy_activate

import data.ringfence.kernel.attested
import data.ringfence.kernel.decide
import data.ringfence.kernel.own
import data.ringfence.kernel.typed

# METADATA
# title: The decision
# description: Undefined where a fact is missing or mistyped; the entry point then blocks.
decision := data.ringfence.about.clean if {
	_found == [[], ""]
} else := data.ringfence.about.clean if {
	_violated[0] == []
	own.hits("policy_activate", _violated[1]) == []
} else := decide.decision("policy_activate", hits)

# METADATA
# title: Hits
# description: |
#   Violated rules, shared and of the tenant's own, each with its row, the first clause that fails, and
#   the rank of its action.
hits := array.concat(shared, own.hits("policy_activate", list)) if {
	[clauses, list] := _violated
	shared := [[rule, row, clause, row.rank] |
		some i, [rule, clause] in clauses
		before := array.slice(clauses, 0, i)
		[1 | some [other, _] in before; other == rule] == []
		row := rows[rule]
	]
}

# Optional facts that most requests have are read where they stand: without one of them, the request is
# looked at again with the value that stands for missing.
_violated := found if {
	found := _found
} else := found if {
	found := _found with input.facts as typed.filled("policy_activate")
}

# Violated clauses, each as its rule's id and its number, and the name of the tenant's own list of rules.
# Undefined where a fact is missing or mistyped.
_found := [found, t.list] if {
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
	joined := concat("", [request_by, activation_bundle, activation_environment, activation_content, activation_change_ref, tested_environment, tested_content])
	[1 | count(joined) > 1024; some text in [request_by, activation_bundle, activation_environment, activation_content, activation_change_ref, tested_environment, tested_content]; count(text) > 1024] == []
	false in ["" in [request_by, activation_bundle, activation_environment, activation_content]]
	regex.match(`^\[(?:""|"passed"|"failed")\]$`, json.marshal([tested_result]))

	# Most requests end here: every rule is shown to be satisfied.
	satisfied := [true |
		activation_change_ref != "" # activate.change-ref
		true in ["" in t.before[activation_bundle][activation_environment], [tested_environment != "", tested_environment in t.before[activation_bundle][activation_environment], tested_content == activation_content, tested_result == "passed"] == [true, true, true, true]] # activate.tested-before
	]
	found := [clause |
		satisfied == []

		# activate.tested-before, <built-in>:1:1
		violates_activate_tested_before := [false in ["" in object.get(t.before, [activation_bundle, activation_environment], [])], true in [tested_environment == "", false in [tested_environment in object.get(t.before, [activation_bundle, activation_environment], [])], tested_content != activation_content, tested_result != "passed"]] == [true, true]

		# activate.change-ref, <built-in>:1:1
		violates_activate_change_ref := activation_change_ref == ""

		some place, true in [
			violates_activate_tested_before,
			violates_activate_change_ref,
		]
		clause := [
			["activate.tested-before", 1],
			["activate.change-ref", 1],
		][place]
	]
}

# METADATA
# title: "activate.tested-before"
# custom:
#   source: "<built-in>:1:1"
rows["activate.tested-before"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["activation", "environment"]],
	"fix": "activate and test it in the earlier environment first, and present the attestation",
	"format": "this content was not shown to pass its tests in the environment before %[1]v",
	"invariant": false,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": true, "missing": "", "name": "tested.content", "path": ["tested", "content"]}, {"attested": true, "missing": "", "name": "tested.environment", "path": ["tested", "environment"]}, {"attested": true, "missing": "", "name": "tested.result", "path": ["tested", "result"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "activate.change-ref"
# custom:
#   source: "<built-in>:1:1"
rows["activate.change-ref"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "send activation.change_ref",
	"format": "no change is named",
	"invariant": false,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": false, "missing": "", "name": "activation.change_ref", "path": ["activation", "change_ref"]}],
	"unknown_rank": 4,
	"waivable": false,
}
