# METADATA
# title: The one way in which a token counts
# description: |
#   All that must hold, in one list: what is undefined refuses. Why a token was refused is told by
#   signer, claims and scope, which decide nothing.
package ringfence.lib.token.accept

# METADATA
# title: Tell whether a token counts for a request now
# description: Whole seconds; clocks may differ by 60 s, for what was issued in the future only.
holds(token, parsed, expected, key) if {
	parsed.header.alg == "EdDSA"
	io.jwt.verify_eddsa(token, key.jwks) == true

	# The key may sign this, for this tenant and environment, now, in its own name.
	expected.use in key.uses
	_covers(key.tenants, expected.tenant)
	_covers(key.environments, expected.env)
	now := time.now_ns()
	now >= key.not_before * 1000000000
	now < key.not_after * 1000000000
	claims := parsed.claims
	claims.iss == key.identity
	claims.sub == key.identity

	# The token is for this use, and for now.
	claims.use == expected.use
	claims.aud == "ringfence"
	regex.match(`^[0-9]{1,12}$`, parsed.exp)
	claims.exp > claims.iat
	now < claims.exp * 1000000000
	claims.iat * 1000000000 <= now + 60000000000
	claims.exp - claims.iat <= key.max_lifetime[claims.use]

	# It is for this tenant, environment and decision point, and was not taken back.
	claims.tenant == expected.tenant
	claims.env == expected.env
	claims.point == expected.point
	is_object(expected.revoked)
	object.get(expected.revoked, claims.jti, null) == null
	object.get(expected.revoked, concat(":", ["key", parsed.header.kid]), null) == null
	_is_for(claims, expected)
}

_covers(names, name) if name in names

_covers(names, _) if "*" in names

_is_for(claims, expected) if {
	claims.use == "approval"
	is_array(claims.rules)
	expected.rule in claims.rules
	lower(claims.sub) != lower(claims.requester)
	regex.match(`^(?:user|group|service):[!-~]{1,200}$`, claims.requester)
	claims.requester == expected.requester
	regex.match(`^sha256:[0-9a-f]{64}$`, claims.facts)
	claims.facts == expected.digest
}

_is_for(claims, expected) if {
	claims.use == "attestation"
	count(claims.attested) > 0
	is_object(claims.subject)
	count(claims.subject) > 0
	every name, value in claims.subject {
		is_string(value)
		found := object.get(expected.facts, split(name, "."), null)
		found == value
	}
}
