"""Tenants one by one: each from the cache where nothing it depends on has changed, else made anew."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from ringfence.cache.form import Outline, Share
from ringfence.cache.keys import code_key, joined_key, raw_key, sources_key
from ringfence.cache.tenants import TenantCache
from ringfence.emit.tenant import TenantUnit, emit_tenant
from ringfence.errors import Diagnostic
from ringfence.ir.rule import TenantProgram
from ringfence.language.beside import FilesBeside, files_named
from ringfence.language.policy import Policy
from ringfence.language.repository import read_files
from ringfence.language.tree import Tree
from ringfence.lower.head import tenant_head
from ringfence.lower.program import Platform, lower_tenant, tenant_kinds

__all__ = ["Tenants"]

T = TypeVar("T")

_Understood = tuple[tuple[Policy, ...], tuple[Diagnostic, ...]]


@dataclass(slots=True)
class Tenants:
    """The tenants of a tree; each is understood, lowered and emitted at most once, and when asked for.

    INVARIANT: an entry's key covers all that it is made of: `base` is ringfence and the project file;
    a tenant's own key adds its documents; the platform's key and the files that documents name come on top.

    Documents and programs are forgotten once they are lowered and emitted, unless `whole`.
    """

    tree: Tree
    beside: FilesBeside
    cache: TenantCache
    whole: bool = False
    _base: bytes = b""
    _own: dict[str, bytes] = field(default_factory=dict)
    _keys: dict[str, bytes] = field(default_factory=dict)
    _outlines: dict[str, Outline] = field(default_factory=dict)
    _understood: dict[str, _Understood] = field(default_factory=dict)
    _lowered: dict[str, tuple[TenantProgram, tuple[Diagnostic, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._base = joined_key("base", code_key(), self.tree.project.document.text.encode())
        self._own = {
            name: sources_key("tenant", self._base, files)
            for name, files in self.tree.tenants.items()
        }
        self._outlines = self.cache.outlines(self._own)
        for name in self.tree.tenants.keys() - self._outlines.keys():
            self._outlines[name] = self._outline(name)
            self.cache.keep_outline(self._own[name], self._outlines[name])

    def apart(self) -> Iterator[Policy]:
        """Return the documents that tenants' programs are not made of."""
        for name, files in self.tree.tenants.items():
            files_apart = self._outlines[name].apart
            if name in self._understood:
                yield from (one for one in self._understood[name][0] if _is_apart(one))
            elif files_apart:
                chosen = [source for source in files if source.file in files_apart]
                yield from read_files(self.tree.project, chosen, beside=self.beside)[0]

    def shares(self, platform: Platform, *, broad: Iterable[Policy]) -> Mapping[str, Share]:
        """Return each tenant's share; `broad` are the documents that the platform was lowered from."""
        below = joined_key("platform", self._base, *_contents(broad))
        named = {file for outline in self._outlines.values() for file in outline.named}
        states = {file: raw_key(self.beside.raw(file)) for file in named}
        self._keys = {
            name: joined_key("under", below, own, *(states[f] for f in self._outlines[name].named))
            for name, own in self._own.items()
        }
        shares = self.cache.shares(self._keys)
        for name in self.tree.tenants:
            if name not in shares:
                shares[name] = self._share(name, platform)
                self.cache.keep_share(self._keys[name], shares[name])
                self._forget(name, self._understood)
        return shares

    def programs(self, names: Iterable[str], *, platform: Platform) -> Iterator[TenantProgram]:
        """Return the programs of these tenants."""
        return (self._program(name, platform)[0] for name in names)

    def units(self, names: Iterable[str], *, platform: Platform) -> Iterator[TenantUnit]:
        """Return what these tenants add to a bundle; all must be without mistakes."""
        keys = {name: self._keys[name] for name in names}
        units = self.cache.units(keys)
        known = {name: text for unit in units.values() for name, text in unit.lists.items()}
        for name, key in keys.items():
            if name not in units:
                program = self._program(name, platform)[0]
                units[name] = emit_tenant(program, points=platform.points, known=known)
                self.cache.keep_unit(key, units[name])
                self._forget(name, self._lowered)
            yield units[name]

    def policies(self) -> Iterator[Policy]:
        """Return all documents of all tenants."""
        for name in self.tree.tenants:
            yield from self._understand(name)[0]

    def _understand(self, name: str) -> _Understood:
        if name not in self._understood:
            files = self.tree.tenants[name]
            self._understood[name] = read_files(self.tree.project, files, beside=self.beside)
        return self._understood[name]

    def _forget(self, name: str, known: dict[str, T]) -> None:
        if not self.whole:
            known.pop(name, None)

    def _outline(self, name: str) -> Outline:
        policies, _ = self._understand(name)
        return Outline(
            apart=tuple(one.document.file for one in policies if _is_apart(one)),
            named=tuple(file for one in policies for file in files_named(one)),
        )

    def _program(
        self, name: str, platform: Platform
    ) -> tuple[TenantProgram, tuple[Diagnostic, ...]]:
        if name not in self._lowered:
            policies, _ = self._understand(name)
            self._lowered[name] = lower_tenant(name, policies, platform=platform)
        return self._lowered[name]

    def _share(self, name: str, platform: Platform) -> Share:
        policies, problems = self._understand(name)
        program, more = self._program(name, platform)
        head = tenant_head(program, policies)
        return Share(head=head, diagnostics=(*problems, *more))


def _is_apart(policy: Policy) -> bool:
    return policy.kind.name not in tenant_kinds()


def _contents(policies: Iterable[Policy]) -> Iterator[bytes]:
    for policy in policies:
        for name, document in (("", policy.document), *sorted(policy.files.items())):
            yield from (name.encode(), document.file.encode(), document.text.encode())
