# METADATA
# title: Obligations
# description: What a caller must do beside obeying the action.
package ringfence.kernel.obligation

# METADATA
# title: An obligation with its values
# description: |
#   A value {"lookup": [point key, table, dotted fact]} is read from the tenant's table, and
#   {"derived": [point key, name]} is a computed one. Undefined where there is no such value.
resolved(obligation) := values if {
	values := {name: _value(value) | some name, value in obligation}
	count(values) == count(obligation)
}

# METADATA
# title: The obligations of a row that stay due where its rule is waived
# description: Whoever is to be alerted is alerted.
alerts(row) := [obligation | some obligation in row.obligations; obligation.alert]

_value(value) := value if not is_object(value)

_value(value) := data.ringfence.params[key][input.tenant][table][object.get(input.facts, split(fact, "."), "")] if {
	[key, table, fact] := value.lookup
}

_value(value) := data.ringfence.points[key].derived[name] if [key, name] := value.derived
