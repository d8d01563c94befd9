# METADATA
# title: "tool.call"
# description: "The enforcement point before a tool server asks for every call of an agent."
package ringfence.points.tool_call

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
} else := decide.decision("tool_call", hits)

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
} else := array.concat(shared, own.hits("tool_call", list)) if {
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
	found := _found with input.facts as typed.filled("tool_call")
}

# Violated clauses, each as its rule's id and its number, after one of no rule; and the name of the
# tenant's own list of rules. Undefined where a fact is missing or mistyped. Without the clause of no
# rule, something that every clause stands beside could not be told.
_found := [array.concat(satisfied, found), t.list] if {
	f := input.facts
	t := data.ringfence.params.tool_call[input.tenant]
	request_by := f.request.by
	agent_id := f.agent.id
	session_id := f.session.id
	tool_server := f.tool.server
	tool_name := f.tool.name
	tool_digest := f.tool.digest
	arguments_digest := f.arguments.digest
	arguments_covered := f.arguments.covered
	workload_drifted := f.workload.drifted
	usage_turns := f.usage.turns
	usage_tokens := f.usage.tokens
	usage_tool_calls := f.usage.tool_calls
	usage_duration := f.usage.duration
	usage_pipeline_runs := f.usage.pipeline_runs
	usage_credential_requests := f.usage.credential_requests
	joined := concat("", [request_by, agent_id, session_id, tool_server, tool_name, tool_digest, arguments_digest, arguments_covered])
	[1 | count(joined) > 1024; some text in [request_by, agent_id, session_id, tool_server, tool_name, tool_digest, arguments_digest, arguments_covered]; count(text) > 1024] == []
	false in ["" in [request_by, agent_id, session_id, tool_server, tool_name, tool_digest, arguments_digest, arguments_covered]]
	regex.match(`^\[[0-9]{1,15},[0-9]{1,15},[0-9]{1,15},[0-9]{1,15},[0-9]{1,15},[0-9]{1,15},[0-9]{1,15}\]$`, json.marshal([workload_drifted, usage_turns, usage_tokens, usage_tool_calls, usage_duration, usage_pipeline_runs, usage_credential_requests]))
	agent_toolset := array.concat([found | found := data.ringfence.tables[t.agents][agent_id].toolset], [""])[0]
	tool_standing := array.concat([found | found := data.ringfence.tables[agent_toolset][tool_server][tool_name]], ["unlisted"])[0]

	# Most requests end here: every rule is shown to be satisfied.
	satisfied := [["", 0] |
		agent_toolset != "" # tool.agent
		tool_standing != "unlisted" # tool.unlisted
		tool_standing != "denied" # tool.denied
		tool_standing != "forbidden" # tool.forbidden-class
		workload_drifted == 0 # tool.workload-drift
		false in [tool_standing in {"approval", "approval+credential_request", "approval+pipeline_run", "approval+pipeline_run+credential_request"}] # tool.approval
		usage_turns < data.ringfence.tables[t.agents][agent_id].stop_at.turns # tool.budget.turns
		usage_tokens < data.ringfence.tables[t.agents][agent_id].stop_at.tokens # tool.budget.tokens
		usage_tool_calls < data.ringfence.tables[t.agents][agent_id].stop_at.tool_calls # tool.budget.tool-calls
		usage_duration < data.ringfence.tables[t.agents][agent_id].stop_at.duration # tool.budget.duration
		false in [tool_standing in {"allowed+pipeline_run", "allowed+pipeline_run+credential_request", "approval+pipeline_run", "approval+pipeline_run+credential_request"}] # tool.counts.pipeline-runs
		false in [tool_standing in {"allowed+credential_request", "allowed+pipeline_run+credential_request", "approval+credential_request", "approval+pipeline_run+credential_request"}] # tool.counts.credential-requests
		true in [false in [tool_standing in {"allowed", "allowed+credential_request", "allowed+pipeline_run", "allowed+pipeline_run+credential_request", "approval", "approval+credential_request", "approval+pipeline_run", "approval+pipeline_run+credential_request"}], tool_digest in data.ringfence.tables[data.ringfence.tables[t.agents][agent_id].locks[tool_server]][tool_name]] # tool.drift
	]
	found := [clause |
		satisfied == []
		tool_covered := array.concat([found | found := data.ringfence.tables[t.agents][agent_id].arguments[tool_server][tool_name]], ["*"])[0]

		# tool.agent, <built-in>:1:1
		violates_tool_agent := agent_toolset == ""

		# tool.unlisted, <built-in>:1:1
		violates_tool_unlisted := [1 | not agent_toolset == ""; not tool_standing != "unlisted"] == [1]

		# tool.denied, <built-in>:1:1
		violates_tool_denied := [1 | not agent_toolset == ""; not tool_standing != "denied"] == [1]

		# tool.forbidden-class, <built-in>:1:1
		violates_tool_forbidden_class := [1 | not agent_toolset == ""; not tool_standing != "forbidden"] == [1]

		# tool.drift, <built-in>:1:1
		violates_tool_drift := [1 | not agent_toolset == ""; not false in [tool_standing in {"allowed", "allowed+credential_request", "allowed+pipeline_run", "allowed+pipeline_run+credential_request", "approval", "approval+credential_request", "approval+pipeline_run", "approval+pipeline_run+credential_request"}]; not tool_digest in array.concat([found | found := data.ringfence.tables[array.concat([found | found := data.ringfence.tables[t.agents][agent_id].locks[tool_server]], [""])[0]][tool_name]], [set()])[0]] == [1]

		# tool.workload-drift, <built-in>:1:1
		violates_tool_workload_drift := [1 | not agent_toolset == ""; not workload_drifted == 0] == [1]

		# tool.approval, <built-in>:1:1
		violates_tool_approval := tool_standing in {"approval", "approval+credential_request", "approval+pipeline_run", "approval+pipeline_run+credential_request"}

		# tool.arguments, <built-in>:1:1
		violates_tool_arguments := [1 | not false in [tool_standing in {"approval", "approval+credential_request", "approval+pipeline_run", "approval+pipeline_run+credential_request"}]; not arguments_covered == tool_covered] == [1]

		# tool.budget.turns, <built-in>:1:1
		violates_tool_budget_turns := [1 | not agent_toolset == ""; not usage_turns < array.concat([found | found := data.ringfence.tables[t.agents][agent_id].stop_at.turns], [-1])[0]] == [1]

		# tool.budget.tokens, <built-in>:1:1
		violates_tool_budget_tokens := [1 | not agent_toolset == ""; not usage_tokens < array.concat([found | found := data.ringfence.tables[t.agents][agent_id].stop_at.tokens], [-1])[0]] == [1]

		# tool.budget.tool-calls, <built-in>:1:1
		violates_tool_budget_tool_calls := [1 | not agent_toolset == ""; not usage_tool_calls < array.concat([found | found := data.ringfence.tables[t.agents][agent_id].stop_at.tool_calls], [-1])[0]] == [1]

		# tool.budget.duration, <built-in>:1:1
		violates_tool_budget_duration := [1 | not agent_toolset == ""; not usage_duration < array.concat([found | found := data.ringfence.tables[t.agents][agent_id].stop_at.duration], [-1])[0]] == [1]

		# tool.budget.pipeline-runs, <built-in>:1:1
		violates_tool_budget_pipeline_runs := [1 | not false in [tool_standing in {"allowed+pipeline_run", "allowed+pipeline_run+credential_request", "approval+pipeline_run", "approval+pipeline_run+credential_request"}]; not usage_pipeline_runs < array.concat([found | found := data.ringfence.tables[t.agents][agent_id].stop_at.pipeline_runs], [-1])[0]] == [1]

		# tool.budget.credential-requests, <built-in>:1:1
		violates_tool_budget_credential_requests := [1 | not false in [tool_standing in {"allowed+credential_request", "allowed+pipeline_run+credential_request", "approval+credential_request", "approval+pipeline_run+credential_request"}]; not usage_credential_requests < array.concat([found | found := data.ringfence.tables[t.agents][agent_id].stop_at.credential_requests], [-1])[0]] == [1]

		# tool.counts.pipeline-runs, <built-in>:1:1
		violates_tool_counts_pipeline_runs := [1 | not agent_toolset == ""; not false in [tool_standing in {"allowed+pipeline_run", "allowed+pipeline_run+credential_request", "approval+pipeline_run", "approval+pipeline_run+credential_request"}]] == [1]

		# tool.counts.credential-requests, <built-in>:1:1
		violates_tool_counts_credential_requests := [1 | not agent_toolset == ""; not false in [tool_standing in {"allowed+credential_request", "allowed+pipeline_run+credential_request", "approval+credential_request", "approval+pipeline_run+credential_request"}]] == [1]

		some place, true in [
			true,
			violates_tool_agent,
			violates_tool_unlisted,
			violates_tool_denied,
			violates_tool_forbidden_class,
			violates_tool_drift,
			violates_tool_workload_drift,
			violates_tool_approval,
			violates_tool_arguments,
			violates_tool_budget_turns,
			violates_tool_budget_tokens,
			violates_tool_budget_tool_calls,
			violates_tool_budget_duration,
			violates_tool_budget_pipeline_runs,
			violates_tool_budget_credential_requests,
			violates_tool_counts_pipeline_runs,
			violates_tool_counts_credential_requests,
		]
		clause := [
			["", 0],
			["tool.agent", 1],
			["tool.unlisted", 1],
			["tool.denied", 1],
			["tool.forbidden-class", 1],
			["tool.drift", 1],
			["tool.workload-drift", 1],
			["tool.approval", 1],
			["tool.arguments", 1],
			["tool.budget.turns", 1],
			["tool.budget.tokens", 1],
			["tool.budget.tool-calls", 1],
			["tool.budget.duration", 1],
			["tool.budget.pipeline-runs", 1],
			["tool.budget.credential-requests", 1],
			["tool.counts.pipeline-runs", 1],
			["tool.counts.credential-requests", 1],
		][place]
	]
}

