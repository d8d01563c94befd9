# METADATA
# title: "runner.deploy"
# description: "A pipeline's deployment asks whether its runner conforms to policy."
package ringfence.points.runner_deploy

import data.ringfence.kernel.attested
import data.ringfence.kernel.decide
import data.ringfence.kernel.own

# METADATA
# title: The decision
# description: Undefined where a fact is missing or mistyped; the entry point then blocks.
decision := data.ringfence.about.clean if {
	_clean == ""
} else := data.ringfence.about.clean if {
	data.ringfence.lists.runner_deploy[_clean].clean
} else := data.ringfence.about.clean if {
	_violated == [false, false, false, false, false, false, false, false, false, false, false, false, false, false, false, false, false, false, false, false, false, false, false]
	count(_indexed) == 0
	own.clean("runner_deploy")
} else := decide.decision("runner_deploy", hits, derived) if {
	_violated
}

# The name of the tenant's own list of rules, "" for none, where every shared rule is shown to be
# satisfied. It may be undefined for a request that is clean all the same.
_clean := t.list if {
	f := input.facts
	t := data.ringfence.params.runner_deploy[input.tenant]
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
	tags_size := object.get(f, ["tags", "size"], "")
	tags_tenant := f.tags.tenant
	tags_pipeline := f.tags.pipeline
	residency_requirement_id := object.get(f, ["residency", "requirement_id"], "")
	secrets_inline := f.secrets_inline
	logging_access_enabled := f.logging.access_enabled
	logging_access_sink := f.logging.access_sink
	retries_max_attempts := f.retries.max_attempts
	artifact_digest := f.artifact.digest
	scan_status := attested.value(["scan", "status"], "")
	scan_digest := attested.value(["scan", "digest"], "")
	dlq_ref := object.get(f, ["dlq", "ref"], "")
	change_freeze := object.get(f, ["change", "freeze"], "")
	change_ticket := object.get(f, ["change", "ticket"], "")
	count(concat("", [request_by, workload_id, pipeline_id, residency_requirement_id, logging_access_sink, artifact_digest, dlq_ref, change_ticket])) <= 16384
	false in ["" in [request_by, workload_id, pipeline_id, logging_access_sink, artifact_digest]]
	regex.match(`^\[(?:"serverless"|"container"|"managed_etl"|"dedicated_compute"),(?:"small"|"medium"|"large"|"xlarge"|"custom"),(?:"public_vpc_egress"|"private_vpc"|"privatelink"|"vpn"|"on_premise"),(?:true|false),(?:true|false),(?:"public"|"internal"|"confidential"|"restricted"),[0-9]{1,15},[0-9]{1,15},[0-9]{1,15},[0-9]{1,15},[0-9]{1,15},[0-9]{1,15},[0-9]{1,15},(?:""|true|false)\]$`, json.marshal([runner_class, runner_size, runner_network, workload_is_new, workload_processes_events, data_classification, run_concurrency, run_estimate, run_timeout, usage_running, usage_class_hours_month, secrets_inline, retries_max_attempts, change_freeze]))
	matrix_classifications := t.matrix[runner_class][runner_network][runner_size]
	usage_class_hours_after := usage_class_hours_month + run_estimate
	usage_running_after := usage_running + run_concurrency
	is_array(f.endpoints)
	count(f.endpoints) <= 200
	endpoints := [1 |
		some item in f.endpoints
		item_host := item.host
		item_private_available := item.private_available
		item_dns_validated := object.get(item, "dns_validated", "")
		item_dns_checked_at := object.get(item, "dns_checked_at", -1)
		count(concat("", [item_host])) <= 16384
		false in ["" in [item_host]]
		regex.match(`^\[(?:true|false),(?:""|true|false),(?:-1|[0-9]{1,15})\]$`, json.marshal([item_private_available, item_dns_validated, item_dns_checked_at]))
		true in [runner_network != "public_vpc_egress", item_private_available == false]
		true in [runner_network in {"on_premise", "private_vpc", "public_vpc_egress"}, [item_dns_validated != "", item_dns_validated == true, item_dns_checked_at != -1, (item_dns_checked_at * 1000000000) >= (time.now_ns() - (t.dns_max_age * 1000000000))] == [true, true, true, true]]
	]
	count(endpoints) == count(f.endpoints)
	is_array(f.secrets)
	count(f.secrets) <= 200
	secrets := [1 |
		some item in f.secrets
		item_name := item.name
		item_ref := object.get(item, "ref", "")
		count(concat("", [item_name, item_ref])) <= 16384
		false in ["" in [item_name]]
		item_ref != ""
		startswith(item_ref, t.secrets_service)
	]
	count(secrets) == count(f.secrets)
	is_array(f.images)
	count(f.images) <= 200
	images := [1 |
		some item in f.images
		item_repository := item.repository
		item_digest := object.get(item, "digest", "")
		count(concat("", [item_repository, item_digest])) <= 16384
		false in ["" in [item_repository]]
		strings.any_prefix_match(item_repository, t.registries)
		item_digest != ""
		startswith(item_digest, "sha256:")
	]
	count(images) == count(f.images)
	is_array(f.drivers)
	count(f.drivers) <= 200
	drivers := [1 |
		some item in f.drivers
		item_name := item.name
		item_version := item.version
		item_source := item.source
		count(concat("", [item_name, item_version, item_source])) <= 16384
		false in ["" in [item_name, item_version, item_source]]
		strings.any_prefix_match(item_source, t.driver_sources)
	]
	count(drivers) == count(f.drivers)
	runner_network in t.networks # runner.network
	"public" in matrix_classifications # runner.matrix
	data_classification in matrix_classifications # runner.classification
	usage_running_after <= t.concurrency # runner.quota.concurrency
	usage_class_hours_after <= t.monthly_seconds[runner_class] # runner.quota.monthly-hours
	run_timeout >= 1 # runner.timeout
	run_timeout <= t.timeouts[runner_class] # runner.timeout
	retries_max_attempts <= t.max_attempts # runner.retries.capped
	secrets_inline == 0 # runner.secrets.platform-service
	logging_access_enabled == true # runner.logging.access
	tags_class == runner_class # runner.tags
	tags_size != "" # runner.tags
	tags_size == runner_size # runner.tags
	tags_tenant == input.tenant # runner.tags
	tags_pipeline == pipeline_id # runner.tags
	runner_size != "xlarge" # runner.approval.xlarge
	runner_profile == "standard" # runner.approval.custom
	runner_size != "custom" # runner.approval.custom
	runner_class != "dedicated_compute" # runner.approval.dedicated
	scan_status != "" # runner.scan.required
	scan_status == "passed" # runner.scan.required
	scan_digest != "" # runner.scan.required
	scan_digest == artifact_digest # runner.scan.required
	true in [[change_freeze != "", change_freeze == false] == [true, true], change_ticket != ""] # change.freeze
	true in [workload_processes_events != true, dlq_ref != ""] # runner.dlq.required
	true in [runner_network != "on_premise", residency_requirement_id != ""] # runner.network.on-premise
}

