"""Key events: which keys sign the log, from and up to which tree size.

The first record of a ledger names its first key. A rotation names the next one, and is signed by both,
so that whoever trusts the older key can follow to the newer one from the record alone.
"""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ringfence.evidence.canonical import canonical_bytes
from ringfence.evidence.checkpoint import Checkpoint
from ringfence.evidence.error import EvidenceError, VerifyError
from ringfence.evidence.note import NoteKey, NoteSigner, decode_base64, split_note
from ringfence.evidence.records import Record, RecordKind, make_record

__all__ = ["KeyHistory", "KeySpan", "rotation_record", "start_record"]

_DOMAIN: Final = b"ringfence-key-event/v1\n"
_MAX_SIZE: Final = (1 << 63) - 1
_MEMBERS: Final = {
    "start": {"event", "from", "origin", "signatures", "vkey"},
    "rotate": {"event", "from", "origin", "previous", "signatures", "until", "vkey"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySpan:
    """A key, and the tree sizes from `first` to `last` for which it signs."""

    key: NoteKey
    first: int
    last: int = _MAX_SIZE

    def covers(self, size: int) -> bool:
        """Tell whether the key signs a tree of this size."""
        return self.first <= size <= self.last


@dataclass(frozen=True, slots=True)
class KeyHistory:
    """The keys of a log, oldest first."""

    spans: tuple[KeySpan, ...]

    @property
    def newest(self) -> KeySpan:
        """Return the key that signs from now on."""
        return self.spans[-1]

    def at(self, size: int) -> tuple[NoteKey, ...]:
        """Return the keys that sign a tree of this size; during a rotation there are two."""
        return tuple(span.key for span in self.spans if span.covers(size))

    def open(self, note: bytes) -> Checkpoint:
        """Return the checkpoint once a key that is valid at its size has verified.

        Raise VerifyError, RF949 where only keys have signed that are not valid at this size.
        """
        text, signatures = split_note(note)
        checkpoint = Checkpoint.parse(text)
        origin, valid = self.newest.key.name, self.at(checkpoint.size)
        if checkpoint.origin != origin:
            raise VerifyError("RF924", "the checkpoint is of another origin")
        known = {span.key.id: span.key for span in self.spans}
        by = [(known[key_id], signature) for name, key_id, signature in signatures
              if name == origin and key_id in known]  # fmt: skip
        if not all(key.verifies(signature, text) for key, signature in by):
            raise VerifyError("RF923", "the checkpoint's signature does not fit")
        if not by:
            raise VerifyError("RF922", "the checkpoint is signed by no key of this log")
        if not any(key in valid for key, _ in by):
            raise VerifyError("RF949", f"no key that signed is valid at size {checkpoint.size}")
        return checkpoint

    @classmethod
    def of(
        cls, events: Iterable[tuple[int, Mapping[str, Any]]], *, trusted: NoteKey | None = None
    ) -> "KeyHistory":
        """Follow the bodies of key events, each with its position; raise VerifyError (RF948).

        With `trusted`, only what that key vouches for is kept: itself, and the keys after it.
        """
        spans: list[KeySpan] = []
        for position, body in events:
            key = _verified(body)
            if not spans:
                _require(position == 0 and body["event"] == "start" and body["from"] == 0)
                spans.append(KeySpan(key=key, first=0))
                continue
            older, until = spans[-1], body["until"] if body["event"] == "rotate" else 0
            _require(body["event"] == "rotate" and body["previous"] == older.key.vkey)
            _require(key.name == older.key.name and key.id not in {s.key.id for s in spans})
            _require(body["from"] == position + 1 <= until and older.first <= position)
            spans[-1] = replace(older, last=until)
            spans.append(KeySpan(key=key, first=position + 1))
        _require(bool(spans))
        return cls(tuple(spans if trusted is None else _after(spans, trusted)))


def start_record(*, origin: str, key: NoteSigner) -> Record:
    """Return the first record of a ledger."""
    vkey = NoteKey(origin, key.public_key()).vkey
    return _signed({"event": "start", "from": 0, "origin": origin, "vkey": vkey}, [key])


def rotation_record(
    *, origin: str, old: NoteSigner, new: NoteSigner, position: int, overlap: int
) -> Record:
    """Return the record, for this position, by which a new key follows the old one.

    The new key signs from the tree that holds the record; the old one signs `overlap` sizes more.
    """
    if overlap < 0 or new.public_key() == old.public_key():
        raise EvidenceError("RF948", "a rotation is to another key, with an overlap of 0 or more")
    body = {
        "event": "rotate",
        "from": position + 1,
        "origin": origin,
        "previous": NoteKey(origin, old.public_key()).vkey,
        "until": position + 1 + overlap,
        "vkey": NoteKey(origin, new.public_key()).vkey,
    }
    return _signed(body, [old, new])


def _signed(body: dict[str, Any], keys: list[NoteSigner]) -> Record:
    content = _DOMAIN + canonical_bytes(body)
    signatures = [base64.b64encode(key.sign(content)).decode() for key in keys]
    return make_record(RecordKind.KEY_EVENT, {**body, "signatures": signatures})


def _verified(body: Mapping[str, Any]) -> NoteKey:
    """Return the key that an event names, once the older one, if any, and it have signed for it."""
    event = body.get("event")
    _require(isinstance(event, str) and set(body) == _MEMBERS.get(event))
    names = [body[name] for name in ("previous", "vkey") if name in body]
    signatures = body["signatures"]
    _require(isinstance(signatures, list) and len(signatures) == len(names))
    _require(all(type(body[name]) is int for name in ("from", "until") if name in body))
    _require(all(isinstance(one, str) for one in (body["origin"], *names, *signatures)))
    try:
        content = _DOMAIN + canonical_bytes({n: v for n, v in body.items() if n != "signatures"})
        keys = [NoteKey.of_vkey(name) for name in names]
    except EvidenceError:
        raise _fails() from None
    for key, signature in zip(keys, signatures, strict=True):
        _require(key.name == body["origin"])
        _require(key.verifies(decode_base64(signature) or b"", content))
    return keys[-1]


def _after(spans: list[KeySpan], trusted: NoteKey) -> list[KeySpan]:
    at = next((n for n, span in enumerate(spans) if span.key.vkey == trusted.vkey), None)
    if at is None:
        raise VerifyError("RF922", "the trusted key is none of this log's")
    return spans[at:]


def _require(holds: bool) -> None:
    if not holds:
        raise _fails()


def _fails() -> VerifyError:
    return VerifyError("RF948", "a key event does not hold")
