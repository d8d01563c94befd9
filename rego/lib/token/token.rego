# METADATA
# title: Signed tokens
# description: |
#   Approvals and attestations: JWS compact, EdDSA, the profile of docs/tokens.md. `expected` holds
#   use, point, tenant, env, rule, digest, requester, facts and revoked. `trust` maps each key id to
#   its key and to what that key may sign.
package ringfence.lib.token

import data.ringfence.lib.token.claims
import data.ringfence.lib.token.parse
import data.ringfence.lib.token.scope
import data.ringfence.lib.token.signer

# METADATA
# title: Whether a token counts, and if not, why
# description: |
#   Never undefined, whatever `token` is. Each check names what must hold, so that what is
#   undefined refuses.
verdict(token, expected, trust) := {
	"ok": true,
	"id": parsed.claims.jti,
	"by": parsed.claims.sub,
	"until": parsed.claims.exp,
	"claims": parsed.claims,
} if {
	parsed := parse.parts(token)
	_why(token, parsed, expected, trust) == ""
} else := {"ok": false, "id": parsed.claims.jti, "why": why} if {
	parsed := parse.parts(token)
	why := _why(token, parsed, expected, trust)
} else := {"ok": false, "id": "", "why": "malformed"}

_why(token, parsed, expected, trust) := why if {
	why := signer.why(token, parsed, expected, trust)
	why != ""
} else := why if {
	why := claims.why(parsed, expected, trust[parsed.header.kid])
	why != ""
} else := scope.why(parsed, expected)
