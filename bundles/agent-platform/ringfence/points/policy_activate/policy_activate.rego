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
	_found == [[["", 0]], ""]
} else := data.ringfence.about.clean if {
	hits == []
} else := decide.decision("policy_activate", hits)

# METADATA
# title: Hits
# description: |
#   Violated rules, shared and of the tenant's own, each with its row, the first clause that fails, and
#   the rank of its action. Undefined where one can't be told.
hits := shared if {
	[clauses, list] := _violated
	list == ""
	clauses[0] == ["", 0]

	# Of a rule's clauses, which stand side by side, the first. Nothing stands before the first of all.
	shared := [[rule, row, clause, object.get({false: row.unknown_rank}, _is_refuted(rule), row.rank)] |
		some i, [rule, clause] in clauses
		clauses[i - 1][0] != rule
		row := rows[rule]
	]
} else := array.concat(shared, own.hits("policy_activate", list)) if {
	[clauses, list] := _violated
	clauses[0] == ["", 0]

	# Of a rule's clauses, which stand side by side, the first. Nothing stands before the first of all.
	shared := [[rule, row, clause, object.get({false: row.unknown_rank}, _is_refuted(rule), row.rank)] |
		some i, [rule, clause] in clauses
		clauses[i - 1][0] != rule
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

# Violated clauses, each as its rule's id and its number, after one of no rule; and the name of the
# tenant's own list of rules. Undefined where a fact is missing or mistyped. Without the clause of no
# rule, something that every clause stands beside could not be told.
_found := [array.concat(satisfied, found), t.list] if {
	f := input.facts
	t := data.ringfence.params.policy_activate[input.tenant]
	request_by := f.request.by
	activation_bundle := f.activation.bundle
	activation_environment := f.activation.environment
	activation_content := f.activation.content
	activation_baseline := f.activation.baseline
	activation_change_ref := f.activation.change_ref
	tested_environment := attested.value(["tested", "environment"], "")
	tested_content := attested.value(["tested", "content"], "")
	tested_result := attested.value(["tested", "result"], "")
	tested_since := attested.value(["tested", "since"], -1)
	policy_tests_content := attested.value(["policy_tests", "content"], "")
	policy_tests_result := attested.value(["policy_tests", "result"], "")
	policy_diff_content := attested.value(["policy_diff", "content"], "")
	policy_diff_baseline := attested.value(["policy_diff", "baseline"], "")
	policy_diff_loosened := attested.value(["policy_diff", "loosened"], -1)
	policy_replay_content := attested.value(["policy_replay", "content"], "")
	policy_replay_baseline := attested.value(["policy_replay", "baseline"], "")
	policy_replay_window := attested.value(["policy_replay", "window"], -1)
	policy_replay_events := attested.value(["policy_replay", "events"], -1)
	policy_replay_new_block := attested.value(["policy_replay", "new_block"], -1)
	policy_replay_not_replayable := attested.value(["policy_replay", "not_replayable"], -1)
	joined := concat("", [request_by, activation_bundle, activation_environment, activation_content, activation_baseline, activation_change_ref, tested_environment, tested_content, policy_tests_content, policy_diff_content, policy_diff_baseline, policy_replay_content, policy_replay_baseline])
	[1 | count(joined) > 1024; some text in [request_by, activation_bundle, activation_environment, activation_content, activation_baseline, activation_change_ref, tested_environment, tested_content, policy_tests_content, policy_diff_content, policy_diff_baseline, policy_replay_content, policy_replay_baseline]; count(text) > 1024] == []
	false in ["" in [request_by, activation_bundle, activation_environment, activation_content]]
	regex.match(`^\[(?:""|"passed"|"failed"),(?:-1|[0-9]{1,15}),(?:""|"passed"|"failed"),(?:-1|[0-9]{1,15}),(?:-1|[0-9]{1,15}),(?:-1|[0-9]{1,15}),(?:-1|[0-9]{1,15}),(?:-1|[0-9]{1,15})\]$`, json.marshal([tested_result, tested_since, policy_tests_result, policy_diff_loosened, policy_replay_window, policy_replay_events, policy_replay_new_block, policy_replay_not_replayable]))

	# Most requests end here: every rule is shown to be satisfied.
	satisfied := [["", 0] |
		tested_environment != "" # activate.tested-before
		activation_baseline != "" # activate.diff
		policy_replay_events != -1 # activate.new-block
		activation_change_ref != "" # activate.change-ref
		false in ["review" in t.demands[activation_bundle][activation_environment]] # activate.review
		true in [false in ["replay" in t.demands[activation_bundle][activation_environment]], [policy_replay_not_replayable != -1, ((policy_replay_not_replayable * 1000000) * 1000000) <= (policy_replay_events * round(t.not_replayable_at_most[activation_bundle][activation_environment] * 1000000))] == [true, true]] # activate.not-replayable
		true in [false in ["replay" in t.demands[activation_bundle][activation_environment]], [policy_replay_new_block != -1, ((policy_replay_new_block * 1000000) * 1000000) <= (policy_replay_events * round(t.new_block_at_most[activation_bundle][activation_environment] * 1000000))] == [true, true]] # activate.new-block
		true in [false in ["replay" in t.demands[activation_bundle][activation_environment]], policy_replay_events >= 1] # activate.replay
		true in [false in ["replay" in t.demands[activation_bundle][activation_environment]], [policy_replay_window != -1, policy_replay_window >= t.replay_window[activation_bundle][activation_environment]] == [true, true]] # activate.replay
		true in [false in ["replay" in t.demands[activation_bundle][activation_environment]], [policy_replay_content == activation_content, policy_replay_baseline != "", policy_replay_baseline == activation_baseline] == [true, true, true]] # activate.replay
		true in [false in ["diff.approved" in t.demands[activation_bundle][activation_environment]], policy_diff_loosened == 0] # activate.loosened
		true in [false in ["diff.none" in t.demands[activation_bundle][activation_environment]], policy_diff_loosened == 0] # activate.tightened
		true in [false in ["diff" in t.demands[activation_bundle][activation_environment]], [policy_diff_baseline != "", policy_diff_baseline == activation_baseline] == [true, true]] # activate.diff
		true in [false in ["diff" in t.demands[activation_bundle][activation_environment]], policy_diff_content == activation_content] # activate.diff
		true in [false in ["tests" in t.demands[activation_bundle][activation_environment]], policy_tests_result == "passed"] # activate.tests
		true in [false in ["tests" in t.demands[activation_bundle][activation_environment]], policy_tests_content == activation_content] # activate.tests
		true in [false in ["effective" in t.demands[activation_bundle][activation_environment]], time.now_ns() >= (t.effective_at[activation_bundle][activation_environment] * 1000000000)] # activate.effective
		true in [false in ["stay" in t.demands[activation_bundle][activation_environment]], [tested_since != -1, ((tested_since * 1000000000) + (t.stay[activation_bundle][activation_environment] * 1000000000)) <= time.now_ns()] == [true, true]] # activate.stayed
		true in [false in ["stay" in t.demands[activation_bundle][activation_environment]], [tested_environment in t.before[activation_bundle][activation_environment], tested_content == activation_content] == [true, true]] # activate.stayed
		true in ["" in t.before[activation_bundle][activation_environment], [tested_environment in t.before[activation_bundle][activation_environment], tested_content == activation_content, tested_result == "passed"] == [true, true, true]] # activate.tested-before
	]
	found := [clause |
		satisfied == []

		# activate.tested-before, <built-in>:1:1
		violates_activate_tested_before := [1 | not "" in object.get(t.before, [activation_bundle, activation_environment], []); not [tested_environment != "", tested_environment in object.get(t.before, [activation_bundle, activation_environment], []), tested_content == activation_content, tested_result == "passed"] == [true, true, true, true]] == [1]

		# activate.stayed, <built-in>:1:1
		violates_activate_stayed := [1 | not false in ["stay" in object.get(t.demands, [activation_bundle, activation_environment], [])]; not [tested_environment != "", tested_environment in object.get(t.before, [activation_bundle, activation_environment], []), tested_content == activation_content] == [true, true, true]] == [1]

		# activate.stayed, <built-in>:1:1
		violates_activate_stayed_2 := [1 | not false in ["stay" in object.get(t.demands, [activation_bundle, activation_environment], [])]; not true in [[tested_since != -1, ((tested_since * 1000000000) + (object.get(t.stay, [activation_bundle, activation_environment], 1000000000000000) * 1000000000)) <= time.now_ns()] == [true, true]]] == [1]

		# activate.effective, <built-in>:1:1
		violates_activate_effective := [1 | not false in ["effective" in object.get(t.demands, [activation_bundle, activation_environment], [])]; not true in [time.now_ns() >= (object.get(t.effective_at, [activation_bundle, activation_environment], 1000000000000000) * 1000000000)]] == [1]

		# activate.change-ref, <built-in>:1:1
		violates_activate_change_ref := activation_change_ref == ""

		# activate.tests, <built-in>:1:1
		violates_activate_tests := [1 | not policy_tests_content == activation_content; not false in ["tests" in object.get(t.demands, [activation_bundle, activation_environment], [])]] == [1]

		# activate.tests, <built-in>:1:1
		violates_activate_tests_2 := [1 | not policy_tests_result == "passed"; not false in ["tests" in object.get(t.demands, [activation_bundle, activation_environment], [])]] == [1]

		# activate.diff, <built-in>:1:1
		violates_activate_diff := [1 | not policy_diff_content == activation_content; not false in ["diff" in object.get(t.demands, [activation_bundle, activation_environment], [])]] == [1]

		# activate.diff, <built-in>:1:1
		violates_activate_diff_2 := [1 | not [policy_diff_baseline != "", activation_baseline != "", policy_diff_baseline == activation_baseline] == [true, true, true]; not false in ["diff" in object.get(t.demands, [activation_bundle, activation_environment], [])]] == [1]

		# activate.tightened, <built-in>:1:1
		violates_activate_tightened := [1 | not policy_diff_loosened == 0; not false in ["diff.none" in object.get(t.demands, [activation_bundle, activation_environment], [])]] == [1]

		# activate.loosened, <built-in>:1:1
		violates_activate_loosened := [1 | not policy_diff_loosened == 0; not false in ["diff.approved" in object.get(t.demands, [activation_bundle, activation_environment], [])]] == [1]

		# activate.replay, <built-in>:1:1
		violates_activate_replay := [1 | not [policy_replay_content == activation_content, policy_replay_baseline != "", activation_baseline != "", policy_replay_baseline == activation_baseline] == [true, true, true, true]; not false in ["replay" in object.get(t.demands, [activation_bundle, activation_environment], [])]] == [1]

		# activate.replay, <built-in>:1:1
		violates_activate_replay_2 := [1 | not false in ["replay" in object.get(t.demands, [activation_bundle, activation_environment], [])]; not [policy_replay_window != -1, policy_replay_window >= object.get(t.replay_window, [activation_bundle, activation_environment], 1000000000000000)] == [true, true]] == [1]

		# activate.replay, <built-in>:1:1
		violates_activate_replay_3 := [1 | not policy_replay_events >= 1; not false in ["replay" in object.get(t.demands, [activation_bundle, activation_environment], [])]] == [1]

		# activate.new-block, <built-in>:1:1
		violates_activate_new_block := [1 | not false in ["replay" in object.get(t.demands, [activation_bundle, activation_environment], [])]; not true in [[policy_replay_new_block != -1, policy_replay_events != -1, ((policy_replay_new_block * 1000000) * 1000000) <= (policy_replay_events * round(object.get(t.new_block_at_most, [activation_bundle, activation_environment], 0) * 1000000))] == [true, true, true]]] == [1]

		# activate.not-replayable, <built-in>:1:1
		violates_activate_not_replayable := [1 | not false in ["replay" in object.get(t.demands, [activation_bundle, activation_environment], [])]; not true in [[policy_replay_not_replayable != -1, policy_replay_events != -1, ((policy_replay_not_replayable * 1000000) * 1000000) <= (policy_replay_events * round(object.get(t.not_replayable_at_most, [activation_bundle, activation_environment], 0) * 1000000))] == [true, true, true]]] == [1]

		# activate.review, <built-in>:1:1
		violates_activate_review := "review" in object.get(t.demands, [activation_bundle, activation_environment], [])

		some place, true in [
			true,
			violates_activate_tested_before,
			violates_activate_stayed,
			violates_activate_stayed_2,
			violates_activate_effective,
			violates_activate_change_ref,
			violates_activate_tests,
			violates_activate_tests_2,
			violates_activate_diff,
			violates_activate_diff_2,
			violates_activate_tightened,
			violates_activate_loosened,
			violates_activate_replay,
			violates_activate_replay_2,
			violates_activate_replay_3,
			violates_activate_new_block,
			violates_activate_not_replayable,
			violates_activate_review,
		]
		clause := [
			["", 0],
			["activate.tested-before", 1],
			["activate.stayed", 1],
			["activate.stayed", 2],
			["activate.effective", 1],
			["activate.change-ref", 1],
			["activate.tests", 1],
			["activate.tests", 2],
			["activate.diff", 1],
			["activate.diff", 2],
			["activate.tightened", 1],
			["activate.loosened", 1],
			["activate.replay", 1],
			["activate.replay", 2],
			["activate.replay", 3],
			["activate.new-block", 1],
			["activate.not-replayable", 1],
			["activate.review", 1],
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
	"invariant": true,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": true, "missing": "", "name": "tested.content", "path": ["tested", "content"]}, {"attested": true, "missing": "", "name": "tested.environment", "path": ["tested", "environment"]}, {"attested": true, "missing": "", "name": "tested.result", "path": ["tested", "result"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "activate.stayed"
# custom:
#   source: "<built-in>:1:1"
rows["activate.stayed"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["tested", "environment"]],
	"fix": "wait, and present an attestation that says since when it is active there",
	"format": "this content was not shown to have been in %[1]v for long enough",
	"invariant": true,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": true, "missing": "", "name": "tested.content", "path": ["tested", "content"]}, {"attested": true, "missing": "", "name": "tested.environment", "path": ["tested", "environment"]}, {"attested": true, "missing": -1, "name": "tested.since", "path": ["tested", "since"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "activate.effective"
# custom:
#   source: "<built-in>:1:1"
rows["activate.effective"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "activate it then, or change `effective_at`",
	"format": "the release is effective from %[1]v",
	"invariant": true,
	"obligations": [],
	"others": [["derived", "activate.effective_from"]],
	"rank": 4,
	"reads": [],
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
	"invariant": true,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": false, "missing": "", "name": "activation.change_ref", "path": ["activation", "change_ref"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "activate.tests"
# custom:
#   source: "<built-in>:1:1"
rows["activate.tests"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "run `ringfence test`, and present an attestation of its result",
	"format": "the policy tests were not shown to pass for this content",
	"invariant": true,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": true, "missing": "", "name": "policy_tests.content", "path": ["policy_tests", "content"]}, {"attested": true, "missing": "", "name": "policy_tests.result", "path": ["policy_tests", "result"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "activate.diff"
# custom:
#   source: "<built-in>:1:1"
rows["activate.diff"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "present an attestation of the comparison, and send activation.baseline",
	"format": "no comparison of this content with what is in force was shown",
	"invariant": true,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": false, "missing": "", "name": "activation.baseline", "path": ["activation", "baseline"]}, {"attested": true, "missing": "", "name": "policy_diff.baseline", "path": ["policy_diff", "baseline"]}, {"attested": true, "missing": "", "name": "policy_diff.content", "path": ["policy_diff", "content"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "activate.tightened"
# custom:
#   source: "<built-in>:1:1"
rows["activate.tightened"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["policy_diff", "loosened"]],
	"fix": "tighten it; the release lets nothing be loosened",
	"format": "this content was not shown to allow no more than what is in force: %[1]v differences",
	"invariant": true,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": true, "missing": -1, "name": "policy_diff.loosened", "path": ["policy_diff", "loosened"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "activate.loosened"
# custom:
#   source: "<built-in>:1:1"
rows["activate.loosened"] := {
	"action": "human_review",
	"approvable": true,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["policy_diff", "loosened"]],
	"fix": "have the reviewers approve it: see `ringfence approve --help`",
	"format": "this content was not shown to allow no more than what is in force: %[1]v differences",
	"invariant": true,
	"limits": "activate.reviewers",
	"obligations": [],
	"others": [],
	"rank": 3,
	"reads": [{"attested": true, "missing": -1, "name": "policy_diff.loosened", "path": ["policy_diff", "loosened"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "activate.replay"
# custom:
#   source: "<built-in>:1:1"
rows["activate.replay"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "replay the decisions of that time, attest the result, and send activation.baseline",
	"format": "no replay of this content over as long as the release asks for was shown",
	"invariant": true,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": false, "missing": "", "name": "activation.baseline", "path": ["activation", "baseline"]}, {"attested": true, "missing": "", "name": "policy_replay.baseline", "path": ["policy_replay", "baseline"]}, {"attested": true, "missing": "", "name": "policy_replay.content", "path": ["policy_replay", "content"]}, {"attested": true, "missing": -1, "name": "policy_replay.events", "path": ["policy_replay", "events"]}, {"attested": true, "missing": -1, "name": "policy_replay.window", "path": ["policy_replay", "window"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "activate.new-block"
# custom:
#   source: "<built-in>:1:1"
rows["activate.new-block"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["policy_replay", "new_block"], ["policy_replay", "events"]],
	"fix": "see `ringfence replay`, and correct the policy",
	"format": "not few enough events were shown to be newly blocked: %[1]v of %[2]v",
	"invariant": true,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": true, "missing": -1, "name": "policy_replay.events", "path": ["policy_replay", "events"]}, {"attested": true, "missing": -1, "name": "policy_replay.new_block", "path": ["policy_replay", "new_block"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "activate.not-replayable"
# custom:
#   source: "<built-in>:1:1"
rows["activate.not-replayable"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["policy_replay", "not_replayable"], ["policy_replay", "events"]],
	"fix": "see `ringfence replay`, and correct the policy",
	"format": "not few enough events were shown to be not replayable: %[1]v of %[2]v",
	"invariant": true,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": true, "missing": -1, "name": "policy_replay.events", "path": ["policy_replay", "events"]}, {"attested": true, "missing": -1, "name": "policy_replay.not_replayable", "path": ["policy_replay", "not_replayable"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "activate.review"
# custom:
#   source: "<built-in>:1:1"
rows["activate.review"] := {
	"action": "human_review",
	"approvable": true,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "have each of them approve it: see `ringfence approve --help`",
	"format": "as many reviewers as the release asks for must approve this content",
	"invariant": true,
	"limits": "activate.reviewers",
	"obligations": [],
	"others": [],
	"rank": 3,
	"reads": [],
	"unknown_rank": 3,
	"waivable": false,
}

derived["activate.effective_from"] := object.get(t.effective_from, [input.facts.activation.bundle, input.facts.activation.environment], "") if {
	t := data.ringfence.params.policy_activate[input.tenant]
}

derived["activate.reviewers"] := object.get(t.reviewers, [input.facts.activation.bundle, input.facts.activation.environment], "") if {
	t := data.ringfence.params.policy_activate[input.tenant]
}

default _is_refuted(_) := false

_is_refuted(label) if _refuted[label]

# METADATA
# title: "activate.loosened"
# custom:
#   source: "<built-in>:1:1"
_refuted contains "activate.loosened" if {
	t := data.ringfence.params.policy_activate[input.tenant]
	policy_diff_loosened := attested.value(["policy_diff", "loosened"], -1)
	["diff.approved" in object.get(t.demands, [input.facts.activation.bundle, input.facts.activation.environment], []), policy_diff_loosened != -1, policy_diff_loosened != 0] == [true, true, true]
}