# METADATA
# title: Hits
# description: Violated rules, each with its row, the clause that fails, and whether it was refuted.
hits := array.concat(_shared, own.hits("runner_deploy"))

_shared := [[id, object.get(data.ringfence.rows.runner_deploy, id, {}), _clause(id), _is_refuted(id)] |
	some id in ({_labels[i] | some i, true in _violated} | _indexed)
]

# METADATA
# title: Computed values
# description: For messages and ceilings.
derived := {name: value | some name, value in _derived}

_derived["matrix.classifications"] := value if {
	f := input.facts
	t := data.ringfence.params.runner_deploy[input.tenant]
	runner_class := f.runner.class
	runner_size := object.get(f, ["runner", "size"], "")
	runner_network := f.runner.network
	value := object.get(t.matrix, [runner_class, runner_network, runner_size], [])
}

_derived["matrix.default_classifications"] := value if {
	f := input.facts
	t := data.ringfence.params.runner_deploy[input.tenant]
	runner_class := f.runner.class
	runner_network := f.runner.network
	value := object.get(t.matrix, [runner_class, runner_network, ""], [])
}

_derived["usage.class_hours_after"] := value if {
	f := input.facts
	run_estimate := f.run.estimate
	usage_class_hours_month := f.usage.class_hours_month
	value := usage_class_hours_month + run_estimate
}

_derived["usage.running_after"] := value if {
	f := input.facts
	run_concurrency := f.run.concurrency
	usage_running := f.usage.running
	value := usage_running + run_concurrency
}

