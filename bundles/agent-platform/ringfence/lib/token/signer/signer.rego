# METADATA
# title: The signature of a token, and the key behind it
package ringfence.lib.token.signer

# METADATA
# title: Why a token's signature does not count
# description: |
#   For the reason only: `accept` decides. The empty string where nothing is wrong; never
#   undefined. The key is the one that `kid` names, and EdDSA is the only algorithm, whatever the
#   header asks for.
why(token, parsed, expected, trust) := "wrong_algorithm" if {
	not _is_eddsa(parsed.header)
} else := "unknown_key" if {
	not trust[parsed.header.kid]
} else := "wrong_signature" if {
	not _is_signed(token, trust[parsed.header.kid])
} else := "key_not_valid" if {
	not _is_valid(trust[parsed.header.kid], expected)
} else := "other_identity" if {
	not _is_its_own(trust[parsed.header.kid], parsed.claims)
} else := ""

_is_eddsa(header) if header.alg == "EdDSA"

_is_signed(token, key) if io.jwt.verify_eddsa(token, key.jwks) == true

_is_valid(key, expected) if {
	expected.use in key.uses
	_covers(key.tenants, expected.tenant)
	_covers(key.environments, expected.env)
	now := time.now_ns()
	now >= key.not_before * 1000000000
	now < key.not_after * 1000000000
}

_covers(names, name) if name in names

_covers(names, _) if "*" in names

_is_its_own(key, claims) if {
	claims.iss == key.identity
	claims.sub == key.identity
}
