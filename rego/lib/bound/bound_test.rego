# METADATA
# title: Facts about bound facts
# description: The same vectors, and more of them, are argued against the compiler in tests/trust.
package ringfence.lib.bound_test

import data.ringfence.lib.bound

_names := [["labels", ["labels"]], ["run.cost", ["run", "cost"]], ["zone", ["zone"]]]

test_what_is_missing_is_said if {
	bound.text({}, _names) == "labels m\nrun.cost m\nzone m"
}

test_each_type_has_a_tag if {
	facts := {"labels": ["b", "a", "b"], "run": {"cost": 1.50}, "zone": true}
	bound.text(facts, _names) == concat("\n", [
		concat("", ["labels l2:s", crypto.sha256("b"), ",s", crypto.sha256("a")]),
		"run.cost n1.5",
		"zone b1",
	])
}

test_records_keep_their_order if {
	record := concat("", ["name s", crypto.sha256("a"), "\nsize n0"])
	empty := crypto.sha256("")
	text := bound.text({"zone": [{"size": 0, "name": "a"}, {}]}, [["zone", ["zone"]]])
	text == concat("", ["zone r2:", crypto.sha256(record), ",", empty])
}

test_the_digest_is_of_the_text if {
	digest := bound.digest({}, _names)
	digest == concat("", ["sha256:", crypto.sha256("labels m\nrun.cost m\nzone m")])
}

test_no_digest_without_an_encoding if {
	every value in [{"a": 1}, [null], [["a"]], [{"a b": 1}], 1234567890123456] {
		not bound.digest({"zone": value}, _names)
	}
}