_labels := [
	"runner.network",
	"runner.matrix",
	"runner.classification",
	"runner.size.declared",
	"runner.size.default",
	"runner.quota.concurrency",
	"runner.quota.monthly-hours",
	"runner.timeout",
	"runner.retries.capped",
	"runner.network.public-egress",
	"runner.network.dns",
	"runner.network.on-premise",
	"runner.secrets.platform-service",
	"runner.images.registry",
	"runner.images.digest",
	"runner.drivers.source",
	"runner.logging.access",
	"runner.tags",
	"runner.approval.xlarge",
	"runner.approval.custom",
	"runner.scan.required",
	"runner.dlq.required",
	"change.freeze",
]

_violated := [
	violates_runner_network,
	violates_runner_matrix,
	violates_runner_classification,
	violates_runner_size_declared,
	violates_runner_size_default,
	violates_runner_quota_concurrency,
	violates_runner_quota_monthly_hours,
	violates_runner_timeout,
	violates_runner_retries_capped,
	violates_runner_network_public_egress,
	violates_runner_network_dns,
	violates_runner_network_on_premise,
	violates_runner_secrets_platform_service,
	violates_runner_images_registry,
	violates_runner_images_digest,
	violates_runner_drivers_source,
	violates_runner_logging_access,
	violates_runner_tags,
	violates_runner_approval_xlarge,
	violates_runner_approval_custom,
	violates_runner_scan_required,
	violates_runner_dlq_required,
	violates_change_freeze,
] if {
	f := input.facts
	t := data.ringfence.params.runner_deploy[input.tenant]
	request_by := f.request.by
	runner_class := f.runner.class
	runner_size := object.get(f, ["runner", "size"], "")
	runner_profile := f.runner.profile
	runner_network := f.runner.network
	workload_id := f.workload.id
	workload_is_new := f.workload.is_new
	workload_processes_events := f.workload.processes_events
	pipeline_id := f.pipeline.id
	data_classification := f.data.classification
	run_concurrency := f.run.concurrency
	run_estimate := f.run.estimate
	run_timeout := object.get(f, ["run", "timeout"], -1)
	usage_running := f.usage.running
	usage_class_hours_month := f.usage.class_hours_month
	tags_class := object.get(f, ["tags", "class"], "")
	tags_size := object.get(f, ["tags", "size"], "")
	tags_tenant := object.get(f, ["tags", "tenant"], "")
	tags_pipeline := object.get(f, ["tags", "pipeline"], "")
	residency_requirement_id := object.get(f, ["residency", "requirement_id"], "")
	secrets_inline := f.secrets_inline
	logging_access_enabled := object.get(f, ["logging", "access_enabled"], "")
	logging_access_sink := object.get(f, ["logging", "access_sink"], "")
	retries_max_attempts := object.get(f, ["retries", "max_attempts"], -1)
	artifact_digest := f.artifact.digest
	scan_status := attested.value(["scan", "status"], "")
	scan_digest := attested.value(["scan", "digest"], "")
	dlq_ref := object.get(f, ["dlq", "ref"], "")
	change_freeze := object.get(f, ["change", "freeze"], "")
	change_ticket := object.get(f, ["change", "ticket"], "")
	count(concat("", [request_by, workload_id, pipeline_id, tags_class, tags_size, tags_tenant, tags_pipeline, residency_requirement_id, logging_access_sink, artifact_digest, scan_digest, dlq_ref, change_ticket])) <= 16384
	false in ["" in [request_by, workload_id, pipeline_id, artifact_digest]]
	regex.match(`^\[(?:"serverless"|"container"|"managed_etl"|"dedicated_compute"),(?:""|"small"|"medium"|"large"|"xlarge"|"custom"),(?:"standard"|"custom"),(?:"public_vpc_egress"|"private_vpc"|"privatelink"|"vpn"|"on_premise"),(?:true|false),(?:true|false),(?:"public"|"internal"|"confidential"|"restricted"),[0-9]{1,15},[0-9]{1,15},(?:-1|[0-9]{1,15}),[0-9]{1,15},[0-9]{1,15},[0-9]{1,15},(?:""|true|false),(?:-1|[0-9]{1,15}),(?:""|"passed"|"failed"),(?:""|true|false)\]$`, json.marshal([runner_class, runner_size, runner_profile, runner_network, workload_is_new, workload_processes_events, data_classification, run_concurrency, run_estimate, run_timeout, usage_running, usage_class_hours_month, secrets_inline, logging_access_enabled, retries_max_attempts, scan_status, change_freeze]))
	matrix_classifications := object.get(t.matrix, [runner_class, runner_network, runner_size], [])
	matrix_default_classifications := object.get(t.matrix, [runner_class, runner_network, ""], [])
	usage_class_hours_after := usage_class_hours_month + run_estimate
	usage_running_after := usage_running + run_concurrency
	is_array(f.endpoints)
	count(f.endpoints) <= 200
	endpoints := [[item_private_available != false, true in [item_dns_validated == "", item_dns_validated != true, item_dns_checked_at == -1, (item_dns_checked_at * 1000000000) < (time.now_ns() - (t.dns_max_age * 1000000000))]] |
		some item in f.endpoints
		item_host := item.host
		item_private_available := item.private_available
		item_dns_validated := object.get(item, "dns_validated", "")
		item_dns_checked_at := object.get(item, "dns_checked_at", -1)
		count(concat("", [item_host])) <= 16384
		false in ["" in [item_host]]
		regex.match(`^\[(?:true|false),(?:""|true|false),(?:-1|[0-9]{1,15})\]$`, json.marshal([item_private_available, item_dns_validated, item_dns_checked_at]))
	]
	count(endpoints) == count(f.endpoints)
	is_array(f.secrets)
	count(f.secrets) <= 200
	secrets := [found |
		some item in f.secrets
		item_name := item.name
		item_ref := object.get(item, "ref", "")
		count(concat("", [item_name, item_ref])) <= 16384
		false in ["" in [item_name]]
		found := true in [item_ref == "", startswith(item_ref, t.secrets_service) == false]
	]
	count(secrets) == count(f.secrets)
	is_array(f.images)
	count(f.images) <= 200
	images := [[strings.any_prefix_match(item_repository, t.registries) == false, true in [item_digest == "", startswith(item_digest, "sha256:") == false]] |
		some item in f.images
		item_repository := item.repository
		item_digest := object.get(item, "digest", "")
		count(concat("", [item_repository, item_digest])) <= 16384
		false in ["" in [item_repository]]
	]
	count(images) == count(f.images)
	is_array(f.drivers)
	count(f.drivers) <= 200
	drivers := [found |
		some item in f.drivers
		item_name := item.name
		item_version := item.version
		item_source := item.source
		count(concat("", [item_name, item_version, item_source])) <= 16384
		false in ["" in [item_name, item_version, item_source]]
		found := strings.any_prefix_match(item_source, t.driver_sources) == false
	]
	count(drivers) == count(f.drivers)

	# runner.network, <built-in>:1:1
	violates_runner_network := false in [runner_network in t.networks]

	# runner.matrix, <built-in>:1:1
	violates_runner_matrix := [runner_network in t.networks, true in [runner_size == "", false in ["public" in matrix_classifications]], true in [runner_size != "", false in ["public" in matrix_default_classifications]]] == [true, true, true]

	# runner.classification, <built-in>:1:1
	violates_runner_classification := [true in [runner_size == "", "public" in matrix_classifications], true in [runner_size == "", false in [data_classification in matrix_classifications]], true in [runner_size != "", ["public" in matrix_default_classifications, false in [data_classification in matrix_default_classifications]] == [true, true]]] == [true, true, true]

	# runner.size.declared, <built-in>:1:1
	violates_runner_size_declared := [workload_is_new != true, runner_size == ""] == [true, true]

	# runner.size.default, <built-in>:1:1
	violates_runner_size_default := [workload_is_new != false, runner_size == ""] == [true, true]

	# runner.quota.concurrency, <built-in>:1:1
	violates_runner_quota_concurrency := usage_running_after > t.concurrency

	# runner.quota.monthly-hours, <built-in>:1:1
	violates_runner_quota_monthly_hours := usage_class_hours_after > object.get(t.monthly_seconds, runner_class, -1)

	# runner.timeout, <built-in>:1:1
	violates_runner_timeout := true in [run_timeout == -1, run_timeout < 1, run_timeout > object.get(t.timeouts, runner_class, -1)]

	# runner.retries.capped, <built-in>:1:1
	violates_runner_retries_capped := true in [retries_max_attempts == -1, retries_max_attempts > t.max_attempts]

	# runner.network.public-egress, <built-in>:1:1
	violates_runner_network_public_egress := [runner_network == "public_vpc_egress", true in {row[0] | some row in endpoints}] == [true, true]

	# runner.network.dns, <built-in>:1:1
	violates_runner_network_dns := [runner_network in {"privatelink", "vpn"}, true in {row[1] | some row in endpoints}] == [true, true]

	# runner.network.on-premise, <built-in>:1:1
	violates_runner_network_on_premise := [runner_network == "on_premise", residency_requirement_id == ""] == [true, true]

	# runner.secrets.platform-service, <built-in>:1:1
	violates_runner_secrets_platform_service := true in [secrets_inline != 0, true in secrets]

	# runner.images.registry, <built-in>:1:1
	violates_runner_images_registry := true in {row[0] | some row in images}

	# runner.images.digest, <built-in>:1:1
	violates_runner_images_digest := true in {row[1] | some row in images}

	# runner.drivers.source, <built-in>:1:1
	violates_runner_drivers_source := true in drivers

	# runner.logging.access, <built-in>:1:1
	violates_runner_logging_access := true in [logging_access_enabled == "", logging_access_enabled != true, logging_access_sink == ""]

	# runner.tags, <built-in>:1:1
	violates_runner_tags := true in [tags_class == "", tags_class != runner_class, [runner_size != "", true in [tags_size == "", runner_size == "", tags_size != runner_size]] == [true, true], tags_tenant == "", tags_tenant != input.tenant, tags_pipeline == "", tags_pipeline != pipeline_id]

	# runner.approval.xlarge, <built-in>:1:1
	violates_runner_approval_xlarge := [runner_size != "", true in [runner_size == "", runner_size == "xlarge"]] == [true, true]

	# runner.approval.custom, <built-in>:1:1
	violates_runner_approval_custom := true in [runner_profile != "standard", [runner_size != "", true in [runner_size == "", runner_size == "custom"]] == [true, true]]

	# runner.scan.required, <built-in>:1:1
	violates_runner_scan_required := true in [scan_status == "", scan_status != "passed", scan_digest == "", scan_digest != artifact_digest]

	# runner.dlq.required, <built-in>:1:1
	violates_runner_dlq_required := [workload_processes_events == true, dlq_ref == ""] == [true, true]

	# change.freeze, platform/change.yaml:11:11
	violates_change_freeze := [true in [change_freeze == "", change_freeze == true], change_ticket == ""] == [true, true]
}

