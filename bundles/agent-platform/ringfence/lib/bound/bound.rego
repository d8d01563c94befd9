# METADATA
# title: Bound facts
# description: |
#   The canonical text of the facts that an approval is bound to, and its digest. Defined in
#   docs/tokens.md, and computed alike by the compiler. Everything here is undefined for a value
#   that has no encoding, so that no fact is ever left out of a digest.
package ringfence.lib.bound

# METADATA
# title: The digest of the bound facts
# description: |
#   `names` lists [dotted name, path] in ascending order of the names. Undefined where a fact has
#   no encoding.
digest(facts, names) := sprintf("sha256:%s", [crypto.sha256(text(facts, names))])

# METADATA
# title: The canonical text of the bound facts
text(facts, names) := concat("\n", lines) if {
	lines := [line |
		some [name, path] in names
		line := concat(" ", [name, _encoding(object.get(facts, path, null))])
	]
	count(lines) == count(names)
}

_encoding(value) := "m" if {
	is_null(value)
} else := _records(value) if {
	is_array(value)
	count(value) > 0
	every record in value {
		is_object(record)
	}
} else := _field(value)

_records(records) := concat("", ["r", format_int(count(records), 10), ":", concat(",", digests)]) if {
	digests := [crypto.sha256(concat("\n", lines)) |
		some record in records
		lines := _lines(record)
	]
	count(digests) == count(records)
}

_lines(record) := lines if {
	lines := [line |
		some name in sort(object.keys(record))
		regex.match(`^[A-Za-z0-9_.-]{1,128}$`, name)
		line := concat(" ", [name, _field(record[name])])
	]
	count(lines) == count(record)
}

_field(value) := concat("", ["l", format_int(count(elements), 10), ":", concat(",", sort(elements))]) if {
	is_array(value)
	encodings := [_scalar(element) | some element in value]
	count(encodings) == count(value)
	elements := {encoding | some encoding in encodings}
} else := _scalar(value)

_scalar(value) := "b1" if {
	value == true
} else := "b0" if {
	value == false
} else := concat("", ["s", crypto.sha256(value)]) if {
	is_string(value)
} else := concat("", ["n", _number(json.marshal(value))]) if {
	is_number(value)
}

# A number by its literal, which OPA keeps: comparing or computing could lose digits.
_number(literal) := text if {
	regex.match(`^-?(?:0|[1-9][0-9]{0,14})$`, literal)
	text := _unsigned_zero(literal)
} else := text if {
	regex.match(`^-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,6}$`, literal)
	text := _unsigned_zero(trim_right(trim_right(literal, "0"), "."))
}

_unsigned_zero(text) := "0" if {
	text == "-0"
} else := text
