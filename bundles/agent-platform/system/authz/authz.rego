# METADATA
# title: Who may ask OPA what
# description: |
#   With `--authorization=basic` OPA asks this for every request. Callers may ask for a decision and for
#   its health, and for nothing else: not for data, policies, configuration, queries of their own, or
#   (by parameters) for traces and metrics of a decision.
package system.authz

default allow := false

# METADATA
# title: Allowed requests
# scope: document
allow if {
	input.method == "POST"
	input.path == ["v1", "data", "ringfence", "main", "decision"]
	count(input.params) == 0
}

allow if {
	input.method == "GET"
	input.path == ["health"]
}
