"""Records of grants: what a signed approval or exception lifts, never the token itself."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from ringfence.evidence.kinds.form import Digest, Form, Hex, Name, Seconds, Text, Thumbprint

__all__ = ["ApprovalForm", "Cost", "ExceptionForm", "GrantForm"]


class GrantForm(Form):
    """What both kinds of grant say: who gave what to whom, by which key, from when until when.

    `from` and `until` are in epoch seconds. `key` is the thumbprint of the key that signed, by
    the trust root, and `kid` its id there. `token_sha256` is of the token as it was issued.
    """

    id: Name
    tenant: Name
    rules: Annotated[tuple[Name, ...], Field(min_length=1, max_length=200)]
    requester: Name
    by: Name
    from_: Annotated[Seconds, Field(alias="from")]
    until: Seconds
    kid: Name
    key: Thumbprint
    token_sha256: Hex

    @model_validator(mode="after")
    def _is_given(self) -> Self:
        if self.from_ >= self.until:
            raise ValueError("it ends before it starts")
        if self.by.lower() == self.requester.lower():
            raise ValueError("the requester gave it")
        return self


class ApprovalForm(GrantForm):
    """An approval of one request; `facts` is the digest of the facts that it is bound to."""

    point: Name
    environment: Name
    facts: Digest


class Cost(Form):
    """What an exception costs, who pays, and who agreed to it."""

    extra: Text
    cost_center: Text
    agreed_with: Name


class ExceptionForm(GrantForm):
    """An exception; `match` and `ceiling` name its facts, and `document_sha256` is of what was signed."""

    points: Annotated[tuple[Name, ...], Field(min_length=1, max_length=200)]
    match: Annotated[tuple[Name, ...], Field(min_length=1, max_length=200)]
    ceiling: Annotated[tuple[Name, ...], Field(max_length=200)]
    signed_at: Seconds
    reason: Text
    risk_analysis: Text
    cost_plan: Cost
    renews: Name | None
    document_sha256: Hex