# METADATA
# title: "runner.approval.dedicated"
# custom:
#   source: "<built-in>:1:1"
_indexed contains "runner.approval.dedicated" if {
	input.facts.runner.class == "dedicated_compute"
}

default _is_refuted(_) := false

_is_refuted(label) if _refuted[label]

# METADATA
# title: "runner.approval.xlarge"
# custom:
#   source: "<built-in>:1:1"
_refuted contains "runner.approval.xlarge" if {
	f := input.facts
	runner_size := object.get(f, ["runner", "size"], "")
	[runner_size != "", runner_size == "xlarge"] == [true, true]
}

# METADATA
# title: "runner.approval.custom"
# custom:
#   source: "<built-in>:1:1"
_refuted contains "runner.approval.custom" if {
	f := input.facts
	runner_size := object.get(f, ["runner", "size"], "")
	runner_profile := f.runner.profile
	true in [runner_profile != "standard", [runner_size != "", runner_size == "custom"] == [true, true]]
}

default _clause(_) := 1

_clause(label) := min(_failing[label])

# METADATA
# title: "runner.timeout, clause 1"
# custom:
#   source: "<built-in>:1:1"
_failing["runner.timeout"] contains 1 if {
	f := input.facts
	run_timeout := object.get(f, ["run", "timeout"], -1)
	true in [run_timeout == -1, run_timeout < 1]
}

