"""What can go wrong while evidence is made, and while it is verified."""

from typing import ClassVar

from ringfence.errors import RingfenceError

__all__ = ["EvidenceError", "VerifyError"]


class EvidenceError(RingfenceError):
    """Evidence cannot be made; `code` is one of `ringfence.codes`, `missing` names what a run lacks.

    The message names fields and places, never values.
    """

    def __init__(
        self, code: str, message: str, *, help: str = "", missing: tuple[str, ...] = ()
    ) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.help = help or f"`ringfence explain {code}` says more"
        self.missing = missing


class VerifyError(RingfenceError):
    """Evidence is not verified; `code` is one of `ringfence.codes`, and stable.

    The only error that verification raises, whatever bytes it gets.
    """

    exit_code: ClassVar[int] = 4

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.help = f"`ringfence explain {code}` says more"
