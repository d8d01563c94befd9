# METADATA
# title: What the decision log leaves out
# description: |
#   An error here would lose the event while the caller is still answered, so every rule is total, and
#   what is known of facts stands here as constants. Tokens and secret facts are always left out, and so
#   is what the point's schema does not know: by one replacement, since OPA can't name every key by a
#   pointer (a `%` in one loses the event, a space in one matches nothing). No value is compared.
package system.log

# By point, each object below `facts` with the types that its members may have.
_groups := {"policy.activate": [[[], {"activation": ["object"], "policy_diff": ["object"], "policy_replay": ["object"], "policy_tests": ["object"], "request": ["object"], "tested": ["object"]}], [["activation"], {"baseline": ["boolean", "null", "number", "string"], "bundle": ["boolean", "null", "number", "string"], "change_ref": ["boolean", "null", "number", "string"], "content": ["boolean", "null", "number", "string"], "environment": ["boolean", "null", "number", "string"]}], [["policy_diff"], {"baseline": ["boolean", "null", "number", "string"], "content": ["boolean", "null", "number", "string"], "loosened": ["boolean", "null", "number", "string"]}], [["policy_replay"], {"baseline": ["boolean", "null", "number", "string"], "content": ["boolean", "null", "number", "string"], "events": ["boolean", "null", "number", "string"], "new_block": ["boolean", "null", "number", "string"], "not_replayable": ["boolean", "null", "number", "string"], "window": ["boolean", "null", "number", "string"]}], [["policy_tests"], {"content": ["boolean", "null", "number", "string"], "result": ["boolean", "null", "number", "string"]}], [["request"], {"by": ["boolean", "null", "number", "string"]}], [["tested"], {"content": ["boolean", "null", "number", "string"], "environment": ["boolean", "null", "number", "string"], "result": ["boolean", "null", "number", "string"], "since": ["boolean", "null", "number", "string"]}]], "runner.deploy": [[[], {"artifact": ["object"], "change": ["object"], "data": ["object"], "dlq": ["object"], "drivers": ["array", "boolean", "null", "number", "string"], "endpoints": ["array", "boolean", "null", "number", "string"], "images": ["array", "boolean", "null", "number", "string"], "logging": ["object"], "pipeline": ["object"], "request": ["object"], "residency": ["object"], "retries": ["object"], "run": ["object"], "runner": ["object"], "scan": ["object"], "secrets": ["array", "boolean", "null", "number", "string"], "secrets_inline": ["boolean", "null", "number", "string"], "tags": ["object"], "usage": ["object"], "workload": ["object"]}], [["artifact"], {"digest": ["boolean", "null", "number", "string"]}], [["change"], {"freeze": ["boolean", "null", "number", "string"], "ticket": ["boolean", "null", "number", "string"]}], [["data"], {"classification": ["boolean", "null", "number", "string"]}], [["dlq"], {"ref": ["boolean", "null", "number", "string"]}], [["logging"], {"access_enabled": ["boolean", "null", "number", "string"], "access_sink": ["boolean", "null", "number", "string"]}], [["pipeline"], {"id": ["boolean", "null", "number", "string"]}], [["request"], {"by": ["boolean", "null", "number", "string"]}], [["residency"], {"requirement_id": ["boolean", "null", "number", "string"]}], [["retries"], {"max_attempts": ["boolean", "null", "number", "string"]}], [["run"], {"concurrency": ["boolean", "null", "number", "string"], "estimate": ["boolean", "null", "number", "string"], "timeout": ["boolean", "null", "number", "string"]}], [["runner"], {"class": ["boolean", "null", "number", "string"], "network": ["boolean", "null", "number", "string"], "profile": ["boolean", "null", "number", "string"], "size": ["boolean", "null", "number", "string"]}], [["scan"], {"digest": ["boolean", "null", "number", "string"], "status": ["boolean", "null", "number", "string"]}], [["tags"], {"class": ["boolean", "null", "number", "string"], "pipeline": ["boolean", "null", "number", "string"], "size": ["boolean", "null", "number", "string"], "tenant": ["boolean", "null", "number", "string"]}], [["usage"], {"class_hours_month": ["boolean", "null", "number", "string"], "running": ["boolean", "null", "number", "string"]}], [["workload"], {"id": ["boolean", "null", "number", "string"], "is_new": ["boolean", "null", "number", "string"], "processes_events": ["boolean", "null", "number", "string"]}]], "runner.start": [[[], {"data": ["object"], "drivers": ["array", "boolean", "null", "number", "string"], "endpoints": ["array", "boolean", "null", "number", "string"], "evidence": ["object"], "host": ["object"], "images": ["array", "boolean", "null", "number", "string"], "logging": ["object"], "pipeline": ["object"], "request": ["object"], "residency": ["object"], "retries": ["object"], "run": ["object"], "runner": ["object"], "secrets": ["array", "boolean", "null", "number", "string"], "secrets_inline": ["boolean", "null", "number", "string"], "tags": ["object"], "usage": ["object"], "workload": ["object"]}], [["data"], {"classification": ["boolean", "null", "number", "string"]}], [["evidence"], {"sink_reachable": ["boolean", "null", "number", "string"]}], [["host"], {"checked_at": ["boolean", "null", "number", "string"], "healthy": ["boolean", "null", "number", "string"]}], [["logging"], {"access_enabled": ["boolean", "null", "number", "string"], "access_sink": ["boolean", "null", "number", "string"]}], [["pipeline"], {"id": ["boolean", "null", "number", "string"]}], [["request"], {"by": ["boolean", "null", "number", "string"]}], [["residency"], {"requirement_id": ["boolean", "null", "number", "string"]}], [["retries"], {"max_attempts": ["boolean", "null", "number", "string"]}], [["run"], {"concurrency": ["boolean", "null", "number", "string"], "estimate": ["boolean", "null", "number", "string"], "timeout": ["boolean", "null", "number", "string"]}], [["runner"], {"class": ["boolean", "null", "number", "string"], "network": ["boolean", "null", "number", "string"], "profile": ["boolean", "null", "number", "string"], "size": ["boolean", "null", "number", "string"]}], [["tags"], {"class": ["boolean", "null", "number", "string"], "pipeline": ["boolean", "null", "number", "string"], "size": ["boolean", "null", "number", "string"], "tenant": ["boolean", "null", "number", "string"]}], [["usage"], {"class_hours_month": ["boolean", "null", "number", "string"], "running": ["boolean", "null", "number", "string"]}], [["workload"], {"id": ["boolean", "null", "number", "string"], "is_new": ["boolean", "null", "number", "string"], "processes_events": ["boolean", "null", "number", "string"]}]], "tool.call": [[[], {"agent": ["object"], "arguments": ["object"], "request": ["object"], "session": ["object"], "tool": ["object"], "usage": ["object"], "workload": ["object"]}], [["agent"], {"id": ["boolean", "null", "number", "string"]}], [["arguments"], {"covered": ["boolean", "null", "number", "string"], "digest": ["boolean", "null", "number", "string"]}], [["request"], {"by": ["boolean", "null", "number", "string"]}], [["session"], {"id": ["boolean", "null", "number", "string"]}], [["tool"], {"digest": ["boolean", "null", "number", "string"], "name": ["boolean", "null", "number", "string"], "server": ["boolean", "null", "number", "string"]}], [["usage"], {"credential_requests": ["boolean", "null", "number", "string"], "duration": ["boolean", "null", "number", "string"], "pipeline_runs": ["boolean", "null", "number", "string"], "tokens": ["boolean", "null", "number", "string"], "tool_calls": ["boolean", "null", "number", "string"], "turns": ["boolean", "null", "number", "string"]}], [["workload"], {"drifted": ["boolean", "null", "number", "string"]}]], "tools.list": [[[], {"agent": ["object"], "request": ["object"], "tool": ["object"], "tools": ["array", "boolean", "null", "number", "string"]}], [["agent"], {"id": ["boolean", "null", "number", "string"]}], [["request"], {"by": ["boolean", "null", "number", "string"]}], [["tool"], {"server": ["boolean", "null", "number", "string"]}]], "workload.serve": [[[], {"agent": ["object"], "policy": ["object"], "request": ["object"], "tools": ["array", "boolean", "null", "number", "string"]}], [["agent"], {"id": ["boolean", "null", "number", "string"]}], [["policy"], {"loaded": ["boolean", "null", "number", "string"]}], [["request"], {"by": ["boolean", "null", "number", "string"]}]]}

