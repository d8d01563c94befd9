"""The cosignatures of a checkpoint as plain files, for `openssl`."""

from collections.abc import Iterable

from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.note import split_note
from ringfence.export.layout import WITNESSES
from ringfence.keys import public_pem
from ringfence.ledger.cosignature import WitnessKey, read_cosignatures

__all__ = ["witness_files", "witness_keys"]

_MOST = 100


def witness_files(note: bytes, keys: Iterable[WitnessKey]) -> dict[str, bytes]:
    """Return what each of these witnesses has signed, its newest signature and its key, by name.

    They are numbered in the order of their names; a witness without a cosignature has no files. Raise
    VerifyError (RF953) for one that does not fit.
    """
    text, lines = split_note(note)
    files: dict[str, bytes] = {}
    newest = {one.key.vkey: one for one in sorted(
        read_cosignatures(note, keys=keys), key=lambda one: one.time)}  # fmt: skip
    for number, vkey in enumerate(sorted(newest), start=1):
        key, time = newest[vkey].key, newest[vkey].time
        stem = f"{WITNESSES}{number}"
        raw = next(
            raw
            for name, key_id, raw in lines
            if (name, key_id, raw[:8]) == (key.name, key.id, time.to_bytes(8))
        )
        files[f"{stem}.vkey"] = f"{vkey}\n".encode()
        files[f"{stem}.pub.pem"] = public_pem(key.key).encode()
        files[f"{stem}.body"] = b"cosignature/v1\ntime %d\n" % time + text
        files[f"{stem}.sig"] = raw[8:]
    return files


def witness_keys(files: Iterable[bytes]) -> tuple[WitnessKey, ...]:
    """Read the package's own copies of witnesses' keys, which nobody trusts; raise VerifyError."""
    found = []
    for content in files:
        try:
            found.append(WitnessKey.of_vkey(content[:1024].decode().rstrip("\n")))
        except (UnicodeDecodeError, ValueError, EvidenceError):
            raise VerifyError("RF962", "the copy of a witness's key is malformed") from None
        if len(found) > _MOST:
            raise VerifyError("RF962", "the package names too many witnesses")
    return tuple(found)
