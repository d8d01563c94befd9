# METADATA
# title: Evaluation in batches
# description: |
#   Loaded beside a bundle by the harness, never shipped in one. Each case has an index, an input and
#   the clock to use; a case without a decision answers null, so that none is dropped in silence.
#   Where a log has masked the tokens, `input.recorded` holds what the decision recorded of them.
package ringfence.batch

# METADATA
# title: Decisions by index
decisions contains [case.i, answer] if {
	some case in input.cases
	answer := _decision(case)
}

_decision(case) := answer if {
	not case.input.recorded
	request := case.input
	clock := case.now_ns
	answer := data.ringfence.main.decision with input as request with time.now_ns as clock
} else := answer if {
	request := case.input
	clock := case.now_ns
	answer := data.ringfence.main.decision with input as request
		with time.now_ns as clock
		with data.ringfence.kernel.attested.value as recorded_value
		with data.ringfence.kernel.approve.holding as _recorded_approvals
		with data.ringfence.kernel.approve.missed as _recorded_missed
} else := null

# METADATA
# title: The value of an attested fact then
# description: It counted unless the decision called it unknown.
recorded_value(path, missing) := object.get(input.facts, path, missing) if {
	not concat(".", path) in input.recorded.unattested
} else := missing

# regal ignore:argument-always-wildcard
_recorded_approvals(_, rule) := [{"id": entry.approval, "by": entry.by, "until": entry.until} |
	some entry in input.recorded.approvals
	entry.rule == rule
]

# regal ignore:argument-always-wildcard
_recorded_missed(_, _) := []
