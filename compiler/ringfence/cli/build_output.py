"""Build and write: bundles, the live bundle, and OPA's configuration."""

import json

from ringfence.build import build_live
from ringfence.bundle.archive import pack
from ringfence.bundle.sign import sign
from ringfence.cache import TenantCache
from ringfence.change.found import build_result
from ringfence.change.read import result_bytes
from ringfence.check.compiled import Overview
from ringfence.cli.build_bundles import BundleWriter
from ringfence.cli.build_options import BuildOptions, BundleKey, load_key
from ringfence.cli.write import write_whole
from ringfence.emit.tenant import TenantUnit
from ringfence.errors import UsageError
from ringfence.opa.lockdown import opa_configuration
from ringfence.pipeline import Checked, check_repository
from ringfence.release.layer import release_layer
from ringfence.release.record import record_path, write_record

__all__ = ["write_build"]


def write_build(options: BuildOptions, *, cache: TenantCache) -> str:
    """Build, write, and return the summary in the chosen format."""
    signer = load_key(options, options.signing_key, options.keyid)
    live_signer = load_key(options, options.live_key, "") if options.live_key else signer
    if signer is None and not options.unsafe_unsigned:
        raise UsageError(
            "no --signing-key: a locked OPA loads signed bundles only",
            help="make one with `ringfence keygen --type es256`, or say --unsafe-unsigned",
        )
    if options.result and options.tenants:
        raise UsageError(
            "a build of some tenants has no result", help="build the release without --tenant"
        )
    checked = check_repository(options.root, now=options.now, cache=cache)
    checked.refuse_mistakes()
    compiled = checked.overview
    layer = release_layer(compiled, release=options.release, environment=options.environment)
    bundles = BundleWriter(
        output=options.output,
        unpack=options.unpack,
        overview=compiled,
        layer=layer,
        signer=signer,
        cache=cache,
    )
    written = bundles.write(_with_units(checked, _slices(options, compiled, sliced=layer.sliced)))
    digests = [one["release"] for one in written if one["bundle"] == options.release]
    release_digest = str((*digests, written[0]["release"])[0])
    live = _live(options, compiled, live_signer, {layer.bundle: release_digest})
    config = _configure(options, written[0], signer, live_signer)
    if options.record:
        _record(options, compiled)
    if options.result:
        found = build_result(
            written,
            release=options.release,
            environment=options.environment,
            signed=signer is not None,
            now=options.now,
        )
        write_whole(options.result, result_bytes(found))
    return _summary(options, written, live=live, config=config)


def _slices(
    options: BuildOptions, compiled: Overview, *, sliced: bool
) -> list[tuple[str, frozenset[str]]]:
    known = {tenant.name for tenant in compiled.heads}
    for name in options.tenants:
        if name not in known:
            raise UsageError(f"no tenant `{name}`", help=f"tenants: {', '.join(sorted(known))}")
    if options.tenants:
        return [(f"{options.release}-{name}", frozenset({name})) for name in options.tenants]
    every = [(options.release, frozenset(known))]
    slices = [(f"{options.release}-{n}", frozenset({n})) for n in sorted(known)]
    return every + (slices if options.slices or sliced else [])


def _with_units(
    checked: Checked, slices: list[tuple[str, frozenset[str]]]
) -> dict[str, list[TenantUnit]]:
    emitted: dict[str, list[TenantUnit]] = {}
    for unit in checked.units(name for _, names in slices for name in names):
        emitted.setdefault(unit.name, []).append(unit)
    return {
        label: [unit for name in sorted(names) for unit in emitted[name]] for label, names in slices
    }


def _live(
    options: BuildOptions, compiled: Overview, signer: BundleKey | None, releases: dict[str, str]
) -> str:
    files = build_live(
        compiled,
        environment=options.environment,
        serial=options.serial or options.now,
        not_before=options.now - 60,
        not_after=options.now + options.live_hours * 3600,
        releases=releases,
    )
    if signer:
        files[".signatures.json"] = sign(files, key=signer.key, keyid=signer.keyid, scope="live")
    path = options.output / "live.tar.gz"
    write_whole(path, pack(files))
    return str(path)


def _configure(
    options: BuildOptions,
    first: dict[str, object],
    signer: BundleKey | None,
    live: BundleKey | None,
) -> str:
    if signer is None or live is None:
        return ""
    name = str(first["bundle"])
    config = opa_configuration(
        service_url=options.service_url,
        bundles={name: f"{name}.tar.gz", "live": "live.tar.gz"},
        keys={name: (signer.keyid, signer.pem), "live": (live.keyid, live.pem)},
        labels={"bundle": name, "environment": options.environment},
        decision_logs_url=options.logs_url,
        console_logs=not options.logs_url,
    )
    path = options.output / "opa.yaml"
    write_whole(path, config)
    return str(path)


def _record(options: BuildOptions, compiled: Overview) -> None:
    policy = next(p for p in compiled.of_kind("Release") if p.metadata.name == options.release)
    levels, version = {}, ""
    for environment in policy.spec.environments:  # type: ignore[attr-defined] # a Release
        layer = release_layer(compiled, release=options.release, environment=environment)
        levels[environment] = {rule: layer.levels.of(rule) for rule in sorted(compiled.rules)}
        version = layer.version
    write_record(record_path(options.root, policy.document.file), version, levels)


def _summary(
    options: BuildOptions, written: list[dict[str, object]], *, live: str, config: str
) -> str:
    if options.form == "json":
        return json.dumps({"bundles": written, "live": live, "config": config}, indent=2)
    lines = []
    for one in written:
        of = "1 tenant" if one["tenants"] == 1 else f"{one['tenants']} tenants"
        lines += [f"{one['path']}  {of}, {one['bytes']} bytes"]
        lines += [f"  content {one['content']}", f"  release {one['release']}"]
    return "\n".join([*lines, live, *([config] if config else [])])
