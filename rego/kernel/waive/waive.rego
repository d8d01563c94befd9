# METADATA
# title: Exceptions
# description: |
#   The one place that matches exceptions, for decisions, replay, command line and reports alike.
#   An exception in the live bundle lifts a waivable rule for an exact match of facts, below a ceiling,
#   until it expires.
package ringfence.kernel.waive

import data.ringfence.kernel.attested
import data.ringfence.kernel.revoked

# METADATA
# title: The exception that lifts a rule
# description: The one that holds longest; undefined where none holds.
accepted(key, rule) := {
	"rule": rule,
	"exception": best.exception,
	"until": best.until,
	"by": best.by,
	"reason": best.reason,
	"on_the_word_of": best.on_the_word_of,
} if {
	found := [[exception.until, exception.exception, exception] |
		some exception in data.ringfence.live.exceptions[input.point][input.tenant][rule]
		why(key, exception) == ""
	]
	best := max(found)[2]
}

# METADATA
# title: Exceptions for a rule that nearly hold
missed(key, rule) := [{"rule": rule, "exception": exception.exception, "why": reason} |
	some exception in data.ringfence.live.exceptions[input.point][input.tenant][rule]
	reason := why(key, exception)
]

# METADATA
# title: Why an exception does not hold now
# description: The empty string where it holds, which is asked first. Never undefined.
why(key, exception) := "" if {
	object.get(revoked.entries, exception.exception, null) == null
	now := time.now_ns()
	now >= exception.from * 1000000000
	now < exception.until * 1000000000
	_has_the_facts(exception)
	_has_the_attestations(exception)
	is_object(exception.ceiling)
	[1 | some name, most in exception.ceiling; not _is_at_most(key, name, most)] == []
} else := "revocations_unknown" if {
	not is_object(revoked.entries)
} else := "revoked" if {
	object.get(revoked.entries, exception.exception, null) != null
} else := "not_started" if {
	time.now_ns() < exception.from * 1000000000
} else := "expired" if {
	time.now_ns() >= exception.until * 1000000000
} else := "other_facts" if {
	not _has_the_facts(exception)
} else := "not_attested" if {
	not _has_the_attestations(exception)
} else := "above_ceiling"

# Counted, so that what is not of this form is not taken for matched.
_has_the_facts(exception) if {
	found := [1 | some one in exception.match; object.get(input.facts, one.path, null) in one.values]
	count(found) == count(exception.match)
	found != []
}

_has_the_attestations(exception) if {
	found := [1 | some path in exception.attested; attested.value(path, null) != null]
	count(found) == count(exception.attested)
}

_is_at_most(key, name, most) if {
	value := _value(key, name)
	is_number(value)
	value <= most
}

_value(key, name) := value if {
	value := data.ringfence.points[key].derived[name]
} else := object.get(input.facts, split(name, "."), null)
