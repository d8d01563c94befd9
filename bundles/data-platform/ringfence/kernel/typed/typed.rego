# METADATA
# title: Facts by type and range
# description: |
#   The slow and exact check of one fact, for reasons that name it. Numbers are checked by their text
#   before they are compared, since comparing a number such as 1e10000000 can take OPA down.
package ringfence.kernel.typed

# METADATA
# title: Always-present facts that are missing or mistyped
bad(key) := {name |
	some name, fact in data.ringfence.schema[key]
	fact.required == true
	not present(fact)
}

# METADATA
# title: Optional facts that are there, and mistyped
mistyped(key) := {name |
	some name, fact in data.ringfence.schema[key]
	fact.required == false
	not present(fact)
	_given(fact)
}

# METADATA
# title: Facts for want of which a hit is unknown, not refuted
unknown(key, hits) := [name |
	some name in {name |
		some hit in hits
		some name in hit[1].reads
		not _shown(key, name)
	}
]

_shown(key, name) if {
	fact := data.ringfence.schema[key][name]
	fact.source != "attested"
	present(fact)
}

_shown(key, name) if {
	fact := data.ringfence.schema[key][name]
	fact.source == "attested"
	data.ringfence.kernel.attested.value(fact.path, "") != ""
}

_given(fact) if {
	parent := object.get(input.facts, array.slice(fact.path, 0, count(fact.path) - 1), null)
	some name, _ in parent
	name == fact.path[count(fact.path) - 1]
}

# METADATA
# title: Tell whether a fact is there and of its type
present(fact) if valid(fact.type, object.get(input.facts, fact.path, null))

# METADATA
# title: Tell whether a value is of a type
# scope: document
valid(type, value) if {
	object.get(type, "many", false) == false
	object.get(type, "fields", null) == null
	_scalar(type, value)
}

valid(type, value) if {
	object.get(type, "many", false) == true
	is_array(value)
	count(value) <= type.max_items
	every item in value {
		_scalar(type, item)
	}
}

valid(type, value) if {
	is_object(type.fields)
	is_array(value)
	count(value) <= type.max_items
	every item in value {
		_record(type.fields, item)
	}
}

_record(fields, item) if {
	is_object(item)
	every name, field in fields {
		_field(field, name, item)
	}
}

_field(field, name, item) if {
	field.required == false
	not name in object.keys(item)
}

_field(field, name, item) if _scalar(field.type, object.get(item, name, null))

_scalar(type, value) if {
	type.scalar == "boolean"
	is_boolean(value)
}

_scalar(type, value) if {
	type.scalar == "string"
	is_string(value)
	value != ""
}

_scalar(type, value) if {
	type.scalar == "enum"
	is_string(value)
	value in type.values
}

_scalar(type, value) if {
	type.scalar == "decimal"
	is_number(value)
	regex.match(`^-?[0-9]{1,15}(?:\.[0-9]{1,6})?$`, json.marshal(value))
	value >= type.minimum
	value <= type.maximum
}

_scalar(type, value) if {
	type.scalar in {"integer", "duration", "timestamp"}
	is_number(value)
	regex.match(`^-?[0-9]{1,15}$`, json.marshal(value))
	value >= type.minimum
	value <= type.maximum
}
