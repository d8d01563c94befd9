"""Put a bundle's files together: hand-written Rego, emitted Rego, data by what it depends on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources.abc import Traversable

from orjson import Fragment

from ringfence.emit.point import emit_main, emit_point
from ringfence.emit.rows import blank, schema
from ringfence.emit.tenant import TenantUnit, json_bytes
from ringfence.ir.rule import PointProgram
from ringfence.opa.lockdown import mask_module
from ringfence.resources import rego_root
from ringfence.trust.canonical import bound_names

__all__ = ["ROOTS", "PolicyFiles", "about_file", "platform_files", "policy_files"]

# What a policy bundle owns; the live bundle owns `ringfence/live`.
ROOTS = (
    "ringfence/about",
    "ringfence/blank",
    "ringfence/bound",
    "ringfence/kernel",
    "ringfence/lib",
    "ringfence/lists",
    "ringfence/main",
    "ringfence/params",
    "ringfence/points",
    "ringfence/release",
    "ringfence/rows",
    "ringfence/rules",
    "ringfence/schema",
    "ringfence/source",
    "ringfence/tables",
    "ringfence/tenants",
    "system/authz",
    "system/log",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFiles:
    """A policy bundle's files by what they depend on.

    `content` are rules and parameters, the same from one environment to the next; `release` are
    levels, environment and keys; `source` are positions, which no digest covers.
    """

    content: Mapping[str, bytes]
    release: Mapping[str, bytes]
    source: Mapping[str, bytes]

    def all(self) -> dict[str, bytes]:
        """Join the three."""
        return {**self.content, **self.release, **self.source}


def platform_files(points: Mapping[str, PointProgram], *, fresh: bool) -> dict[str, bytes]:
    """Emit what the bundles of all tenants have in common: all Rego but lists, and data of the platform."""
    programs = [points[name] for name in sorted(points)]
    described = [program.point for program in programs]
    modules = {
        "ringfence/main/main.rego": emit_main(described, fresh=fresh),
        "system/log/mask.rego": mask_module(described),
    }
    for program in programs:
        key = program.point.key
        modules[f"ringfence/points/{key}/{key}.rego"] = emit_point(program)
    by_key = {program.point.key: program for program in programs}
    data: dict[str, object] = {
        "rules": {key: [rule.id for rule in program.rules] for key, program in by_key.items()},
        "blank": {key: blank(program.point) for key, program in by_key.items()},
        "schema": {key: schema(program.point) for key, program in by_key.items()},
        "bound": {key: bound_names(program.point) for key, program in by_key.items()},
    }
    return {
        **_hand_written(),
        **{path: text.encode() for path, text in modules.items()},
        **_as_files(data),
    }


def policy_files(
    points: Mapping[str, PointProgram],
    units: Sequence[TenantUnit],
    *,
    release: Mapping[str, object],
    platform: Mapping[str, bytes],
) -> PolicyFiles:
    """Emit all files of a policy bundle but the one that holds its digests.

    `platform` are those of `platform_files`, which several bundles share.
    """
    programs = [points[name] for name in sorted(points)]
    source = {
        program.point.key: {
            "*": {rule.id: str(rule.span) for rule in program.rules},
            **{
                unit.name: Fragment(unit.sources[program.point.key])
                for unit in units
                if program.point.key in unit.sources
            },
        }
        for program in programs
    }
    keys = [program.point.key for program in programs]
    return PolicyFiles(
        content={**platform, **_lists(units), **_data(keys, units)},
        release={"ringfence/release/data.json": json_bytes(release)},
        source={"ringfence/source/data.json": json_bytes(source)},
    )


def _lists(units: Sequence[TenantUnit]) -> dict[str, bytes]:
    return {
        f"ringfence/lists/{name}/{name.rpartition('/')[2]}.rego": text.encode()
        for name, text in {
            name: text for unit in units for name, text in unit.lists.items()
        }.items()
    }


def _data(keys: Sequence[str], units: Sequence[TenantUnit]) -> dict[str, bytes]:
    documents: dict[str, object] = {
        "params": {
            key: {unit.name: Fragment(unit.params[key]) for unit in units if key in unit.params}
            for key in keys
        },
        "rows": {digest: Fragment(rows) for unit in units for digest, rows in unit.rows.items()},
        "tables": {
            digest: Fragment(table) for unit in units for digest, table in unit.tables.items()
        },
        "tenants": {unit.name: Fragment(unit.about) for unit in units},
    }
    return _as_files(documents)


def _as_files(documents: Mapping[str, object]) -> dict[str, bytes]:
    return {f"ringfence/{name}/data.json": json_bytes(value) for name, value in documents.items()}


def about_file(*, policy: Mapping[str, str], points: Iterable[str]) -> dict[str, bytes]:
    """Write the file that names the bundle's digests, and the decision on a clean request."""
    clean = {
        "action": "allow",
        "allowed": True,
        "evaluated": True,
        "reasons": [],
        "observed": [],
        "waived": [],
        "waivers_missed": [],
        "approvals": [],
        "approvals_missed": [],
        "obligations": [],
        "unknown": [],
        "valid_until": None,
        "policy": policy,
    }
    about = {"policy": policy, "clean": clean, "points": sorted(points)}
    return {"ringfence/about/data.json": json_bytes(about)}


@cache
def _hand_written() -> Mapping[str, bytes]:
    root = rego_root()
    files: dict[str, bytes] = {}
    for top, place in (
        ("kernel", "ringfence/kernel"),
        ("lib", "ringfence/lib"),
        ("system", "system"),
    ):
        for path, item in _walk(root / top):
            if path.endswith(".rego") and not path.endswith("_test.rego"):
                files[f"{place}/{path}"] = item.read_bytes()
    return files


def _walk(folder: Traversable, prefix: str = "") -> Iterable[tuple[str, Traversable]]:
    for item in sorted(folder.iterdir(), key=lambda one: one.name):
        if item.is_dir():
            yield from _walk(item, f"{prefix}{item.name}/")
        else:
            yield prefix + item.name, item