# By point, each list below `facts` with the types that the fields of its records may have.
_lists := {"policy.activate": [], "runner.deploy": [[["drivers"], {"name": ["boolean", "null", "number", "string"], "source": ["boolean", "null", "number", "string"], "version": ["boolean", "null", "number", "string"]}], [["endpoints"], {"dns_checked_at": ["boolean", "null", "number", "string"], "dns_validated": ["boolean", "null", "number", "string"], "host": ["boolean", "null", "number", "string"], "private_available": ["boolean", "null", "number", "string"]}], [["images"], {"digest": ["boolean", "null", "number", "string"], "repository": ["boolean", "null", "number", "string"]}], [["secrets"], {"name": ["boolean", "null", "number", "string"], "ref": ["boolean", "null", "number", "string"]}]], "runner.start": [[["drivers"], {"name": ["boolean", "null", "number", "string"], "source": ["boolean", "null", "number", "string"], "version": ["boolean", "null", "number", "string"]}], [["endpoints"], {"dns_checked_at": ["boolean", "null", "number", "string"], "dns_validated": ["boolean", "null", "number", "string"], "host": ["boolean", "null", "number", "string"], "private_available": ["boolean", "null", "number", "string"]}], [["images"], {"digest": ["boolean", "null", "number", "string"], "repository": ["boolean", "null", "number", "string"]}], [["secrets"], {"name": ["boolean", "null", "number", "string"], "ref": ["boolean", "null", "number", "string"]}]], "tool.call": [], "tools.list": [[["tools"], {"digest": ["boolean", "null", "number", "string"], "name": ["boolean", "null", "number", "string"], "shown": ["boolean", "null", "number", "string"]}]], "workload.serve": [[["tools"], {"digest": ["boolean", "null", "number", "string"], "name": ["boolean", "null", "number", "string"], "server": ["boolean", "null", "number", "string"], "shown": ["boolean", "null", "number", "string"]}]]}

