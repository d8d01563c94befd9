# METADATA
# title: What a token is for
package ringfence.lib.token.scope

# METADATA
# title: Why a token does not count for this request
# description: |
#   For the reason only: `accept` decides. The empty string where nothing is wrong; never
#   undefined. An approval is bound to the digest of the request's bound facts and to who asks,
#   an attestation to the facts that name its subject.
why(parsed, expected) := "other_tenant" if {
	not _is_equal(parsed.claims, expected, "tenant")
} else := "other_environment" if {
	not _is_equal(parsed.claims, expected, "env")
} else := "other_point" if {
	not _is_equal(parsed.claims, expected, "point")
} else := "other_rule" if {
	not _names_rule(parsed.claims, expected)
} else := "self_approved" if {
	not _is_approved_by_another(parsed.claims, expected)
} else := "revocations_unknown" if {
	not is_object(object.get(expected, "revoked", null))
} else := "revoked" if {
	not _is_in_force(parsed, expected.revoked)
} else := "unbound" if {
	not _is_bound(parsed.claims)
} else := "other_request" if {
	not _is_for_this(parsed.claims, expected)
} else := ""

_is_equal(claims, expected, name) if claims[name] == expected[name]

_names_rule(claims, _) if claims.use == "attestation"

_names_rule(claims, expected) if {
	is_array(claims.rules)
	expected.rule in claims.rules
}

_is_approved_by_another(claims, _) if claims.use == "attestation"

_is_approved_by_another(claims, expected) if {
	lower(claims.sub) != lower(object.get(claims, "requester", ""))
	lower(claims.sub) != lower(expected.requester)
}

# Both an id and the whole key behind it can be revoked.
_is_in_force(parsed, revoked) if {
	object.get(revoked, parsed.claims.jti, null) == null
	object.get(revoked, concat(":", ["key", parsed.header.kid]), null) == null
}

_is_bound(claims) if {
	claims.use == "approval"
	regex.match(`^sha256:[0-9a-f]{64}$`, claims.facts)
	regex.match(`^(?:user|group|service):[!-~]{1,200}$`, claims.requester)
}

_is_bound(claims) if {
	claims.use == "attestation"
	count(claims.attested) > 0
	is_object(claims.subject)
	count(claims.subject) > 0
	every value in claims.subject {
		is_string(value)
	}
}

_is_for_this(claims, expected) if {
	claims.use == "approval"
	claims.facts == expected.digest
	claims.requester == expected.requester
}

_is_for_this(claims, expected) if {
	claims.use == "attestation"
	every name, value in claims.subject {
		found := object.get(expected.facts, split(name, "."), null)
		found == value
	}
}
