# METADATA
# title: "runner.start"
# description: "The scheduler asks whether a run may start now."
package ringfence.points.runner_start

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
} else := decide.decision("runner_start", hits)

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
} else := array.concat(shared, own.hits("runner_start", list)) if {
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
	found := _found with input.facts as typed.filled("runner_start")
}

# Violated clauses, each as its rule's id and its number, after one of no rule; and the name of the
# tenant's own list of rules. Undefined where a fact is missing or mistyped. Without the clause of no
# rule, something that every clause stands beside could not be told.
_found := [array.concat(satisfied, found), t.list] if {
	f := input.facts
	t := data.ringfence.params.runner_start[input.tenant]
	request_by := f.request.by
	runner_class := f.runner.class
	runner_size := f.runner.size
	runner_profile := f.runner.profile
	runner_network := f.runner.network
	workload_id := f.workload.id
	workload_is_new := f.workload.is_new
	workload_processes_events := f.workload.processes_events
	pipeline_id := f.pipeline.id
	data_classification := f.data.classification
	run_concurrency := f.run.concurrency
	run_estimate := f.run.estimate
	run_timeout := f.run.timeout
	usage_running := f.usage.running
	usage_class_hours_month := f.usage.class_hours_month
	tags_class := f.tags.class
	tags_size := f.tags.size
	tags_tenant := f.tags.tenant
	tags_pipeline := f.tags.pipeline
	residency_requirement_id := object.get(f, ["residency", "requirement_id"], "")
	secrets_inline := f.secrets_inline
	logging_access_enabled := f.logging.access_enabled
	logging_access_sink := f.logging.access_sink
	retries_max_attempts := f.retries.max_attempts
	evidence_sink_reachable := f.evidence.sink_reachable
	host_healthy := object.get(f, ["host", "healthy"], "")
	host_checked_at := object.get(f, ["host", "checked_at"], -1)
	joined := concat("", [request_by, workload_id, pipeline_id, tags_class, tags_size, tags_tenant, tags_pipeline, residency_requirement_id, logging_access_sink])
	[1 | count(joined) > 1024; some text in [request_by, workload_id, pipeline_id, tags_class, tags_size, tags_tenant, tags_pipeline, residency_requirement_id, logging_access_sink]; count(text) > 1024] == []
	false in ["" in [request_by, workload_id, pipeline_id]]
	regex.match(`^\[(?:"serverless"|"container"|"managed_etl"|"dedicated_compute"),(?:""|"small"|"medium"|"large"|"xlarge"|"custom"),(?:"standard"|"custom"),(?:"public_vpc_egress"|"private_vpc"|"privatelink"|"vpn"|"on_premise"),(?:true|false),(?:true|false),(?:"public"|"internal"|"confidential"|"restricted"),[0-9]{1,15},[0-9]{1,15},(?:-1|[0-9]{1,15}),[0-9]{1,15},[0-9]{1,15},[0-9]{1,15},(?:""|true|false),(?:-1|[0-9]{1,15}),(?:""|true|false),(?:""|true|false),(?:-1|[0-9]{1,15})\]$`, json.marshal([runner_class, runner_size, runner_profile, runner_network, workload_is_new, workload_processes_events, data_classification, run_concurrency, run_estimate, run_timeout, usage_running, usage_class_hours_month, secrets_inline, logging_access_enabled, retries_max_attempts, evidence_sink_reachable, host_healthy, host_checked_at]))
	matrix_classifications := object.get(t.matrix, [runner_class, runner_network, runner_size], [])
	usage_class_hours_after := usage_class_hours_month + run_estimate
	usage_running_after := usage_running + run_concurrency
	is_array(f.endpoints)
	count(f.endpoints) <= 200
	endpoints := [[[runner_network == "public_vpc_egress", item_private_available != false] == [true, true], [runner_network in {"privatelink", "vpn"}, true in [item_dns_validated != true, item_dns_checked_at == -1, (item_dns_checked_at * 1000000000) < (time.now_ns() - (t.dns_max_age * 1000000000))]] == [true, true]] |
		some item in f.endpoints
		item_host := item.host
		item_private_available := item.private_available
		item_dns_validated := object.get(item, "dns_validated", "")
		item_dns_checked_at := object.get(item, "dns_checked_at", -1)
		count(concat("", [item_host])) <= 1024
		false in ["" in [item_host]]
		regex.match(`^\[(?:true|false),(?:""|true|false),(?:-1|[0-9]{1,15})\]$`, json.marshal([item_private_available, item_dns_validated, item_dns_checked_at]))
	]
	count(endpoints) == count(f.endpoints)
	is_array(f.secrets)
	count(f.secrets) <= 200
	secrets := [[found] |
		some item in f.secrets
		item_name := item.name
		item_ref := object.get(item, "ref", "")
		item_joined := concat("", [item_name, item_ref])
		[1 | count(item_joined) > 1024; some text in [item_name, item_ref]; count(text) > 1024] == []
		false in ["" in [item_name]]
		found := true in [item_ref == "", startswith(item_ref, t.secrets_service) == false]
	]
	count(secrets) == count(f.secrets)
	is_array(f.images)
	count(f.images) <= 200
	images := [[strings.any_prefix_match(item_repository, t.registries) == false, startswith(item_digest, "sha256:") == false] |
		some item in f.images
		item_repository := item.repository
		item_digest := object.get(item, "digest", "")
		item_joined := concat("", [item_repository, item_digest])
		[1 | count(item_joined) > 1024; some text in [item_repository, item_digest]; count(text) > 1024] == []
		false in ["" in [item_repository]]
	]
	count(images) == count(f.images)
	is_array(f.drivers)
	count(f.drivers) <= 200
	drivers := [[found] |
		some item in f.drivers
		item_name := item.name
		item_version := item.version
		item_source := item.source
		item_joined := concat("", [item_name, item_version, item_source])
		[1 | count(item_joined) > 1024; some text in [item_name, item_version, item_source]; count(text) > 1024] == []
		false in ["" in [item_name, item_version, item_source]]
		found := strings.any_prefix_match(item_source, t.driver_sources) == false
	]
	count(drivers) == count(f.drivers)

	# Most requests end here: every rule is shown to be satisfied.
	satisfied := [["", 0] |
		count([1 | some rows in [endpoints, secrets, images, drivers]; some row in rows; true in row]) == 0
		runner_size != "" # runner.size.declared
		runner_network in t.networks # runner.network
		"public" in matrix_classifications # runner.matrix
		data_classification in matrix_classifications # runner.classification
		usage_running_after <= t.concurrency # runner.quota.concurrency
		usage_class_hours_after <= t.monthly_seconds[runner_class] # runner.quota.monthly-hours
		run_timeout >= 1 # runner.timeout
		run_timeout <= t.timeouts[runner_class] # runner.timeout
		retries_max_attempts != -1 # runner.retries.capped
		retries_max_attempts <= t.max_attempts # runner.retries.capped
		secrets_inline == 0 # runner.secrets.platform-service
		logging_access_enabled == true # runner.logging.access
		logging_access_sink != "" # runner.logging.access
		tags_class == runner_class # runner.tags
		tags_size != "" # runner.tags
		tags_size == runner_size # runner.tags
		tags_tenant == input.tenant # runner.tags
		tags_pipeline == pipeline_id # runner.tags
		runner_size != "xlarge" # runner.approval.xlarge
		runner_profile == "standard" # runner.approval.custom
		runner_size != "custom" # runner.approval.custom
		runner_class != "dedicated_compute" # runner.approval.dedicated
		evidence_sink_reachable == true # runner.evidence.sink
		run_estimate <= t["cost.max_estimate"] # cost.long-run
		true in [runner_size != "large", run_estimate >= 300] # cost.small-jobs-stay-small
		true in [runner_network != "on_premise", residency_requirement_id != ""] # runner.network.on-premise
	]
	found := [clause |
		satisfied == []

		# runner.network, <built-in>:1:1
		violates_runner_network := false in [runner_network in t.networks]

		# runner.matrix, <built-in>:1:1
		violates_runner_matrix := [1 | not "public" in matrix_classifications; not false in [runner_network in t.networks]] == [1]

		# runner.classification, <built-in>:1:1
		violates_runner_classification := [1 | not false in ["public" in matrix_classifications]; not data_classification in matrix_classifications] == [1]

		# runner.size.declared, <built-in>:1:1
		violates_runner_size_declared := [1 | not workload_is_new == true; not runner_size != ""] == [1]

		# runner.size.default, <built-in>:1:1
		violates_runner_size_default := [1 | not workload_is_new == false; not runner_size != ""] == [1]

		# runner.quota.concurrency, <built-in>:1:1
		violates_runner_quota_concurrency := usage_running_after > t.concurrency

		# runner.quota.monthly-hours, <built-in>:1:1
		violates_runner_quota_monthly_hours := usage_class_hours_after > object.get(t.monthly_seconds, runner_class, -1)

		# runner.timeout, <built-in>:1:1
		violates_runner_timeout := run_timeout < 1

		# runner.timeout, <built-in>:1:1
		violates_runner_timeout_2 := true in [run_timeout == -1, run_timeout > object.get(t.timeouts, runner_class, -1)]

		# runner.retries.capped, <built-in>:1:1
		violates_runner_retries_capped := true in [retries_max_attempts == -1, retries_max_attempts > t.max_attempts]

		# runner.network.public-egress, <built-in>:1:1
		violates_runner_network_public_egress := true in {row[0] | some row in endpoints}

		# runner.network.dns, <built-in>:1:1
		violates_runner_network_dns := true in {row[1] | some row in endpoints}

		# runner.network.on-premise, <built-in>:1:1
		violates_runner_network_on_premise := [1 | not runner_network != "on_premise"; not residency_requirement_id != ""] == [1]

		# runner.secrets.platform-service, <built-in>:1:1
		violates_runner_secrets_platform_service := secrets_inline != 0

		# runner.secrets.platform-service, <built-in>:1:1
		violates_runner_secrets_platform_service_2 := true in {row[0] | some row in secrets}

		# runner.images.registry, <built-in>:1:1
		violates_runner_images_registry := true in {row[0] | some row in images}

		# runner.images.digest, <built-in>:1:1
		violates_runner_images_digest := true in {row[1] | some row in images}

		# runner.drivers.source, <built-in>:1:1
		violates_runner_drivers_source := true in {row[0] | some row in drivers}

		# runner.logging.access, <built-in>:1:1
		violates_runner_logging_access := logging_access_enabled != true

		# runner.logging.access, <built-in>:1:1
		violates_runner_logging_access_2 := logging_access_sink == ""

		# runner.tags, <built-in>:1:1
		violates_runner_tags := tags_class != runner_class

		# runner.tags, <built-in>:1:1
		violates_runner_tags_2 := [1 | not runner_size == ""; not [tags_size != "", tags_size == runner_size] == [true, true]] == [1]

		# runner.tags, <built-in>:1:1
		violates_runner_tags_3 := tags_tenant != input.tenant

		# runner.tags, <built-in>:1:1
		violates_runner_tags_4 := tags_pipeline != pipeline_id

		# runner.approval.xlarge, <built-in>:1:1
		violates_runner_approval_xlarge := runner_size == "xlarge"

		# runner.approval.custom, <built-in>:1:1
		violates_runner_approval_custom := runner_profile != "standard"

		# runner.approval.custom, <built-in>:1:1
		violates_runner_approval_custom_2 := runner_size == "custom"

		# runner.approval.dedicated, <built-in>:1:1
		violates_runner_approval_dedicated := runner_class == "dedicated_compute"

		# runner.evidence.sink, <built-in>:1:1
		violates_runner_evidence_sink := evidence_sink_reachable != true

		# runner.host.healthy, <built-in>:1:1
		violates_runner_host_healthy := [1 | not runner_class != "dedicated_compute"; not host_healthy == true] == [1]

		# runner.host.healthy, <built-in>:1:1
		violates_runner_host_healthy_2 := [1 | not runner_class != "dedicated_compute"; not true in [[host_checked_at != -1, (host_checked_at * 1000000000) >= (time.now_ns() - (t.host_max_age * 1000000000))] == [true, true]]] == [1]

		# cost.long-run, platform/cost.yaml:17:11
		violates_cost_long_run := run_estimate > t["cost.max_estimate"]

		# cost.small-jobs-stay-small, platform/cost.yaml:27:11
		violates_cost_small_jobs_stay_small := [1 | not [runner_size != "", runner_size != "large"] == [true, true]; not run_estimate >= 300] == [1]

		some place, true in [
			true,
			violates_runner_network,
			violates_runner_matrix,
			violates_runner_classification,
			violates_runner_size_declared,
			violates_runner_size_default,
			violates_runner_quota_concurrency,
			violates_runner_quota_monthly_hours,
			violates_runner_timeout,
			violates_runner_timeout_2,
			violates_runner_retries_capped,
			violates_runner_network_public_egress,
			violates_runner_network_dns,
			violates_runner_network_on_premise,
			violates_runner_secrets_platform_service,
			violates_runner_secrets_platform_service_2,
			violates_runner_images_registry,
			violates_runner_images_digest,
			violates_runner_drivers_source,
			violates_runner_logging_access,
			violates_runner_logging_access_2,
			violates_runner_tags,
			violates_runner_tags_2,
			violates_runner_tags_3,
			violates_runner_tags_4,
			violates_runner_approval_xlarge,
			violates_runner_approval_custom,
			violates_runner_approval_custom_2,
			violates_runner_approval_dedicated,
			violates_runner_evidence_sink,
			violates_runner_host_healthy,
			violates_runner_host_healthy_2,
			violates_cost_long_run,
			violates_cost_small_jobs_stay_small,
		]
		clause := [
			["", 0],
			["runner.network", 1],
			["runner.matrix", 1],
			["runner.classification", 1],
			["runner.size.declared", 1],
			["runner.size.default", 1],
			["runner.quota.concurrency", 1],
			["runner.quota.monthly-hours", 1],
			["runner.timeout", 1],
			["runner.timeout", 2],
			["runner.retries.capped", 1],
			["runner.network.public-egress", 1],
			["runner.network.dns", 1],
			["runner.network.on-premise", 1],
			["runner.secrets.platform-service", 1],
			["runner.secrets.platform-service", 2],
			["runner.images.registry", 1],
			["runner.images.digest", 1],
			["runner.drivers.source", 1],
			["runner.logging.access", 1],
			["runner.logging.access", 2],
			["runner.tags", 1],
			["runner.tags", 2],
			["runner.tags", 3],
			["runner.tags", 4],
			["runner.approval.xlarge", 1],
			["runner.approval.custom", 1],
			["runner.approval.custom", 2],
			["runner.approval.dedicated", 1],
			["runner.evidence.sink", 1],
			["runner.host.healthy", 1],
			["runner.host.healthy", 2],
			["cost.long-run", 1],
			["cost.small-jobs-stay-small", 1],
		][place]
	]
}

