"""The locked OPA configuration: signatures required, one path served, logs masked and whole."""

from collections.abc import Iterable, Mapping, Sequence

import yaml

from ringfence.emit.rego_filter import environment
from ringfence.ir.schema import DecisionPoint, Fact

__all__ = ["SERVER_FLAGS", "mask_module", "opa_configuration"]

SERVER_FLAGS = ("--authorization=basic", "--skip-version-check", "--log-level=error")
# Beside `facts`; approvals and attestations are always left out.
_MEMBERS = ("point", "tenant", "trace_id")
_SCALARS = ("boolean", "null", "number", "string")
_UPLOAD_LIMIT = 4 << 20


def opa_configuration(
    *,
    service_url: str,
    bundles: Mapping[str, str],
    keys: Mapping[str, tuple[str, str]],
    labels: Mapping[str, str],
    decision_logs_url: str = "",
    status_url: str = "",
    console_logs: bool = False,
) -> bytes:
    """Return the configuration file of a sidecar, as YAML.

    `bundles` maps a bundle's name to its path below `service_url`; `keys` maps the same names to
    (keyid, public key in PEM). Each bundle must be signed by its one key, for its own place: the
    signature's scope is the bundle's name. Logs go to `decision_logs_url`, else to the console, and
    status to `status_url` or nowhere: left open, OPA would send both to its first service.
    """
    services: dict[str, object] = {"bundles": {"url": service_url}}
    logs: dict[str, object] = {
        "mask_decision": "/system/log/mask",
        "drop_decision": "/system/log/drop",
        "reporting": {
            "upload_size_limit_bytes": _UPLOAD_LIMIT,
            "min_delay_seconds": 1,
            "max_delay_seconds": 5,
        },
    }
    if decision_logs_url:
        services["logs"] = {"url": decision_logs_url}
        logs["service"] = "logs"
    if console_logs or not decision_logs_url:
        logs["console"] = True
    status: dict[str, object] = {"prometheus": True}
    if status_url:
        services["status"] = {"url": status_url}
        status["service"] = "status"
    configuration = {
        "services": services,
        "labels": dict(labels),
        "keys": {keyid: {"algorithm": "ES256", "key": pem} for keyid, pem in sorted(keys.values())},
        "bundles": {
            name: {
                "service": "bundles",
                "resource": path,
                "signing": {"keyid": keys[name][0], "scope": name},
                "polling": {"min_delay_seconds": 10, "max_delay_seconds": 30},
            }
            for name, path in sorted(bundles.items())
        },
        "decision_logs": logs,
        "status": status,
        "nd_builtin_cache": True,
        "default_decision": "/ringfence/main/decision",
        "default_authorization_decision": "/system/authz/allow",
        "server": {"decoding": {"max_length": 1 << 20, "gzip": {"max_length": 4 << 20}}},
    }
    return yaml.safe_dump(configuration, sort_keys=True, allow_unicode=True).encode()


def mask_module(points: Sequence[DecisionPoint]) -> str:
    """Write the mask: tokens and secret facts by name, and whatever a point's schema lacks."""
    facts = [fact for point in points for fact in point.facts]
    secret = {"/input/facts/" + "/".join(fact.path) for fact in facts if fact.secret}
    return (
        environment()
        .get_template("mask.rego.j2")
        .render(
            pointers=sorted({"/input/approvals", "/input/attestations"} | secret),
            groups={point.name: _groups(point) for point in points},
            lists={point.name: _lists(point) for point in points},
            members=list(_MEMBERS),
        )
    )


def _groups(point: DecisionPoint) -> list[tuple[tuple[str, ...], dict[str, tuple[str, ...]]]]:
    """Return each object below `facts` with the types that its members may have in a log."""
    groups: dict[tuple[str, ...], dict[str, tuple[str, ...]]] = {(): {}}
    for fact in _logged(point.facts):
        for depth, name in enumerate(fact.path[:-1]):
            groups.setdefault(fact.path[:depth], {})[name] = ("object",)
        groups.setdefault(fact.path[:-1], {})[fact.path[-1]] = _types(fact)
    return sorted(groups.items())


def _lists(point: DecisionPoint) -> list[tuple[tuple[str, ...], dict[str, tuple[str, ...]]]]:
    """Return each list below `facts` with the types of its records' fields, if it holds records."""
    return sorted(
        (fact.path, {one.name: _types(one) for one in _logged(fact.type.fields)})
        for fact in _logged(point.facts)
        if fact.type.is_list
    )


def _types(fact: Fact) -> tuple[str, ...]:
    """Return the types that are logged: any scalar, since a wrong one explains a decision."""
    return ("array", *_SCALARS) if fact.type.is_list else _SCALARS


def _logged(facts: Iterable[Fact]) -> list[Fact]:
    return [fact for fact in facts if not fact.secret]