# METADATA
# title: Pointers to leave out, and values to put in their place
# scope: document
mask contains pointer if {
	some pointer in ["/input/approvals", "/input/attestations"]
}

mask contains "/input" if not is_object(input.input)

mask contains "/input/facts" if not is_object(input.input.facts)

mask contains "/input/facts" if {
	not _point in object.keys(_groups)
}

mask contains "/input/facts" if {
	_unknown
	not _facts
}

mask contains {"op": "upsert", "path": "/input/facts", "value": _facts} if _unknown

mask contains {"op": "upsert", "path": "/input", "value": _input} if {
	some name, value in input.input
	not name in {"facts", "approvals", "attestations"}
	not _member(name, value)
}

_point := object.get(input.input, "point", "")

_unknown if {
	some [path, members] in object.get(_groups, _point, [])
	some name, value in object.get(input.input.facts, path, {})
	not type_name(value) in object.get(members, name, [])
}

_unknown if count(_unknown_lists) > 0

_unknown_lists contains path if {
	some [path, _] in object.get(_lists, _point, [])
	some item in object.get(input.input.facts, path, [])
	is_array(item)
}

_unknown_lists contains path if {
	some [path, fields] in object.get(_lists, _point, [])
	some item in object.get(input.input.facts, path, [])
	some name, value in item
	not type_name(value) in object.get(fields, name, [])
}

_unknown_lists contains path if {
	some [path, _] in object.get(_lists, _point, [])
	some item in object.get(input.input.facts, path, [])
	some list in item
	some value in list
	type_name(value) in {"array", "object"}
}

_facts := json.filter(input.input.facts, [array.concat(path, [name]) |
	some [path, members] in object.get(_groups, _point, [])
	some name, value in object.get(input.input.facts, path, {})
	not is_object(value)
	type_name(value) in object.get(members, name, [])
	not array.concat(path, [name]) in _unknown_lists
])

_input := object.union(
	{name: value |
		some name, value in input.input
		_member(name, value)
	},
	{"facts": facts | facts := _facts},
)

_member(name, value) if {
	name in ["point", "tenant", "trace_id"]
	is_string(value)
}
