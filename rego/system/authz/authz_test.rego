package system.authz_test

import data.system.authz

_decision := ["v1", "data", "ringfence", "main", "decision"]

test_a_decision_may_be_asked_for if {
	authz.allow with input as {"method": "POST", "path": _decision, "params": {}}
}

test_health_may_be_asked_for if {
	authz.allow with input as {"method": "GET", "path": ["health"], "params": {}}
}

test_data_may_not_be_read if {
	not authz.allow with input as {"method": "GET", "path": ["v1", "data"], "params": {}}
}

test_policies_may_not_be_installed if {
	not authz.allow with input as {"method": "PUT", "path": ["v1", "policies", "x"], "params": {}}
}

test_parameters_are_not_taken if {
	every name in ["explain", "metrics", "instrument", "provenance", "strict-builtin-errors", ""] {
		not authz.allow with input as {"method": "POST", "path": _decision, "params": {name: [""]}}
	}
}

test_other_methods_are_not_taken if {
	every method in ["GET", "PUT", "PATCH", "DELETE", "HEAD", "post", ""] {
		not authz.allow with input as {"method": method, "path": _decision, "params": {}}
	}
}

test_neighbouring_paths_are_not_taken if {
	paths := [
		array.concat(_decision, [""]),
		array.concat(_decision, ["action"]),
		array.slice(_decision, 0, 4),
		array.concat([""], _decision),
		["v0", "data", "ringfence", "main", "decision"],
		["v1", "query"],
		["v1", "compile"],
		["v1", "config"],
		["v1", "status"],
		["metrics"],
		["debug", "pprof"],
		[""],
		[],
	]
	every path in paths {
		not authz.allow with input as {"method": "POST", "path": path, "params": {}}
	}
}

test_health_is_only_read if {
	every method in ["POST", "PUT", "DELETE"] {
		not authz.allow with input as {"method": method, "path": ["health"], "params": {}}
	}
}

test_what_is_no_request_is_not_allowed if {
	every request in [{}, null, "POST", {"method": "POST"}, {"path": _decision}] {
		not authz.allow with input as request
	}
}
