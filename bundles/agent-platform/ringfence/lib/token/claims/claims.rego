# METADATA
# title: Use, audience and time of a token
package ringfence.lib.token.claims

# METADATA
# title: Why a token's claims do not count now
# description: |
#   For the reason only: `accept` decides. The empty string where nothing is wrong; never
#   undefined. Times are whole seconds; clocks may differ by 60 s, for what was issued in the
#   future and for nothing else.
why(parsed, expected, key) := "wrong_use" if {
	not _is_for(parsed.claims, expected)
} else := "wrong_audience" if {
	not _is_for_us(parsed.claims)
} else := "no_expiry" if {
	not _expires(parsed)
} else := "expired" if {
	not _is_running(parsed.claims)
} else := "issued_in_future" if {
	not _is_issued(parsed.claims)
} else := "lifetime_too_long" if {
	not _is_short(parsed.claims, key)
} else := ""

_is_for(claims, expected) if claims.use == expected.use

_is_for_us(claims) if claims.aud == "ringfence"

# INVARIANT: no comparison of `exp` before its text is known to be a whole number.
_expires(parsed) if {
	regex.match(`^[0-9]{1,12}$`, parsed.exp)
	parsed.claims.exp > parsed.claims.iat
}

_is_running(claims) if time.now_ns() < claims.exp * 1000000000

_is_issued(claims) if claims.iat * 1000000000 <= time.now_ns() + 60000000000

_is_short(claims, key) if claims.exp - claims.iat <= key.max_lifetime[claims.use]
