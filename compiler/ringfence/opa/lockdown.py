"""The locked OPA configuration: signatures required, one path served, logs masked and whole."""

from collections.abc import Mapping, Sequence

import yaml

from ringfence.emit.rego_filter import environment
from ringfence.ir.schema import DecisionPoint

__all__ = ["SERVER_FLAGS", "mask_module", "opa_configuration"]

SERVER_FLAGS = ("--authorization=basic", "--skip-version-check", "--log-level=error")
_MEMBERS = ("point", "tenant", "facts", "trace_id")
_UPLOAD_LIMIT = 4 << 20


def opa_configuration(
    *,
    service_url: str,
    bundles: Mapping[str, str],
    keys: Mapping[str, tuple[str, str]],
    labels: Mapping[str, str],
    decision_logs_url: str = "",
    console_logs: bool = False,
) -> bytes:
    """Return the configuration file of a sidecar, as YAML.

    `bundles` maps a bundle's name to its path below `service_url`; `keys` maps the same names to
    (keyid, public key in PEM). Each bundle must be signed by its one key, for its own place: the
    signature's scope is the bundle's name.
    """
    services: dict[str, object] = {"bundles": {"url": service_url}}
    logs: dict[str, object] = {
        "mask_decision": "/system/log/mask",
        "reporting": {
            "upload_size_limit_bytes": _UPLOAD_LIMIT,
            "min_delay_seconds": 1,
            "max_delay_seconds": 5,
        },
    }
    if decision_logs_url:
        services["logs"] = {"url": decision_logs_url}
        logs["service"] = "logs"
    if console_logs:
        logs["console"] = True
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
        "nd_builtin_cache": True,
        "default_decision": "/ringfence/main/decision",
        "default_authorization_decision": "/system/authz/allow",
        "server": {"decoding": {"max_length": 1 << 20, "gzip": {"max_length": 4 << 20}}},
    }
    return yaml.safe_dump(configuration, sort_keys=True, allow_unicode=True).encode()


def mask_module(points: Sequence[DecisionPoint]) -> str:
    """Write the mask: tokens and secret facts by name, and whatever no schema knows."""
    secret = {
        "/input/facts/" + "/".join(fact.path)
        for point in points
        for fact in point.facts
        if fact.secret
    }
    pointers = sorted({"/input/approvals", "/input/attestations"} | secret)
    known = sorted({fact.path[0] for point in points for fact in point.facts})
    template = environment().get_template("mask.rego.j2")
    return template.render(pointers=pointers, known=known, members=list(_MEMBERS))
