# METADATA
# title: "tools.list"
# description: "The enforcement point asks when a server has answered `tools/list`."
package ringfence.points.tools_list

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
} else := decide.decision("tools_list", hits)

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
} else := array.concat(shared, own.hits("tools_list", list)) if {
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
	found := _found with input.facts as typed.filled("tools_list")
}

# Violated clauses, each as its rule's id and its number, after one of no rule; and the name of the
# tenant's own list of rules. Undefined where a fact is missing or mistyped. Without the clause of no
# rule, something that every clause stands beside could not be told.
_found := [array.concat(satisfied, found), t.list] if {
	f := input.facts
	t := data.ringfence.params.tools_list[input.tenant]
	request_by := f.request.by
	agent_id := f.agent.id
	tool_server := f.tool.server
	joined := concat("", [request_by, agent_id, tool_server])
	[1 | count(joined) > 1024; some text in [request_by, agent_id, tool_server]; count(text) > 1024] == []
	false in ["" in [request_by, agent_id, tool_server]]
	agent_toolset := array.concat([found | found := data.ringfence.tables[t.agents][agent_id].toolset], [""])[0]
	tools_drifted := data.ringfence.lib.tools.drifted(f.tools, array.concat([found | found := data.ringfence.tables[t.agents][agent_id].locks[tool_server]], [""])[0])
	tools_missing := data.ringfence.lib.tools.missing(f.tools, agent_toolset, tool_server)
	tools_exposed := data.ringfence.lib.tools.exposed(f.tools, agent_toolset, tool_server)
	tools_hidden := data.ringfence.lib.tools.hidden(f.tools, agent_toolset, tool_server)
	is_array(f.tools)
	count(f.tools) <= 1000
	tools := [1 |
		some item in f.tools
		item_name := item.name
		item_digest := item.digest
		item_shown := item.shown
		item_joined := concat("", [item_name, item_digest])
		[1 | count(item_joined) > 1024; some text in [item_name, item_digest]; count(text) > 1024] == []
		false in ["" in [item_name, item_digest]]
		regex.match(`^\[(?:true|false)\]$`, json.marshal([item_shown]))
	]
	count(tools) == count(f.tools)

	# Most requests end here: every rule is shown to be satisfied.
	satisfied := [["", 0] |
		agent_toolset != "" # tools.agent
		count(tools_drifted) == 0 # tools.drift
		count(tools_missing) == 0 # tools.missing
		count(tools_exposed) == 0 # tools.exposed
		count(tools_hidden) == 0 # tools.filtered
	]
	found := [clause |
		satisfied == []

		# tools.agent, <built-in>:1:1
		violates_tools_agent := agent_toolset == ""

		# tools.drift, <built-in>:1:1
		violates_tools_drift := [1 | not agent_toolset == ""; not count(tools_drifted) == 0] == [1]

		# tools.missing, <built-in>:1:1
		violates_tools_missing := [1 | not agent_toolset == ""; not count(tools_missing) == 0] == [1]

		# tools.exposed, <built-in>:1:1
		violates_tools_exposed := [1 | not agent_toolset == ""; not count(tools_exposed) == 0] == [1]

		# tools.filtered, <built-in>:1:1
		violates_tools_filtered := [1 | not agent_toolset == ""; not count(tools_hidden) == 0] == [1]

		some place, true in [
			true,
			violates_tools_agent,
			violates_tools_drift,
			violates_tools_missing,
			violates_tools_exposed,
			violates_tools_filtered,
		]
		clause := [
			["", 0],
			["tools.agent", 1],
			["tools.drift", 1],
			["tools.missing", 1],
			["tools.exposed", 1],
			["tools.filtered", 1],
		][place]
	]
}

# METADATA
# title: "tools.agent"
# custom:
#   source: "<built-in>:1:1"
rows["tools.agent"] := {
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
# title: "tools.drift"
# custom:
#   source: "<built-in>:1:1"
rows["tools.drift"] := {
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
	"obligations": [{"drifted": {"derived": ["tools_list", "tools.drifted"]}}],
	"others": [["derived", "tools.drifted"]],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "tools.missing"
# custom:
#   source: "<built-in>:1:1"
rows["tools.missing"] := {
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
# title: "tools.exposed"
# custom:
#   source: "<built-in>:1:1"
rows["tools.exposed"] := {
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
# title: "tools.filtered"
# custom:
#   source: "<built-in>:1:1"
rows["tools.filtered"] := {
	"action": "allow",
	"approvable": false,
	"category": "corrective",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "show exactly the tools of the obligation",
	"format": "the server lists tools that the agent may not see",
	"invariant": true,
	"obligations": [{"show": {"derived": ["tools_list", "tools.visible"]}}],
	"others": [],
	"rank": 0,
	"reads": [],
	"unknown_rank": 0,
	"waivable": false,
}

derived["agent.toolset"] := array.concat([found | found := data.ringfence.tables[t.agents][input.facts.agent.id].toolset], [""])[0] if {
	t := data.ringfence.params.tools_list[input.tenant]
}

derived["tools.drifted"] := data.ringfence.lib.tools.drifted(input.facts.tools, array.concat([found | found := data.ringfence.tables[t.agents][input.facts.agent.id].locks[input.facts.tool.server]], [""])[0]) if {
	t := data.ringfence.params.tools_list[input.tenant]
}

derived["tools.missing"] := data.ringfence.lib.tools.missing(input.facts.tools, agent_toolset, input.facts.tool.server) if {
	t := data.ringfence.params.tools_list[input.tenant]
	agent_toolset := array.concat([found | found := data.ringfence.tables[t.agents][input.facts.agent.id].toolset], [""])[0]
}

derived["tools.exposed"] := data.ringfence.lib.tools.exposed(input.facts.tools, agent_toolset, input.facts.tool.server) if {
	t := data.ringfence.params.tools_list[input.tenant]
	agent_toolset := array.concat([found | found := data.ringfence.tables[t.agents][input.facts.agent.id].toolset], [""])[0]
}

derived["tools.hidden"] := data.ringfence.lib.tools.hidden(input.facts.tools, agent_toolset, input.facts.tool.server) if {
	t := data.ringfence.params.tools_list[input.tenant]
	agent_toolset := array.concat([found | found := data.ringfence.tables[t.agents][input.facts.agent.id].toolset], [""])[0]
}

derived["tools.visible"] := data.ringfence.lib.tools.visible(input.facts.tools, agent_toolset, input.facts.tool.server) if {
	t := data.ringfence.params.tools_list[input.tenant]
	agent_toolset := array.concat([found | found := data.ringfence.tables[t.agents][input.facts.agent.id].toolset], [""])[0]
}
