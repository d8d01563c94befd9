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
