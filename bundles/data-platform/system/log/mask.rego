# METADATA
# title: What the decision log leaves out
# description: |
#   Total and made of constants: an error here would lose the event while the caller is still answered.
#   Tokens and secret facts are always left out, and so is what the fact schema does not know.
package system.log

mask contains pointer if {
	some pointer in ["/input/approvals", "/input/attestations"]
}

mask contains pointer if {
	some name, _ in input.input.facts
	not name in ["activation", "artifact", "change", "data", "dlq", "drivers", "endpoints", "evidence", "host", "images", "logging", "pipeline", "request", "residency", "retries", "run", "runner", "scan", "secrets", "secrets_inline", "tags", "tested", "usage", "workload"]
	pointer := concat("/", ["/input/facts", replace(replace(name, "~", "~0"), "/", "~1")])
}

mask contains pointer if {
	some name, _ in input.input
	not name in ["point", "tenant", "facts", "trace_id"]
	pointer := concat("/", ["/input", replace(replace(name, "~", "~0"), "/", "~1")])
}
