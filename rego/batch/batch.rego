# METADATA
# title: Evaluation in batches
# description: |
#   Loaded beside a bundle by the harness, never shipped in one. Each case has an index, an input and
#   the clock to use; a case without a decision answers null, so that none is dropped in silence.
package ringfence.batch

# METADATA
# title: Decisions by index
decisions contains [case.i, answer] if {
	some case in input.cases
	answer := _decision(case)
}

_decision(case) := answer if {
	request := case.input
	clock := case.now_ns
	answer := data.ringfence.main.decision with input as request with time.now_ns as clock
} else := null
