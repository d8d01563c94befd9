"""Write what `build` makes, each file in one step."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from ringfence.build import Build, build_live, build_policy, signed_archive
from ringfence.bundle.archive import pack
from ringfence.bundle.sign import sign
from ringfence.cache import TenantCache
from ringfence.check.compiled import Overview
from ringfence.emit.files import platform_files
from ringfence.emit.tenant import TenantUnit
from ringfence.errors import UsageError
from ringfence.keys import load_private, public_pem, read_passphrase, thumbprint
from ringfence.opa.lockdown import opa_configuration
from ringfence.pipeline import check_repository
from ringfence.release.layer import release_layer
from ringfence.release.record import record_path, write_record

__all__ = ["BuildOptions", "write_build"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """The command line of `build`."""

    root: Path
    now: int
    output: Path
    release: str
    environment: str
    tenants: tuple[str, ...]
    slices: bool
    signing_key: Path | None
    keyid: str
    live_key: Path | None
    passphrase_file: Path | None
    unsafe_unsigned: bool
    serial: int | None
    live_hours: int
    service_url: str
    logs_url: str
    unpack: bool
    record: bool
    form: str


@dataclass(frozen=True, slots=True)
class _Key:
    key: EllipticCurvePrivateKey
    keyid: str
    pem: str


def write_build(options: BuildOptions, *, cache: TenantCache) -> str:
    """Build, write, and return the summary in the chosen format."""
    signer = _key(options, options.signing_key, options.keyid)
    live_signer = _key(options, options.live_key, "") if options.live_key else signer
    if signer is None and not options.unsafe_unsigned:
        raise UsageError(
            "no --signing-key: a locked OPA loads signed bundles only",
            help="make one with `ringfence keygen --type es256`, or say --unsafe-unsigned",
        )
    checked = check_repository(options.root, now=options.now, cache=cache)
    checked.refuse_mistakes()
    compiled = checked.overview
    layer = release_layer(compiled, release=options.release, environment=options.environment)
    shared = platform_files(compiled.platform.points, fresh=layer.fresh)
    written: list[dict[str, object]] = []
    slices = _slices(options, compiled)
    emitted: dict[str, list[TenantUnit]] = {}
    for unit in checked.units(name for _, names in slices for name in names):
        emitted.setdefault(unit.name, []).append(unit)
    for label, names in slices:
        units = [unit for name in sorted(names) for unit in emitted[name]]
        build = build_policy(compiled, units, layer=layer, platform=shared)
        files, archive = signed_archive(
            build,
            key=signer.key if signer else None,
            keyid=signer.keyid if signer else "",
            scope=label,
        )
        written.append(_write(options, label, build, files, archive, tenants=len(units)))
        if label == options.release or len(written) == 1:
            release_digest = build.release
    live = _live(options, compiled, live_signer, {layer.bundle: release_digest})
    config = _configure(options, written[0], signer, live_signer)
    if options.record:
        _record(options, compiled)
    return _summary(options, written, live=live, config=config)


def _key(options: BuildOptions, path: Path | None, keyid: str) -> _Key | None:
    if path is None:
        return None
    key = load_private(path, passphrase=read_passphrase(file=options.passphrase_file))
    if not isinstance(key, EllipticCurvePrivateKey):
        hint = "make one with `ringfence keygen --type es256`"
        raise UsageError(
            f"`{path}` is no P-256 key, and OPA verifies ES256 bundles only", help=hint
        )
    public = key.public_key()
    return _Key(key, keyid or thumbprint(public), public_pem(public))


def _slices(options: BuildOptions, compiled: Overview) -> list[tuple[str, frozenset[str]]]:
    known = {tenant.name for tenant in compiled.heads}
    for name in options.tenants:
        if name not in known:
            raise UsageError(f"no tenant `{name}`", help=f"tenants: {', '.join(sorted(known))}")
    if options.tenants:
        return [(f"{options.release}-{name}", frozenset({name})) for name in options.tenants]
    every = [(options.release, frozenset(known))]
    slices = [(f"{options.release}-{n}", frozenset({n})) for n in sorted(known)]
    return every + (slices if options.slices else [])


def _write(
    options: BuildOptions,
    label: str,
    build: Build,
    files: dict[str, bytes],
    archive: bytes,
    *,
    tenants: int,
) -> dict[str, object]:
    path = options.output / f"{label}.tar.gz"
    write_whole(path, archive)
    if options.unpack:
        for name, content in files.items():
            if name != ".signatures.json":
                write_whole(options.output / label / name, content)
    return {
        "bundle": label,
        "path": str(path),
        "tenants": tenants,
        "revision": build.revision,
        "content": build.content,
        "release": build.release,
        "bytes": len(archive),
    }


def _live(
    options: BuildOptions, compiled: Overview, signer: _Key | None, releases: dict[str, str]
) -> str:
    files = build_live(
        compiled,
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
    options: BuildOptions, first: dict[str, object], signer: _Key | None, live: _Key | None
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
        lines += [f"{one['path']}  {one['tenants']} tenants, {one['bytes']} bytes"]
        lines += [f"  content {one['content']}", f"  release {one['release']}"]
    return "\n".join([*lines, live, *([config] if config else [])])


def write_whole(path: Path, content: bytes) -> None:
    """Write a file in one step: it is there whole, or as it was before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
