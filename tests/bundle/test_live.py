"""Facts about the live bundle."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.bundle.samples import signed

from ringfence.bundle.live import live_files
from ringfence.errors import UsageError

BEGIN, END = 1_763_600_000_000_000_000, 1_763_600_900_000_000_000


def live(**changes: Any) -> dict[str, bytes]:
    """Return a live bundle with some changes."""
    usual: dict[str, Any] = {
        "serial": 7,
        "not_before": BEGIN,
        "not_after": END,
        "exceptions": {"runner.deploy": {"acme": {"runner.size": []}}},
        "revoked": {"EXC-1": {"by": "user:lee", "at": 1, "reason": "x"}},
        "stepdowns": {},
        "releases": {"runtime": "sha256:aa"},
    }
    return live_files(**(usual | changes))


def test_live_bundle_owns_its_root_and_loads(
    key: ec.EllipticCurvePrivateKey, opa_refusal: Callable[..., str]
) -> None:
    """OPA loads the signed live bundle, whose times are whole nanoseconds."""
    files = live()
    data = orjson.loads(files["ringfence/live/data.json"])
    assert orjson.loads(files[".manifest"])["roots"] == ["ringfence/live"]
    assert orjson.loads(files[".manifest"])["revision"] == "7"
    assert (data["serial"], data["not_before"], data["not_after"]) == (7, BEGIN, END)
    assert opa_refusal(signed(files, key=key)) == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"serial": 0},
        {"serial": -1},
        {"not_after": BEGIN},
        {"not_before": END},
        {"not_before": BEGIN // 10**9, "not_after": END // 10**9},
        {"not_after": 2**63},
    ],
)
def test_impossible_live_bundle_is_refused(changes: dict[str, int]) -> None:
    """A serial below 1, times out of order, and times in seconds are refused."""
    with pytest.raises(UsageError):
        live(**changes)
