package ringfence.batch_test

import data.ringfence.batch

test_a_case_without_a_decision_is_not_dropped if {
	answers := batch.decisions with input as {"cases": [{"i": 0, "input": {}, "now_ns": 1}]}
	answers == {[0, null]}
}

test_input_and_clock_are_those_of_the_case if {
	answers := batch.decisions with input as {"cases": [{"i": 7, "input": {"x": 1}, "now_ns": 5}]}
		with data.ringfence.main.decision as {"action": "allow"}
	answers == {[7, {"action": "allow"}]}
}

test_masked_tokens_are_replayed_from_what_was_recorded if {
	request := {"facts": {"scan": {"status": "passed"}}, "recorded": {"unattested": []}}
	value := batch.recorded_value(["scan", "status"], "") with input as request
	value == "passed"
}

test_what_was_not_attested_then_is_missing if {
	request := {"facts": {"scan": {"status": "passed"}}, "recorded": {"unattested": ["scan.status"]}}
	value := batch.recorded_value(["scan", "status"], "") with input as request
	value == ""
}
