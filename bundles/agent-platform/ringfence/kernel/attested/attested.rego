# METADATA
# title: Attested facts
# description: |
#   A fact of this kind counts only if a valid attestation asserts the very value that the caller sent;
#   otherwise it is missing.
package ringfence.kernel.attested

import data.ringfence.kernel.revoked
import data.ringfence.lib.token

# METADATA
# title: The value of an attested fact, or the value that stands for missing
value(path, missing) := sent if {
	sent := object.get(input.facts, path, missing)
	_asserted[concat(".", path)] == sent
} else := missing

# Two attestations that disagree assert nothing about that fact.
_asserted[name] := value if {
	some name, values in _claims
	count(values) == 1
	some value in values
}

_claims[name] contains value if {
	is_array(input.attestations)
	count(input.attestations) <= 16
	some attestation in input.attestations
	verdict := token.verdict(attestation, _expected, data.ringfence.release.trust)
	verdict.ok
	some name, value in verdict.claims.attested
}

_expected := {
	"use": "attestation",
	"point": input.point,
	"tenant": input.tenant,
	"env": data.ringfence.release.environment,
	"rule": "",
	"digest": "",
	"requester": "",
	"facts": input.facts,
	"revoked": revoked.entries,
}
