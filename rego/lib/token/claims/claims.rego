# METADATA
# title: Use, audience and time of a token
package ringfence.lib.token.claims

# METADATA
# title: Why a token's claims do not count now
# description: |
#   The empty string where they do; never undefined. Times are whole seconds; clocks may differ by
#   60 s, for what was issued in the future and for nothing else.
why(claims, expected, key) := "wrong_use" if {
	not _is_for(claims, expected)
} else := "wrong_audience" if {
	not _is_for_us(claims)
} else := "no_expiry" if {
	not _expires(claims)
} else := "expired" if {
	not _is_running(claims)
} else := "issued_in_future" if {
	not _is_issued(claims)
} else := "lifetime_too_long" if {
	not _is_short(claims, key)
} else := ""

_is_for(claims, expected) if claims.use == expected.use

_is_for_us(claims) if claims.aud == "ringfence"

# INVARIANT: no comparison of `exp` before its text is known to be a whole number.
_expires(claims) if {
	regex.match(`^[0-9]{1,12}$`, json.marshal(claims.exp))
	claims.exp > claims.iat
}

_is_running(claims) if time.now_ns() < claims.exp * 1000000000

_is_issued(claims) if claims.iat * 1000000000 <= time.now_ns() + 60000000000

_is_short(claims, key) if claims.exp - claims.iat <= key.max_lifetime[claims.use]
