"""Tell whether 32 bytes are a usable point of edwards25519."""

from typing import Final

__all__ = ["is_usable_point"]

_P: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, _P) % _P


def is_usable_point(raw: bytes) -> bool:
    """Decompress a public key (RFC 8032, section 5.1.3) and refuse points of small order.

    A point of small order verifies signatures that nobody made. The cryptography library takes
    any 32 bytes.
    """
    if len(raw) != 32:
        return False
    number = int.from_bytes(raw, "little")
    y, sign = number & (2**255 - 1), number >> 255
    if y >= _P:
        return False
    squared = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = _square_root(squared)
    if x is None or (x == 0 and sign):
        return False
    for _ in range(3):
        x, y = _double(x, y)
    return (x, y) != (0, 1)


def _square_root(value: int) -> int | None:
    root = pow(value, (_P + 3) // 8, _P)
    for candidate in (root, root * pow(2, (_P - 1) // 4, _P) % _P):
        if candidate * candidate % _P == value:
            return candidate
    return None


def _double(x: int, y: int) -> tuple[int, int]:
    product = _D * x * x * y * y
    return (
        2 * x * y * pow(1 + product, -1, _P) % _P,
        (y * y + x * x) * pow(1 - product, -1, _P) % _P,
    )