# METADATA
# title: "runner.timeout, clause 2"
# custom:
#   source: "<built-in>:1:1"
_failing["runner.timeout"] contains 2 if {
	f := input.facts
	t := data.ringfence.params.runner_deploy[input.tenant]
	runner_class := f.runner.class
	run_timeout := object.get(f, ["run", "timeout"], -1)
	true in [run_timeout == -1, run_timeout > object.get(t.timeouts, runner_class, -1)]
}

# METADATA
# title: "runner.secrets.platform-service, clause 1"
# custom:
#   source: "<built-in>:1:1"
_failing["runner.secrets.platform-service"] contains 1 if {
	f := input.facts
	secrets_inline := f.secrets_inline
	secrets_inline != 0
}

# METADATA
# title: "runner.secrets.platform-service, clause 2"
# custom:
#   source: "<built-in>:1:1"
_failing["runner.secrets.platform-service"] contains 2 if {
	f := input.facts
	t := data.ringfence.params.runner_deploy[input.tenant]
	secrets := [found |
		some item in f.secrets
		item_ref := object.get(item, "ref", "")
		found := true in [item_ref == "", startswith(item_ref, t.secrets_service) == false]
	]
	true in secrets
}

# METADATA
# title: "runner.logging.access, clause 1"
# custom:
#   source: "<built-in>:1:1"
_failing["runner.logging.access"] contains 1 if {
	f := input.facts
	logging_access_enabled := object.get(f, ["logging", "access_enabled"], "")
	true in [logging_access_enabled == "", logging_access_enabled != true]
}

