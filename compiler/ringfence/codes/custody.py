"""Codes of keys that are kept outside files: RF999."""

from typing import Final

from ringfence.codes.info import CodeInfo

__all__ = ["CODES"]

CODES: Final = {
    "RF999": CodeInfo(
        "key outside a file that does not sign",
        "The HSM, Vault or the cloud's key service refused, did not answer, or signed with another key than "
        "it showed. Nothing was passed on. Check that it runs, that whoever signs may use the key, and that "
        "the key is still the one that is named; the ledger tries again at its next checkpoint.",
    ),
}
