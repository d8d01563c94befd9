"""What does not fit together."""

from dataclasses import dataclass

__all__ = ["Finding"]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """One thing that does not fit; `code` is one of `ringfence.codes`, empty ids are not known.

    The message names ids, rules and revisions, and never a fact.
    """

    code: str
    message: str
    tenant: str = ""
    decision_id: str = ""
    run_id: str = ""

    def as_json(self) -> dict[str, str]:
        """Return it as plain values, without what is not known."""
        fields = ("code", "message", "tenant", "decision_id", "run_id")
        return {name: value for name in fields if (value := getattr(self, name))}