# METADATA
# title: "tool.agent"
# custom:
#   source: "<built-in>:1:1"
rows["tool.agent"] := {
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
# title: "tool.unlisted"
# custom:
#   source: "<built-in>:1:1"
rows["tool.unlisted"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["tool", "server"], ["tool", "name"]],
	"fix": "use a tool that is listed, or have this one allowed in the ToolPolicy",
	"format": "%[1]v/%[2]v is not on the allow-list",
	"invariant": true,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "tool.denied"
# custom:
#   source: "<built-in>:1:1"
rows["tool.denied"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["tool", "server"], ["tool", "name"]],
	"fix": "use another tool; a denial wins over every allow-list",
	"format": "%[1]v/%[2]v is denied",
	"invariant": true,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "tool.forbidden-class"
# custom:
#   source: "<built-in>:1:1"
rows["tool.forbidden-class"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["tool", "server"], ["tool", "name"]],
	"fix": "use another tool; a denial wins over every allow-list",
	"format": "%[1]v/%[2]v is of a forbidden class: %[3]v",
	"invariant": true,
	"obligations": [],
	"others": [["derived", "tool.classes"]],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "tool.drift"
# custom:
#   source: "<built-in>:1:1"
rows["tool.drift"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["tool", "server"], ["tool", "name"]],
	"fix": "review what changed with `ringfence tools drift`, and pin it anew",
	"format": "%[1]v/%[2]v is not as it was pinned",
	"invariant": true,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "tool.workload-drift"
# custom:
#   source: "<built-in>:1:1"
rows["tool.workload-drift"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["workload", "drifted"]],
	"fix": "review what changed with `ringfence tools drift`, and pin it anew",
	"format": "%[1]v tools of this workload are not as they were pinned",
	"invariant": true,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "tool.approval"
# custom:
#   source: "<built-in>:1:1"
rows["tool.approval"] := {
	"action": "human_review",
	"approvable": true,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["tool", "server"], ["tool", "name"]],
	"fix": "present an approval of these arguments: see `ringfence approve --help`",
	"format": "%[1]v/%[2]v needs an approval of this very call",
	"invariant": false,
	"limits": "tool.limits",
	"obligations": [],
	"others": [],
	"rank": 3,
	"reads": [],
	"unknown_rank": 3,
	"waivable": false,
}

