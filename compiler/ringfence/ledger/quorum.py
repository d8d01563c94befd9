"""How many witnesses must have cosigned, whose they are, and how recently."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.ledger.cosignature import Cosignature, WitnessKey, read_cosignatures

__all__ = ["Quorum", "TrustedWitness"]

_SKEW = 300


@dataclass(frozen=True, slots=True)
class TrustedWitness:
    """A witness's key, and who runs it."""

    key: WitnessKey
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorum:
    """So many of these witnesses must have cosigned a log's checkpoint.

    A log's operator who runs enough of the witnesses alone can show two trees, each with a quorum.
    Such a quorum is refused (RF956), unless `unsafe_own_operator` asks for it.
    """

    witnesses: tuple[TrustedWitness, ...]
    threshold: int
    log_operator: str
    unsafe_own_operator: bool = field(default=False)

    def __post_init__(self) -> None:
        raw = {one.key.key.public_bytes_raw() for one in self.witnesses}
        names = {one.key.name for one in self.witnesses}
        if not len(raw) == len(names) == len(self.witnesses):
            raise EvidenceError("RF956", "two witnesses of the quorum have one key or one name")
        if not 1 <= self.threshold <= len(self.witnesses):
            raise EvidenceError("RF956", "the quorum can never be met, or asks for no witness")
        if not self.log_operator or not all(one.operator for one in self.witnesses):
            raise EvidenceError("RF956", "the quorum does not say who runs the log or a witness")
        if self.is_own and not self.unsafe_own_operator:
            raise EvidenceError(
                "RF956",
                f"witnesses of the log's own operator, `{self.log_operator}`, make a quorum alone",
                help="name witnesses that others run",
            )

    @property
    def is_own(self) -> bool:
        """Tell whether witnesses under the log's own operator make a quorum alone."""
        own = [one for one in self.witnesses if _same(one.operator, self.log_operator)]
        return len(own) >= self.threshold

    @property
    def keys(self) -> tuple[WitnessKey, ...]:
        """Return the witnesses' keys."""
        return tuple(one.key for one in self.witnesses)

    def verify(
        self, note: bytes, *, now: int | None = None, max_age: int | None = None
    ) -> tuple[Cosignature, ...]:
        """Return the newest cosignature of each witness once they make a quorum.

        `now` is in epoch seconds, `max_age` in seconds; without `now` times are not judged. Raise
        VerifyError: RF953 for one that does not fit, RF954 for one from the future, RF955 where the
        quorum is met only by those that are too old, RF952 where it is not met.
        """
        found = _newest(read_cosignatures(note, keys=self.keys))
        if now is not None and any(one.time > now + _SKEW for one in found):
            raise VerifyError("RF954", "a cosignature is from the future")
        if len(found) < self.threshold:
            said = f"{len(found)} of the witnesses have cosigned, and {self.threshold} must"
            raise VerifyError("RF952", said)
        if now is not None and max_age is not None:
            fresh = tuple(one for one in found if now - one.time <= max_age)
            if len(fresh) < self.threshold:
                said = f"only {len(fresh)} cosignatures are at most {max_age} seconds old"
                raise VerifyError("RF955", said)
        return found


def _newest(found: Iterable[Cosignature]) -> tuple[Cosignature, ...]:
    by_name: dict[str, Cosignature] = {}
    for one in sorted(found, key=lambda cosignature: cosignature.time):
        by_name[one.key.name] = one
    return tuple(by_name[name] for name in sorted(by_name))


def _same(operator: str, other: str) -> bool:
    return operator.strip().casefold() == other.strip().casefold()
