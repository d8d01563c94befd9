# METADATA
# title: The shape of a token
# description: |
#   Reads a token without trusting it. Not `io.jwt.decode`, which takes OPA down on a header whose
#   `cty` is not a string, and which reads a token inside the token where `cty` is `JWT`.
package ringfence.lib.token.parse

_names := {
	"iss",
	"sub",
	"aud",
	"jti",
	"iat",
	"exp",
	"use",
	"point",
	"tenant",
	"env",
	"rules",
	"requester",
	"facts",
	"attested",
	"subject",
}

# METADATA
# title: The header and the claims of a token
# description: |
#   Undefined where the token is malformed: not three parts of base64url, longer than 8 KiB, a
#   header with other or repeated parameters or with white space, claims that the profile does not
#   have, or of the wrong type. The last character of a signature carries four zero bits.
#
#   Times are read as text here and not by a function of the claims: OPA remembers what a function
#   returned, and takes 1.0 for the 1 that it saw before. `exp` is that text.
parts(token) := {"header": header, "claims": claims, "exp": exp} if {
	is_string(token)
	count(token) <= 8192
	regex.match(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{85}[AQgw]$`, token)
	segments := split(token, ".")
	text := base64url.decode(segments[0])
	header := json.unmarshal(text)
	{"alg": alg, "kid": kid, "typ": "ringfence+jwt"} = header
	is_string(alg)
	count(text) == count(json.marshal(header))
	claims := json.unmarshal(base64url.decode(segments[1]))
	count(object.remove(claims, _names)) == 0
	regex.match(_shape, json.marshal([
		kid,
		claims.jti,
		claims.iat,
		claims.iss,
		claims.sub,
		claims.use,
		claims.point,
		claims.tenant,
		claims.env,
	]))
	_is_attested(object.get(claims, "attested", {}))
	exp := json.marshal(object.get(claims, "exp", null))
}

# Two ids, a whole number, and six texts.
_shape := `^\["[A-Za-z0-9._-]{1,64}","[A-Za-z0-9._-]{1,64}",[0-9]{1,12}(?:,"(?:[^"\\]|\\.)*"){6}\]$`

# Whoever compares an attested value with a fact must be able to: numbers are bounded here.
_is_attested(values) if {
	is_object(values)
	every value in values {
		_is_value(value)
	}
}

_is_value(value) if {
	is_array(value)
	every element in value {
		_is_scalar(element)
	}
}

_is_value(value) if _is_scalar(value)

_is_scalar(value) if is_string(value)

_is_scalar(value) if is_boolean(value)

_is_scalar(value) if {
	is_number(value)
	regex.match(`^-?[0-9]{1,15}(?:\.[0-9]{1,6})?$`, json.marshal(value))
}