# METADATA
# title: "tool.arguments"
# custom:
#   source: "<built-in>:1:1"
rows["tool.arguments"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["arguments", "covered"]],
	"fix": "send the digest of exactly the arguments that the policy names",
	"format": "the digest covers the arguments %[1]v, not %[2]v",
	"invariant": true,
	"obligations": [{"cover": {"derived": ["tool_call", "tool.covered"]}}],
	"others": [["derived", "tool.covered"]],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "tool.budget.turns"
# custom:
#   source: "<built-in>:1:1"
rows["tool.budget.turns"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["usage", "turns"]],
	"fix": "end the session; a new one is a person's decision",
	"format": "max turns reached: %[1]v of %[2]v",
	"invariant": false,
	"obligations": [{"budget": "turns", "error": "BudgetExceededError", "stop": "session"}],
	"others": [["derived", "limit.turns"]],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "tool.budget.tokens"
# custom:
#   source: "<built-in>:1:1"
rows["tool.budget.tokens"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["usage", "tokens"]],
	"fix": "end the session; a new one is a person's decision",
	"format": "token budget exhausted: %[1]v of %[2]v",
	"invariant": false,
	"obligations": [{"budget": "tokens", "error": "BudgetExceededError", "stop": "session"}],
	"others": [["derived", "limit.tokens"]],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "tool.budget.tool-calls"
