"""Random changes of bytes and JSON values, by somebody who knows what the formats are made of."""

import base64
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

_BASE64 = re.compile(rb"[A-Za-z0-9+/]{24,}={0,2}")
_NUMBER = re.compile(rb"[0-9]+")
_TOKENS = (
    b"\n", b"\n\n", b"\0", b"\r\n", b"\xff", b"\xe2\x80\x94 ", b"\xed\xa0\x80", b"=", b" ", b'"', b"{", b"}", b"[",
    b"]", b",", b":", b"0", b"-1", b"1e400", b"9007199254740993", b"18446744073709551616", b"NaN", b"null",
    b"\\ud800", b"\\u0000", b"../", b"\x1f\x8b\x08", b"\0\0", b"\xff\xff", b"[" * 70,
)  # fmt: skip


def mutated(data: bytes, *, rng: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """Return the bytes with one to three changes; `others` are sound bytes of the same kind."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        data = rng.choice(_CHANGES)(data, rng, others)
    return data


def _flip(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    if not data:
        return b"\0"
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ rng.randint(1, 255)]) + data[at + 1 :]


def _cut(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    at = rng.randint(0, len(data))
    return data[:at] if rng.random() < 0.7 else data[at:]


def _drop(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    at = rng.randint(0, len(data))
    return data[:at] + data[at + rng.randint(1, 1 << rng.randint(0, 9)) :]


def _put(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    at = rng.randint(0, len(data))
    more = rng.choice(_TOKENS) if rng.random() < 0.7 else rng.randbytes(rng.randint(1, 40))
    return data[:at] + more + data[at + rng.choice((0, len(more))) :]


def _repeat(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    start = rng.randint(0, len(data))
    end = start + rng.randint(0, 200)
    return data[:end] + data[start:]


def _splice(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    other = rng.choice(others) if others else data
    at = rng.randint(0, min(len(data), len(other)))
    size = rng.randint(0, 1 << rng.randint(0, 9))
    return data[:at] + other[at : at + size] + data[at + size :]


def _lines(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Drop, repeat, move or exchange whole lines, also for those of other sound bytes."""
    lines = data.split(b"\n")
    at, to = rng.randrange(len(lines)), rng.randrange(len(lines))
    foreign = rng.choice(others).split(b"\n") if others else lines
    kind = rng.randrange(5)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(to, lines[at])
    elif kind == 2:
        lines[at], lines[to] = lines[to], lines[at]
    elif kind == 3:
        lines[at] = rng.choice(foreign)
    else:
        lines.insert(at, rng.choice(foreign))
    return b"\n".join(lines)


def _coded(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    """Change what a base64 text holds, or put another sound one there, so that the form stays right."""
    found = list(_BASE64.finditer(data))
    if not found:
        return _flip(data, rng, others)
    one = rng.choice(found)
    pool = [two[0] for other in others for two in _BASE64.finditer(other)]
    if pool and rng.random() < 0.3:
        new = rng.choice(pool)
    else:
        try:
            new = base64.b64encode(_flip(base64.b64decode(one[0]), rng, ()))
        except ValueError:
            return _flip(data, rng, others)
    return data[: one.start()] + new + data[one.end() :]


def _number(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    found = list(_NUMBER.finditer(data))
    if not found:
        return _flip(data, rng, others)
    one = rng.choice(found)
    value = int(one[0][:30])
    new = rng.choice((value + 1, value - 1, value * 2, 0, 1 << 63, (1 << 53) + 1, f"0{value}"))
    return data[: one.start()] + str(new).encode() + data[one.end() :]


_CHANGES: tuple[Callable[[bytes, random.Random, Sequence[bytes]], bytes], ...] = (
    _flip, _flip, _cut, _drop, _put, _put, _repeat, _splice, _lines, _lines, _lines, _coded, _coded, _coded,
    _coded, _number, _number,
)  # fmt: skip

_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1 << 53, (1 << 64) + 1, 1e300, "", "x", "\0", "é" * 300, "x" * 70_000,
    [], {}, [[]], {"": ""}, ["x"] * 300, {"__proto__": 1}, "2026-13-45T99:99:99Z", "ringfence/main/decision",
)  # fmt: skip


def changed(value: Any, *, rng: random.Random) -> Any:
    """Return a JSON value with one part of it changed, taken away, or put in elsewhere."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        made = dict(value)
        key = rng.choice(list(made))
        kind = rng.random()
        if kind < 0.12:
            del made[key]
        elif kind < 0.2:
            made[rng.choice((key + "x", key.upper(), "", "é", key + ".x"))] = made.pop(key)
        elif kind < 0.28:
            made[rng.choice(("decision_id", "timestamp", "result", "input", "labels", "x"))] = made[
                key
            ]
        else:
            made[key] = changed(made[key], rng=rng)
        return made
    if isinstance(value, list) and value and rng.random() < 0.9:
        at = rng.randrange(len(value))
        kind = rng.random()
        if kind < 0.1:
            return value[:at] + value[at + 1 :]
        if kind < 0.2:
            return [*value, value[at]]
        return [*value[:at], changed(value[at], rng=rng), *value[at + 1 :]]
    return rng.choice(_VALUES)
