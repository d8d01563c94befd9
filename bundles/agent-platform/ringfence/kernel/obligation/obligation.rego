# METADATA
# title: Obligations
# description: What a caller must do beside obeying the action.
package ringfence.kernel.obligation

# METADATA
# title: An obligation with its values
# description: |
#   A value {"lookup": [point key, table, dotted fact]} is read from the tenant's table, and
#   {"derived": [point key, name]} is a computed one.
resolved(obligation) := {name: _value(value) | some name, value in obligation}

# METADATA
# title: The obligations of a row that stay due where its rule is waived
# description: Whoever is to be alerted is alerted.
alerts(row) := [obligation | some obligation in row.obligations; obligation.alert]

_value(value) := data.ringfence.params[key][input.tenant][table][object.get(input.facts, split(fact, "."), "")] if {
	[key, table, fact] := value.lookup
} else := data.ringfence.points[key].derived[name] if {
	[key, name] := value.derived
} else := value
