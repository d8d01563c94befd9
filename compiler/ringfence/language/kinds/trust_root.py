"""`TrustRoot`: whose signatures count, for what, where, and until when."""

from typing import Annotated, Literal

from pydantic import Field

from ringfence.language.kinds.kind import Kind
from ringfence.language.values import Duration, Identity, Model, Name, Seq, Timestamp

__all__ = ["KIND", "KeyId", "Lifetimes", "TrustKey", "TrustRoot", "Use"]

_DAY = 86_400

Use = Literal["approval", "exception", "attestation"]
Group = Annotated[Identity, Field(pattern=r"^group:")]
KeyId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Everyone = Literal["*"]
UpToAYear = Annotated[Duration, Field(gt=0, le=366 * _DAY)]


class Lifetimes(Model):
    """The longest life of a token by its use, in seconds."""

    approval: UpToAYear = 30 * _DAY
    attestation: UpToAYear = _DAY


class TrustKey(Model):
    """One Ed25519 public key: who holds it, and what it may sign.

    `public` is the `x` of its JWK (RFC 8037): 32 bytes in base64url without padding.
    `not_before` is inclusive, `not_after` exclusive. `max_lifetime` shortens the ceilings.
    `groups` are those that its holder is in, for policies that name a group of approvers.
    """

    kid: KeyId
    public: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$")]
    identity: Identity
    groups: Seq[Group] = ()
    uses: Annotated[Seq[Use], Field(min_length=1)]
    tenants: Annotated[Seq[Name | Everyone], Field(min_length=1)]
    environments: Annotated[Seq[Name | Everyone], Field(min_length=1)]
    not_before: Timestamp
    not_after: Timestamp
    max_lifetime: UpToAYear | None = None


class TrustRoot(Model):
    """The keys, and how long what they sign may live."""

    keys: Annotated[Seq[TrustKey], Field(min_length=1)]
    max_exception_age: UpToAYear
    max_lifetime: Lifetimes = Lifetimes()


KIND = Kind(
    name="TrustRoot",
    spec=TrustRoot,
    scopes=frozenset({"platform"}),
    description="Whose signatures count, for what, where, and until when.",
)
