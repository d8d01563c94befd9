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
# title: Paths of what is there, and can't stand where an optional fact is due
# description: Mistyped optional facts, and what is no object where one is due to hold them.
mistyped(key) := {path |
	some fact in data.ringfence.schema[key]
	fact.required == false
	path := _mistaken(fact)
}

_mistaken(fact) := min(parents) if {
	parents := {path |
		some length, _ in fact.path
		length > 0
		path := array.slice(fact.path, 0, length)
		not is_object(object.get(input.facts, path, {}))
	}
	count(parents) > 0
} else := fact.path if {
	some name, _ in object.get(input.facts, array.slice(fact.path, 0, count(fact.path) - 1), null)
	name == fact.path[count(fact.path) - 1]
	not present(fact)
}

# METADATA
# title: The facts, with the value that stands for missing where an optional one is not there
filled(key) := object.union(data.ringfence.blank[key], input.facts)

# METADATA
# title: Tell whether a fact is there and of its type
present(fact) if {
	value := object.get(input.facts, fact.path, null)
	valid(fact.type, value, json.marshal(value))
}

# METADATA
# title: Tell whether a value is of a type
# description: |
#   Its JSON text comes with it: OPA keeps results of functions, and 1 and 1.0 are one argument to it.
# scope: document
valid(type, value, text) if {
	object.get(type, "many", false) == false
	object.get(type, "fields", null) == null
	_scalar(type, value, text)
}

valid(type, value, _) if {
	object.get(type, "many", false) == true
	is_array(value)
	count(value) <= type.max_items
	every item in value {
		_scalar(type, item, json.marshal(item))
	}
}

valid(type, value, _) if {
	is_object(type.fields)
	is_array(value)
	count(value) <= type.max_items
	every item in value {
		is_object(item)
		every name, field in type.fields {
			given := object.get(item, name, null)
			_field(field, given, json.marshal(given), name in object.keys(item))
		}
	}
}

_field(field, _, _, given) if {
	field.required == false
	given == false
}

_field(field, value, _, _) if {
	field.required == false
	value == field.missing
}

_field(field, value, text, _) if _scalar(field.type, value, text)

_scalar(type, value, _) if {
	type.scalar == "boolean"
	is_boolean(value)
}

_scalar(type, value, _) if {
	type.scalar == "string"
	is_string(value)
	value != ""
	count(value) <= 1024
}

_scalar(type, value, _) if {
	type.scalar == "enum"
	is_string(value)
	value in type.values
}

_scalar(type, value, text) if {
	type.scalar == "decimal"
	is_number(value)
	regex.match(`^-?[0-9]{1,15}(?:\.[0-9]{1,6})?$`, text)
	_signed(type, text)
	value >= type.minimum
	value <= type.maximum
}

_scalar(type, value, text) if {
	type.scalar in {"integer", "duration", "timestamp"}
	is_number(value)
	regex.match(`^-?[0-9]{1,15}$`, text)
	_signed(type, text)
	value >= type.minimum
	value <= type.maximum
}

# What can't be negative has no sign, so -0 is no value of it.
_signed(type, text) if [type.minimum >= 0, startswith(text, "-")] != [true, true]
