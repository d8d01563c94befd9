# METADATA
# title: "workload.serve"
# description: "An agent's runtime asks before it serves, and whenever a server's list changed."
package ringfence.points.workload_serve

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
} else := decide.decision("workload_serve", hits)

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
	shared := [[rule, row, clause, row.rank] |
		some i, [rule, clause] in clauses
		clauses[i - 1][0] != rule
		row := rows[rule]
	]
} else := array.concat(shared, own.hits("workload_serve", list)) if {
	[clauses, list] := _violated
	clauses[0] == ["", 0]

	# Of a rule's clauses, which stand side by side, the first. Nothing stands before the first of all.
	shared := [[rule, row, clause, row.rank] |
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
	found := _found with input.facts as typed.filled("workload_serve")
}

# Violated clauses, each as its rule's id and its number, after one of no rule; and the name of the
# tenant's own list of rules. Undefined where a fact is missing or mistyped. Without the clause of no
# rule, something that every clause stands beside could not be told.
_found := [array.concat(satisfied, found), t.list] if {
	f := input.facts
	t := data.ringfence.params.workload_serve[input.tenant]
	request_by := f.request.by
	agent_id := f.agent.id
	policy_loaded := f.policy.loaded
	joined := concat("", [request_by, agent_id])
	[1 | count(joined) > 1024; some text in [request_by, agent_id]; count(text) > 1024] == []
	false in ["" in [request_by, agent_id]]
	regex.match(`^\[(?:true|false)\]$`, json.marshal([policy_loaded]))
	agent_toolset := array.concat([found | found := data.ringfence.tables[t.agents][agent_id].toolset], [""])[0]
	tools_drifted := data.ringfence.lib.tools.drifted_anywhere(f.tools, t.agents, agent_id)
	tools_missing := data.ringfence.lib.tools.missing_anywhere(f.tools, agent_toolset)
	tools_exposed := data.ringfence.lib.tools.exposed_anywhere(f.tools, agent_toolset)
	is_array(f.tools)
	count(f.tools) <= 1000
	tools := [1 |
		some item in f.tools
		item_server := item.server
		item_name := item.name
		item_digest := item.digest
		item_shown := item.shown
		item_joined := concat("", [item_server, item_name, item_digest])
		[1 | count(item_joined) > 1024; some text in [item_server, item_name, item_digest]; count(text) > 1024] == []
		false in ["" in [item_server, item_name, item_digest]]
		regex.match(`^\[(?:true|false)\]$`, json.marshal([item_shown]))
	]
	count(tools) == count(f.tools)

	# Most requests end here: every rule is shown to be satisfied.
	satisfied := [["", 0] |
		agent_toolset != "" # serve.agent
		count(tools_drifted) == 0 # serve.drift
		count(tools_missing) == 0 # serve.missing
		count(tools_exposed) == 0 # serve.exposed
		policy_loaded == true # serve.policy-loaded
	]
	found := [clause |
		satisfied == []

		# serve.agent, <built-in>:1:1
		violates_serve_agent := agent_toolset == ""

		# serve.drift, <built-in>:1:1
		violates_serve_drift := [1 | not agent_toolset == ""; not count(tools_drifted) == 0] == [1]

		# serve.missing, <built-in>:1:1
		violates_serve_missing := [1 | not agent_toolset == ""; not count(tools_missing) == 0] == [1]

		# serve.exposed, <built-in>:1:1
		violates_serve_exposed := [1 | not agent_toolset == ""; not count(tools_exposed) == 0] == [1]

		# serve.policy-loaded, <built-in>:1:1
		violates_serve_policy_loaded := [1 | not agent_toolset == ""; not policy_loaded == true] == [1]

		some place, true in [
			true,
			violates_serve_agent,
			violates_serve_drift,
			violates_serve_missing,
			violates_serve_exposed,
			violates_serve_policy_loaded,
		]
		clause := [
			["", 0],
			["serve.agent", 1],
			["serve.drift", 1],
			["serve.missing", 1],
			["serve.exposed", 1],
			["serve.policy-loaded", 1],
		][place]
	]
}

# METADATA
# title: "serve.agent"
# custom:
#   source: "<built-in>:1:1"
rows["serve.agent"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["agent", "id"]],
	"fix": "name the agent in a ToolPolicy",
	"format": "no policy of the tenant names the agent %[1]v",
	"invariant": true,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "serve.drift"
# custom:
#   source: "<built-in>:1:1"
rows["serve.drift"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "review what changed with `ringfence tools drift`, and pin it anew",
	"format": "not as they were pinned, which blocks the whole workload: %[1]v",
	"invariant": true,
	"obligations": [{"drifted": {"derived": ["workload_serve", "tools.drifted"]}}],
	"others": [["derived", "tools.drifted"]],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "serve.missing"
# custom:
#   source: "<built-in>:1:1"
rows["serve.missing"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "remove them from the ToolPolicy, or correct their names",
	"format": "allowed, and not known to the server: %[1]v",
	"invariant": true,
	"obligations": [],
	"others": [["derived", "tools.missing"]],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "serve.exposed"
# custom:
#   source: "<built-in>:1:1"
rows["serve.exposed"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "leave them out of the agent's list; refusing the call is not enough",
	"format": "shown to the agent, and not allowed: %[1]v",
	"invariant": true,
	"obligations": [],
	"others": [["derived", "tools.exposed"]],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "serve.policy-loaded"
# custom:
#   source: "<built-in>:1:1"
rows["serve.policy-loaded"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "repair the policy; nothing is served without one",
	"format": "the enforcement point could not load its policy",
	"invariant": true,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

derived["agent.toolset"] := array.concat([found | found := data.ringfence.tables[t.agents][input.facts.agent.id].toolset], [""])[0] if {
	t := data.ringfence.params.workload_serve[input.tenant]
}

derived["tools.drifted"] := data.ringfence.lib.tools.drifted_anywhere(input.facts.tools, t.agents, input.facts.agent.id) if {
	t := data.ringfence.params.workload_serve[input.tenant]
}

derived["tools.missing"] := data.ringfence.lib.tools.missing_anywhere(input.facts.tools, agent_toolset) if {
	t := data.ringfence.params.workload_serve[input.tenant]
	agent_toolset := array.concat([found | found := data.ringfence.tables[t.agents][input.facts.agent.id].toolset], [""])[0]
}

derived["tools.exposed"] := data.ringfence.lib.tools.exposed_anywhere(input.facts.tools, agent_toolset) if {
	t := data.ringfence.params.workload_serve[input.tenant]
	agent_toolset := array.concat([found | found := data.ringfence.tables[t.agents][input.facts.agent.id].toolset], [""])[0]
}
