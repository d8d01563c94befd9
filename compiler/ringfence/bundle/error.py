"""The one error of everything that reads a bundle."""

from ringfence.errors import RingfenceError

__all__ = ["BundleError"]


class BundleError(RingfenceError):
    """The bundle cannot be read or is not to be trusted; `code` is one of `ringfence.codes.bundles`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.help = f"`ringfence explain {code}` says more"
