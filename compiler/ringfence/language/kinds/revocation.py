"""`Revocation`: what no longer counts from now on, whatever it says itself."""

from typing import Annotated

from pydantic import Field, model_validator

from ringfence.language.kinds.exception import ExceptionName
from ringfence.language.kinds.kind import Kind
from ringfence.language.kinds.trust_root import KeyId
from ringfence.language.values import Identity, Model, Text, Timestamp

__all__ = ["KIND", "RevocationSpec", "Revoked"]

TokenId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class Revoked(Model):
    """One exception by name, one token by its `jti`, or every token of a key by its `kid`."""

    exception: ExceptionName | None = None
    token: TokenId | None = None
    key: KeyId | None = None

    @model_validator(mode="after")
    def _names_one_thing(self) -> "Revoked":
        if sum(name is not None for name in (self.exception, self.token, self.key)) != 1:
            raise ValueError("must name exactly one of `exception`, `token` and `key`")
        return self


class RevocationSpec(Model):
    """What is revoked, by whom, when, and why. It is never taken back: a new exception is made."""

    revokes: Revoked
    by: Identity
    at: Timestamp
    reason: Text


KIND = Kind(
    name="Revocation",
    spec=RevocationSpec,
    scopes=frozenset({"platform", "tenant"}),
    description="An exception, a token or a key that no longer counts.",
)
