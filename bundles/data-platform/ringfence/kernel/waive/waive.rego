# METADATA
# title: Exceptions
# description: |
#   The one place that matches exceptions, for decisions, replay, command line and reports alike.
#   An exception in the live bundle lifts a waivable rule for an exact match of facts, below a ceiling,
#   until it expires.
package ringfence.kernel.waive

# METADATA
# title: The exception that lifts a rule
# description: The one that holds longest; undefined where none holds.
accepted(rule, derived) := {
	"rule": rule,
	"exception": best.exception,
	"until": best.until,
	"by": best.by,
	"reason": best.reason,
	"on_the_word_of": best.on_the_word_of,
} if {
	found := [[exception.until, exception.exception, exception] |
		some exception in _candidates(rule)
		why(exception, derived) == ""
	]
	best := max(found)[2]
}

# METADATA
# title: Exceptions for a rule that nearly hold
missed(hit, derived) := [{"rule": hit[0], "exception": exception.exception, "why": reason} |
	some exception in _candidates(hit[0])
	reason := why(exception, derived)
]

_candidates(rule) := data.ringfence.live.exceptions[input.point][input.tenant][rule]

# METADATA
# title: Why an exception does not hold now
# description: The empty string where it holds. Never undefined.
why(exception, derived) := "revoked" if {
	data.ringfence.live.revoked[exception.exception]
} else := "not_started" if {
	time.now_ns() < exception.from * 1000000000
} else := "expired" if {
	time.now_ns() >= exception.until * 1000000000
} else := "above_ceiling" if {
	_same_facts(exception, derived)
	not _below_ceiling(exception, derived)
} else := "" if {
	_same_facts(exception, derived)
} else := "other_facts"

_same_facts(exception, derived) if {
	every name, values in exception.match {
		_value(name, derived) in values
	}
}

_below_ceiling(exception, derived) if {
	every name, most in exception.ceiling {
		value := _value(name, derived)
		is_number(value)
		value <= most
	}
}

_value(name, derived) := derived[name]

_value(name, derived) := object.get(input.facts, split(name, "."), null) if not derived[name]
