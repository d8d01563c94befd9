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

test_traces_may_not_be_read if {
	not authz.allow with input as {"method": "POST", "path": _decision, "params": {"explain": ["full"]}}
}
