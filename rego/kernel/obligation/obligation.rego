# METADATA
# title: Obligations
# description: What a caller must do beside obeying the action.
package ringfence.kernel.obligation

# METADATA
# title: All obligations of a decision
# description: Those of its hits, the approvals to attach, and the alert that a block raises.
due(verdicts, rank) := array.concat(
	[_resolved(obligation) |
		some verdict in verdicts
		verdict.kind in {"obligation", "reason"}
		some obligation in verdict.hit[1].obligations
	],
	array.concat(
		[{"attach": "approval", "rule": verdict.hit[0], "approval": verdict.entry.approval} |
			some verdict in verdicts
			verdict.kind == "approved"
		],
		[{"alert": "blocked"} | rank == 4],
	),
)

# A value {"lookup": [point key, table, dotted fact]} is read from the tenant's table, and
# {"derived": [point key, name]} is a computed one.
_resolved(obligation) := {name: _value(value) | some name, value in obligation}

_value(value) := data.ringfence.params[key][input.tenant][table][object.get(input.facts, split(fact, "."), "")] if {
	[key, table, fact] := value.lookup
} else := data.ringfence.points[key].derived[name] if {
	[key, name] := value.derived
} else := value