# METADATA
# title: "runner.logging.access, clause 2"
# custom:
#   source: "<built-in>:1:1"
_failing["runner.logging.access"] contains 2 if {
	f := input.facts
	logging_access_sink := object.get(f, ["logging", "access_sink"], "")
	logging_access_sink == ""
}

# METADATA
# title: "runner.tags, clause 1"
# custom:
#   source: "<built-in>:1:1"
_failing["runner.tags"] contains 1 if {
	f := input.facts
	runner_class := f.runner.class
	tags_class := object.get(f, ["tags", "class"], "")
	true in [tags_class == "", tags_class != runner_class]
}

# METADATA
# title: "runner.tags, clause 2"
# custom:
#   source: "<built-in>:1:1"
_failing["runner.tags"] contains 2 if {
	f := input.facts
	runner_size := object.get(f, ["runner", "size"], "")
	tags_size := object.get(f, ["tags", "size"], "")
	[runner_size != "", true in [tags_size == "", runner_size == "", tags_size != runner_size]] == [true, true]
}

# METADATA
# title: "runner.tags, clause 3"
# custom:
#   source: "<built-in>:1:1"
_failing["runner.tags"] contains 3 if {
	f := input.facts
	tags_tenant := object.get(f, ["tags", "tenant"], "")
	true in [tags_tenant == "", tags_tenant != input.tenant]
}

# METADATA
# title: "runner.tags, clause 4"
# custom:
#   source: "<built-in>:1:1"
_failing["runner.tags"] contains 4 if {
	f := input.facts
	pipeline_id := f.pipeline.id
	tags_pipeline := object.get(f, ["tags", "pipeline"], "")
	true in [tags_pipeline == "", tags_pipeline != pipeline_id]
}

# METADATA
# title: "runner.approval.custom, clause 1"
# custom:
#   source: "<built-in>:1:1"
_failing["runner.approval.custom"] contains 1 if {
	f := input.facts
	runner_profile := f.runner.profile
	runner_profile != "standard"
}

# METADATA
# title: "runner.approval.custom, clause 2"
# custom:
#   source: "<built-in>:1:1"
_failing["runner.approval.custom"] contains 2 if {
	f := input.facts
	runner_size := object.get(f, ["runner", "size"], "")
	[runner_size != "", true in [runner_size == "", runner_size == "custom"]] == [true, true]
}

# METADATA
# title: "runner.scan.required, clause 1"
# custom:
#   source: "<built-in>:1:1"
_failing["runner.scan.required"] contains 1 if {
	scan_status := attested.value(["scan", "status"], "")
	true in [scan_status == "", scan_status != "passed"]
}

# METADATA
# title: "runner.scan.required, clause 2"
# custom:
#   source: "<built-in>:1:1"
_failing["runner.scan.required"] contains 2 if {
	f := input.facts
	artifact_digest := f.artifact.digest
	scan_digest := attested.value(["scan", "digest"], "")
	true in [scan_digest == "", scan_digest != artifact_digest]
}