# custom:
#   source: "<built-in>:1:1"
rows["tool.budget.tool-calls"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["usage", "tool_calls"]],
	"fix": "end the session; a new one is a person's decision",
	"format": "max tool calls reached: %[1]v of %[2]v",
	"invariant": false,
	"obligations": [{"budget": "tool_calls", "error": "BudgetExceededError", "stop": "session"}],
	"others": [["derived", "limit.tool_calls"]],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "tool.budget.duration"
# custom:
#   source: "<built-in>:1:1"
rows["tool.budget.duration"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["usage", "duration"]],
	"fix": "end the session; a new one is a person's decision",
	"format": "time limit exceeded: %[1]v of %[2]v",
	"invariant": false,
	"obligations": [{"budget": "duration", "error": "BudgetExceededError", "stop": "session"}],
	"others": [["derived", "limit.duration"]],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "tool.budget.pipeline-runs"
# custom:
#   source: "<built-in>:1:1"
rows["tool.budget.pipeline-runs"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["usage", "pipeline_runs"]],
	"fix": "end the session; a new one is a person's decision",
	"format": "max pipeline runs reached: %[1]v of %[2]v",
	"invariant": false,
	"obligations": [{"budget": "pipeline_runs", "error": "BudgetExceededError", "stop": "session"}],
	"others": [["derived", "limit.pipeline_runs"]],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "tool.budget.credential-requests"
# custom:
#   source: "<built-in>:1:1"
rows["tool.budget.credential-requests"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["usage", "credential_requests"]],
	"fix": "end the session; a new one is a person's decision",
	"format": "max credential requests reached: %[1]v of %[2]v",
	"invariant": false,
	"obligations": [{"budget": "credential_requests", "error": "BudgetExceededError", "stop": "session"}],
	"others": [["derived", "limit.credential_requests"]],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "tool.counts.pipeline-runs"
