"""Write a build's bundles, each file in one step; what is there already and unchanged stays."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ringfence.build import build_policy, signed_archive
from ringfence.cache import TenantCache
from ringfence.cache.archive import Archive, archive_key
from ringfence.check.compiled import Overview
from ringfence.cli.build_options import BundleKey
from ringfence.cli.write import write_whole
from ringfence.emit.files import platform_files
from ringfence.emit.tenant import TenantUnit, json_bytes
from ringfence.language.policy import RESERVED
from ringfence.release.layer import ReleaseLayer

__all__ = ["BundleWriter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleWriter:
    """Writes bundles of one release in one environment; with `unpack`, their files too."""

    output: Path
    unpack: bool
    overview: Overview
    layer: ReleaseLayer
    signer: BundleKey | None
    cache: TenantCache

    def write(self, bundles: Mapping[str, Sequence[TenantUnit]]) -> list[dict[str, object]]:
        """Write the bundles, whose labels are their names in OPA's configuration, and describe each."""
        platform = platform_files(self.overview.platform.points, fresh=self.layer.fresh)
        signed_by = (self.signer.keyid, self.signer.pem) if self.signer else ("", "")
        base = archive_key(platform, json_bytes([self.layer.bundle, self.layer.data(), *signed_by]))
        keys = {label: base.of(label, units) for label, units in bundles.items()}
        known = {} if self.unpack else self.cache.archives(keys)
        written = []
        for label, units in bundles.items():
            path = self.output / f"{label}.tar.gz"
            archive = known.get(label)
            if archive is None or not archive.is_at(path):
                archive = self._write(path, label, units, platform=platform)
                self.cache.keep_archive(keys[label], archive)
            written.append(
                self._describe(
                    path, label, archive, tenants=sum(unit.name != RESERVED for unit in units)
                )
            )
        return written

    def _write(
        self,
        path: Path,
        label: str,
        units: Sequence[TenantUnit],
        *,
        platform: Mapping[str, bytes],
    ) -> Archive:
        build = build_policy(self.overview, units, layer=self.layer, platform=platform)
        files, packed = signed_archive(
            build,
            key=self.signer.key if self.signer else None,
            keyid=self.signer.keyid if self.signer else "",
            scope=label,
        )
        write_whole(path, packed)
        if self.unpack:
            for name, content in files.items():
                if name != ".signatures.json":
                    write_whole(self.output / label / name, content)
        return Archive(
            content=build.content,
            release=build.release,
            revision=build.revision,
            size=len(packed),
            digest=hashlib.sha256(packed).hexdigest(),
        )

    def _describe(
        self, path: Path, label: str, archive: Archive, *, tenants: int
    ) -> dict[str, object]:
        return {
            "bundle": label,
            "path": str(path),
            "tenants": tenants,
            "revision": archive.revision,
            "content": archive.content,
            "release": archive.release,
            "bytes": archive.size,
        }
