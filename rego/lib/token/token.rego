# METADATA
# title: Signed tokens
# description: |
#   Approvals and attestations: JWS compact, EdDSA, the profile of docs/tokens.md. `expected` holds
#   use, point, tenant, env, rule, digest, requester, facts and revoked. `trust` maps each key id to
#   its key and to what that key may sign.
package ringfence.lib.token

import data.ringfence.lib.token.accept
import data.ringfence.lib.token.claims
import data.ringfence.lib.token.parse
import data.ringfence.lib.token.scope
import data.ringfence.lib.token.signer

# METADATA
# title: Whether a token counts, and if not, the first reason
# description: Never undefined, whatever `token` is.
verdict(token, expected, trust) := {
	"ok": true,
	"id": parsed.claims.jti,
	"kid": parsed.header.kid,
	"by": parsed.claims.sub,
	"until": parsed.claims.exp,
	"claims": parsed.claims,
} if {
	parsed := parse.parts(token)
	accept.holds(token, parsed, expected, trust[parsed.header.kid])
} else := {"ok": false, "id": parsed.claims.jti, "why": _why(token, parsed, expected, trust)} if {
	parsed := parse.parts(token)
} else := {"ok": false, "id": "", "why": "malformed"}

_why(token, parsed, expected, trust) := why if {
	why := signer.why(token, parsed, expected, trust)
	why != ""
} else := why if {
	why := claims.why(parsed, expected, trust[parsed.header.kid])
	why != ""
} else := why if {
	why := scope.why(parsed, expected)
	why != ""
} else := "unexplained"