# METADATA
# title: "runner.network"
# custom:
#   source: "<built-in>:1:1"
rows["runner.network"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["runner", "network"]],
	"fix": "use a network profile of the matrix, or have a row approved",
	"format": "network %[1]v is in no row of the tenant's matrix",
	"invariant": false,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "runner.matrix"
# custom:
#   source: "<built-in>:1:1"
rows["runner.matrix"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["runner", "class"], ["runner", "size"], ["runner", "network"]],
	"fix": "use a combination of the matrix, or have a row approved",
	"format": "%[1]v/%[2]v/%[3]v is not in the tenant's matrix",
	"invariant": false,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": false, "missing": "", "name": "runner.size", "path": ["runner", "size"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "runner.classification"
# custom:
#   source: "<built-in>:1:1"
rows["runner.classification"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["data", "classification"]],
	"fix": "run on a combination that is approved for this data",
	"format": "%[1]v data is more sensitive than this row of the matrix may touch",
	"invariant": false,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": false, "missing": "", "name": "runner.size", "path": ["runner", "size"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "runner.size.declared"
# custom:
#   source: "<built-in>:1:1"
rows["runner.size.declared"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "declare runner.size; only a new workload gets the default",
	"format": "the workload exists and declares no size",
	"invariant": false,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": false, "missing": "", "name": "runner.size", "path": ["runner", "size"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "runner.size.default"
# custom:
#   source: "<built-in>:1:1"
rows["runner.size.default"] := {
	"action": "allow",
	"approvable": false,
	"category": "corrective",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "declare runner.size to choose another",
	"format": "the default size applies",
	"invariant": false,
	"obligations": [{"set": "runner.size", "to": {"lookup": ["runner_start", "default_size", "runner.class"]}}],
	"others": [],
	"rank": 0,
	"reads": [{"attested": false, "missing": "", "name": "runner.size", "path": ["runner", "size"]}],
	"unknown_rank": 0,
	"waivable": false,
}

# METADATA
# title: "runner.quota.concurrency"
# custom:
#   source: "<built-in>:1:1"
rows["runner.quota.concurrency"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "wait for a run to end, or ask for a larger cap",
	"format": "%[1]v runners are more than the tenant's %[2]v",
	"invariant": false,
	"obligations": [],
	"others": [["derived", "usage.running_after"], ["params", "concurrency"]],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "runner.quota.monthly-hours"
# custom:
#   source: "<built-in>:1:1"
rows["runner.quota.monthly-hours"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["runner", "class"]],
	"fix": "wait for the next month, or request an exception",
	"format": "%[2]v s of %[1]v this month are over the quota",
	"invariant": false,
	"obligations": [{"alert": "usage_over_quota"}],
	"others": [["derived", "usage.class_hours_after"]],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": true,
}

# METADATA
# title: "runner.timeout"
# custom:
#   source: "<built-in>:1:1"
rows["runner.timeout"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["run", "timeout"], ["runner", "class"]],
	"fix": "declare run.timeout within the limit of the class",
	"format": "timeout %[1]v s is missing, or over the limit for %[2]v",
	"invariant": false,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": false, "missing": -1, "name": "run.timeout", "path": ["run", "timeout"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "runner.retries.capped"
# custom:
#   source: "<built-in>:1:1"
rows["runner.retries.capped"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["retries", "max_attempts"]],
	"fix": "declare retries.max_attempts within the cap",
	"format": "%[1]v attempts are not capped at %[2]v",
	"invariant": false,
	"obligations": [],
	"others": [["params", "max_attempts"]],
	"rank": 4,
	"reads": [{"attested": false, "missing": -1, "name": "retries.max_attempts", "path": ["retries", "max_attempts"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "runner.network.public-egress"
# custom:
#   source: "<built-in>:1:1"
rows["runner.network.public-egress"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "use privatelink, vpn or private_vpc for this endpoint",
	"format": "public egress to an endpoint that has private connectivity",
	"invariant": false,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "runner.network.dns"
# custom:
#   source: "<built-in>:1:1"
rows["runner.network.dns"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [["runner", "network"]],
	"fix": "validate the endpoint's private name and send dns_validated and dns_checked_at",
	"format": "an endpoint behind %[1]v has no fresh DNS validation",
	"invariant": false,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "runner.network.on-premise"
# custom:
#   source: "<built-in>:1:1"
rows["runner.network.on-premise"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "name the residency requirement, or use another network",
	"format": "an on-premise agent without a residency requirement",
	"invariant": false,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": false, "missing": "", "name": "residency.requirement_id", "path": ["residency", "requirement_id"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "runner.secrets.platform-service"
# custom:
#   source: "<built-in>:1:1"
rows["runner.secrets.platform-service"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "store it there and send its reference",
	"format": "a secret does not come from the platform's secrets service",
	"invariant": true,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "runner.images.registry"
# custom:
#   source: "<built-in>:1:1"
rows["runner.images.registry"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "push the image to an approved registry",
	"format": "an image comes from a registry that is not approved",
	"invariant": false,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "runner.images.digest"
# custom:
#   source: "<built-in>:1:1"
rows["runner.images.digest"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "send the digest of every image",
	"format": "an image is not pinned by digest",
	"invariant": false,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "runner.drivers.source"
# custom:
#   source: "<built-in>:1:1"
rows["runner.drivers.source"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "use a driver of an approved source",
	"format": "a driver comes from a source that is not approved",
	"invariant": false,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "runner.logging.access"
# custom:
#   source: "<built-in>:1:1"
rows["runner.logging.access"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "enable access logs and name their sink",
	"format": "access logs are off, or go nowhere",
	"invariant": false,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": false, "missing": "", "name": "logging.access_enabled", "path": ["logging", "access_enabled"]}, {"attested": false, "missing": "", "name": "logging.access_sink", "path": ["logging", "access_sink"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "runner.tags"
# custom:
#   source: "<built-in>:1:1"
rows["runner.tags"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "tag the run with its class, size, tenant and pipeline",
	"format": "a chargeback tag is missing or differs from the manifest",
	"invariant": false,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": false, "missing": "", "name": "runner.size", "path": ["runner", "size"]}, {"attested": false, "missing": "", "name": "tags.class", "path": ["tags", "class"]}, {"attested": false, "missing": "", "name": "tags.pipeline", "path": ["tags", "pipeline"]}, {"attested": false, "missing": "", "name": "tags.size", "path": ["tags", "size"]}, {"attested": false, "missing": "", "name": "tags.tenant", "path": ["tags", "tenant"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "runner.approval.xlarge"
# custom:
#   source: "<built-in>:1:1"
rows["runner.approval.xlarge"] := {
	"action": "block",
	"approvable": true,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "present an approval for this very request: see `ringfence approve --help`",
	"format": "xlarge needs a documented approval",
	"invariant": false,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": false, "missing": "", "name": "runner.size", "path": ["runner", "size"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "runner.approval.custom"
# custom:
#   source: "<built-in>:1:1"
rows["runner.approval.custom"] := {
	"action": "block",
	"approvable": true,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "present an approval for this very request: see `ringfence approve --help`",
	"format": "custom needs a documented approval",
	"invariant": false,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": false, "missing": "", "name": "runner.size", "path": ["runner", "size"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "runner.approval.dedicated"
# custom:
#   source: "<built-in>:1:1"
rows["runner.approval.dedicated"] := {
	"action": "block",
	"approvable": true,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "present an approval for this very request: see `ringfence approve --help`",
	"format": "dedicated needs a documented approval",
	"invariant": false,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "runner.evidence.sink"
# custom:
#   source: "<built-in>:1:1"
rows["runner.evidence.sink"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "restore the evidence sink; a run without evidence is not started",
	"format": "the evidence sink is not known to be reachable",
	"invariant": false,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": false, "missing": "", "name": "evidence.sink_reachable", "path": ["evidence", "sink_reachable"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "runner.host.healthy"
# custom:
#   source: "<built-in>:1:1"
rows["runner.host.healthy"] := {
	"action": "block",
	"approvable": false,
	"category": "preventive",
	"controls": [],
	"docs": "",
	"escalate_to": "",
	"facts": [],
	"fix": "check the host's health just before the start",
	"format": "the dedicated host has no fresh, passed health check",
	"invariant": false,
	"obligations": [],
	"others": [],
	"rank": 4,
	"reads": [{"attested": false, "missing": -1, "name": "host.checked_at", "path": ["host", "checked_at"]}, {"attested": false, "missing": "", "name": "host.healthy", "path": ["host", "healthy"]}],
	"unknown_rank": 4,
	"waivable": false,
}

# METADATA
# title: "cost.long-run"
# description: "One forgotten 40-hour run cost as much as a month of the others."
# custom:
#   source: "platform/cost.yaml:17:11"
rows["cost.long-run"] := {
	"action": "human_review",
	"approvable": false,
	"category": "preventive",
	"controls": ["NIST-800-53:SA-2"],
	"docs": "",
	"escalate_to": "governance-oncall@platform.example",
	"facts": [["run", "estimate"]],
	"fix": "Split the run, or ask for a review.",
	"format": "an estimate of %[1]v s is over %[2]v s",
	"invariant": false,
	"obligations": [],
	"others": [["params", "cost.max_estimate"]],
	"rank": 3,
	"reads": [],
	"unknown_rank": 3,
	"waivable": true,
}

# METADATA
# title: "cost.small-jobs-stay-small"
# description: "Large runners with short estimates were the largest waste of the last review."
# custom:
#   source: "platform/cost.yaml:27:11"
rows["cost.small-jobs-stay-small"] := {
	"action": "allow+log",
	"approvable": false,
	"category": "detective",
	"controls": [],
	"docs": "",
	"escalate_to": "governance-oncall@platform.example",
	"facts": [["run", "estimate"]],
	"fix": "Try a medium runner.",
	"format": "a large runner for %[1]v s of work",
	"invariant": false,
	"obligations": [],
	"others": [],
	"rank": 1,
	"reads": [{"attested": false, "missing": "", "name": "runner.size", "path": ["runner", "size"]}],
	"unknown_rank": 1,
	"waivable": false,
}

derived["matrix.classifications"] := object.get(t.matrix, [input.facts.runner.class, input.facts.runner.network, runner_size], []) if {
	t := data.ringfence.params.runner_start[input.tenant]
	runner_size := object.get(input.facts, ["runner", "size"], "")
}

derived["usage.class_hours_after"] := input.facts.usage.class_hours_month + input.facts.run.estimate

derived["usage.running_after"] := input.facts.usage.running + input.facts.run.concurrency
