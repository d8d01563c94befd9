# METADATA
# title: Facts about freshness
package ringfence.kernel.fresh_test

import data.ringfence.kernel.fresh

_live := {"serial": 7, "not_before": 10, "not_after": 20, "releases": {"runtime": "sha256:aa"}}

# METADATA
# description: Within its window, a live bundle that names the release leaves nothing to say.
test_a_live_bundle_in_its_window_is_fresh if {
	_reasons(_live, 10) == set()
	_reasons(_live, 19) == set()
}

# METADATA
# description: Before its window and from its end on, it is not fresh.
test_a_live_bundle_beside_its_window_is_not if {
	_reasons(_live, 9) == {"the live bundle is not valid yet"}
	_reasons(_live, 20) == {"the live bundle has run out"}
}

# METADATA
# description: An end of the window that is missing, or no number, is none.
test_a_window_that_is_unknown_is_not_fresh if {
	every value in [null, "10", "", true, [], {}] {
		_reasons(object.union(_live, {"not_before": value}), 15) == {"the live bundle is not valid yet"}
		_reasons(object.union(_live, {"not_after": value}), 15) == {"the live bundle has run out"}
	}
	_reasons(object.remove(_live, ["not_before"]), 15) == {"the live bundle is not valid yet"}
	_reasons(object.remove(_live, ["not_after"]), 15) == {"the live bundle has run out"}
}

_reasons(live, now) := reasons if {
	reasons := fresh.reasons with data.ringfence.live as live
		with data.ringfence.about.policy as {"bundle": "runtime", "release": "sha256:aa"}
		with time.now_ns as now
}