# custom:
#   source: "<built-in>:1:1"
rows["tool.counts.pipeline-runs"] := {
	"action": "allow",
	"approvable": false,
	"category": "corrective",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "count it before the call is made",
	"format": "the call counts as one of the session's pipeline runs",
	"invariant": true,
	"obligations": [{"count": "pipeline_runs"}],
	"others": [],
	"rank": 0,
	"reads": [],
	"unknown_rank": 0,
	"waivable": false,
}

# METADATA
# title: "tool.counts.credential-requests"
# custom:
#   source: "<built-in>:1:1"
rows["tool.counts.credential-requests"] := {
	"action": "allow",
	"approvable": false,
	"category": "corrective",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "count it before the call is made",
	"format": "the call counts as one of the session's credential requests",
	"invariant": true,
	"obligations": [{"count": "credential_requests"}],
	"others": [],
	"rank": 0,
	"reads": [],
	"unknown_rank": 0,
	"waivable": false,
}

derived["agent.toolset"] := array.concat([found | found := data.ringfence.tables[t.agents][input.facts.agent.id].toolset], [""])[0] if {
	t := data.ringfence.params.tool_call[input.tenant]
}

derived["tool.standing"] := array.concat([found | found := data.ringfence.tables[agent_toolset][input.facts.tool.server][input.facts.tool.name]], ["unlisted"])[0] if {
	t := data.ringfence.params.tool_call[input.tenant]
	agent_toolset := array.concat([found | found := data.ringfence.tables[t.agents][input.facts.agent.id].toolset], [""])[0]
}

derived["tool.classes"] := array.concat([found | found := data.ringfence.tables[t.agents][input.facts.agent.id].forbidden[input.facts.tool.server][input.facts.tool.name]], [set()])[0] if {
	t := data.ringfence.params.tool_call[input.tenant]
}

derived["tool.covered"] := array.concat([found | found := data.ringfence.tables[t.agents][input.facts.agent.id].arguments[input.facts.tool.server][input.facts.tool.name]], ["*"])[0] if {
	t := data.ringfence.params.tool_call[input.tenant]
}

derived["tool.limits"] := array.concat([found | found := data.ringfence.tables[t.agents][input.facts.agent.id].limits[input.facts.tool.server][input.facts.tool.name]], [""])[0] if {
	t := data.ringfence.params.tool_call[input.tenant]
}

derived["limit.turns"] := array.concat([found | found := data.ringfence.tables[t.agents][input.facts.agent.id].stop_at.turns], [-1])[0] if {
	t := data.ringfence.params.tool_call[input.tenant]
}

derived["limit.tokens"] := array.concat([found | found := data.ringfence.tables[t.agents][input.facts.agent.id].stop_at.tokens], [-1])[0] if {
	t := data.ringfence.params.tool_call[input.tenant]
}

derived["limit.tool_calls"] := array.concat([found | found := data.ringfence.tables[t.agents][input.facts.agent.id].stop_at.tool_calls], [-1])[0] if {
	t := data.ringfence.params.tool_call[input.tenant]
}

derived["limit.duration"] := array.concat([found | found := data.ringfence.tables[t.agents][input.facts.agent.id].stop_at.duration], [-1])[0] if {
	t := data.ringfence.params.tool_call[input.tenant]
}

derived["limit.pipeline_runs"] := array.concat([found | found := data.ringfence.tables[t.agents][input.facts.agent.id].stop_at.pipeline_runs], [-1])[0] if {
	t := data.ringfence.params.tool_call[input.tenant]
}

derived["limit.credential_requests"] := array.concat([found | found := data.ringfence.tables[t.agents][input.facts.agent.id].stop_at.credential_requests], [-1])[0] if {
	t := data.ringfence.params.tool_call[input.tenant]
}
