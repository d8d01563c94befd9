# METADATA
# title: The entry point
# description: Routes to the decision point that the request names, and does nothing else.
package ringfence.main

import data.ringfence.kernel.refuse

# METADATA
# title: The decision
# entrypoint: true
decision := answer if {
	answer := _answer
} else := refuse.unanswered

_answer := data.ringfence.points.policy_activate.decision if {
	input.point == "policy.activate"
} else := answer if {
	input.point == "policy.activate"
	cleaned := refuse.cleaned("policy_activate")
	answer := data.ringfence.points.policy_activate.decision with input.facts as cleaned
} else := refuse.ungated("policy_activate") if {
	input.point == "policy.activate"
}

_answer := data.ringfence.points.runner_deploy.decision if {
	input.point == "runner.deploy"
} else := answer if {
	input.point == "runner.deploy"
	cleaned := refuse.cleaned("runner_deploy")
	answer := data.ringfence.points.runner_deploy.decision with input.facts as cleaned
} else := refuse.ungated("runner_deploy") if {
	input.point == "runner.deploy"
}

_answer := data.ringfence.points.runner_start.decision if {
	input.point == "runner.start"
} else := answer if {
	input.point == "runner.start"
	cleaned := refuse.cleaned("runner_start")
	answer := data.ringfence.points.runner_start.decision with input.facts as cleaned
} else := refuse.ungated("runner_start") if {
	input.point == "runner.start"
}

_answer := data.ringfence.points.tool_call.decision if {
	input.point == "tool.call"
} else := answer if {
	input.point == "tool.call"
	cleaned := refuse.cleaned("tool_call")
	answer := data.ringfence.points.tool_call.decision with input.facts as cleaned
} else := refuse.ungated("tool_call") if {
	input.point == "tool.call"
}

_answer := data.ringfence.points.tools_list.decision if {
	input.point == "tools.list"
} else := answer if {
	input.point == "tools.list"
	cleaned := refuse.cleaned("tools_list")
	answer := data.ringfence.points.tools_list.decision with input.facts as cleaned
} else := refuse.ungated("tools_list") if {
	input.point == "tools.list"
}

_answer := data.ringfence.points.workload_serve.decision if {
	input.point == "workload.serve"
} else := answer if {
	input.point == "workload.serve"
	cleaned := refuse.cleaned("workload_serve")
	answer := data.ringfence.points.workload_serve.decision with input.facts as cleaned
} else := refuse.ungated("workload_serve") if {
	input.point == "workload.serve"
}
