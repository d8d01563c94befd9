# METADATA
# title: The entry point
# description: Routes to the decision point that the request names, and does nothing else.
package ringfence.main

import data.ringfence.kernel.fresh
import data.ringfence.kernel.refuse

# METADATA
# title: The decision
# entrypoint: true
decision := answer if {
	fresh.reasons == set()
	answer := _answer
} else := refuse.stale(fresh.reasons) if {
	fresh.reasons != set()
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
