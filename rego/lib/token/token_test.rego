# METADATA
# title: Facts about tokens
# description: |
#   Every reason, and what is garbage, is argued against the compiler in tests/trust. The key is a
#   test vector: 32 bytes of 1.
package ringfence.lib.token_test

import data.ringfence.lib.token

_public := "iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w"

_secret := "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"

_now := 1795000000

_now_ns := _now * 1000000000

_jwk := {"kty": "OKP", "crv": "Ed25519", "x": _public, "kid": "lee", "alg": "EdDSA"}

_trust := {"lee": {
	"jwks": json.marshal({"keys": [_jwk]}),
	"identity": "user:lee@platform.example",
	"uses": ["approval"],
	"tenants": ["*"],
	"environments": ["prod"],
	"not_before": 1790000000,
	"not_after": 1800000000,
	"max_lifetime": {"approval": 3600, "attestation": 60},
}}

_digest := concat("", ["sha256:", crypto.sha256("")])

_expected := {
	"use": "approval",
	"point": "runner.start",
	"tenant": "acme",
	"env": "prod",
	"rule": "runner.size.xlarge",
	"digest": _digest,
	"requester": "user:maria@acme.example",
	"facts": {},
	"revoked": {},
}

_claims := {
	"iss": "user:lee@platform.example",
	"sub": "user:lee@platform.example",
	"aud": "ringfence",
	"jti": "apr-1",
	"iat": 1794999000,
	"exp": 1795001000,
	"use": "approval",
	"point": "runner.start",
	"tenant": "acme",
	"env": "prod",
	"rules": ["runner.size.xlarge"],
	"requester": "user:maria@acme.example",
	"facts": _digest,
}

_signed(claims) := io.jwt.encode_sign(
	{"alg": "EdDSA", "kid": "lee", "typ": "ringfence+jwt"},
	claims,
	object.union(_jwk, {"d": _secret}),
)

_verdict(claims, expected) := token.verdict(_signed(claims), expected, _trust)

test_a_right_token_is_accepted if {
	_verdict(_claims, _expected) == {
		"ok": true,
		"id": "apr-1",
		"kid": "lee",
		"by": "user:lee@platform.example",
		"until": 1795001000,
		"claims": _claims,
	} with time.now_ns as _now_ns
}

test_each_wrong_claim_has_its_reason if {
	every why, claim in {
		"malformed": {"nbf": 1},
		"other_identity": {"iss": "user:x"},
		"wrong_audience": {"aud": ["ringfence"]},
		"no_expiry": {"exp": "1795001000"},
		"expired": {"exp": _now},
		"issued_in_future": {"iat": _now + 61},
		"lifetime_too_long": {"iat": _now - 3000},
		"other_tenant": {"tenant": "globex"},
		"other_environment": {"env": "dev"},
		"other_point": {"point": "runner.deploy"},
		"other_rule": {"rules": []},
		"self_approved": {"requester": "user:LEE@platform.example"},
		"unbound": {"facts": ""},
		"other_request": {"facts": concat("", ["sha256:", crypto.sha256("other")])},
	} {
		_verdict(object.union(_claims, claim), _expected).why == why with time.now_ns as _now_ns
	}
}

test_revocations_decide if {
	every why, revoked in {"revoked": {"apr-1": {}}, "revocations_unknown": null} {
		_verdict(_claims, object.union(_expected, {"revoked": revoked})).why == why with time.now_ns as _now_ns
	}
}

test_garbage_is_malformed if {
	every garbage in [null, 1, true, "", "a.b.c", [], {}] {
		token.verdict(garbage, _expected, _trust) == {"ok": false, "id": "", "why": "malformed"}
	}
}
