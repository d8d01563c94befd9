"""The stages in order: read, understand, lower, check, emit."""

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path

from ringfence.cache.tenants import TenantCache
from ringfence.check import PASSES, Compiled, Overview
from ringfence.check.follow_ups import without_follow_ups
from ringfence.emit.tenant import TenantUnit, emit_tenant
from ringfence.errors import CompileError, Diagnostic, Severity, sort_diagnostics
from ringfence.ir.rule import TenantProgram
from ringfence.language.beside import FilesBeside
from ringfence.language.policy import Policy
from ringfence.language.repository import Repository, open_project, read_files, read_texts
from ringfence.language.tree import read_tree
from ringfence.lower.head import tenant_head
from ringfence.lower.program import Platform, lower_own, lower_platform
from ringfence.shares import Tenants

__all__ = [
    "Checked",
    "check_repository",
    "collecting_later",
    "compile_repository",
    "emit_tenants",
]

# Documents of the platform that its program is not made of: they change no tenant's share.
_APART = frozenset({"Exception", "PolicyTest", "Release", "Revocation", "TrustRoot"})


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a repository comes to, and everything that is wrong with it.

    `own` is the program of the platform itself, if any; `documents` counts what was understood.
    """

    overview: Overview
    diagnostics: tuple[Diagnostic, ...]
    documents: int
    tenants: Tenants
    own: TenantProgram | None

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """Return the texts of files with mistakes."""
        return read_texts(self.overview.project, self.diagnostics)

    @property
    def is_valid(self) -> bool:
        """Tell whether no diagnostic is an error."""
        return not any(d.severity is Severity.ERROR for d in self.diagnostics)

    def refuse_mistakes(self) -> None:
        """Raise CompileError where anything is wrong."""
        if not self.is_valid:
            raise CompileError(self.diagnostics, sources=self.texts)

    def units(self, names: Iterable[str]) -> tuple[TenantUnit, ...]:
        """Emit the share of these tenants, in order, of a repository without mistakes."""
        chosen, platform = frozenset(names), self.overview.platform
        own = [self.own] if self.own and self.own.name in chosen else []
        known = sorted(chosen & self.tenants.tree.tenants.keys())
        units = self.tenants.units(known, platform=platform)
        return (*emit_tenants(own, platform=platform), *units)


def check_repository(root: Path, *, now: int, cache: TenantCache | None = None) -> Checked:
    """Check a policy repository: all diagnostics of all files, sorted.

    `now` is in epoch seconds; expiries are told by it. What `cache` holds of tenants is not made
    again. Raise CompileError without a project file.
    """
    return _check(root, now=now, cache=cache or TenantCache(), whole=False)


def _check(root: Path, *, now: int, cache: TenantCache, whole: bool) -> Checked:
    project = open_project(root)
    with collecting_later():
        tree = read_tree(project)
        beside = FilesBeside(project)
        broad, problems = read_files(project, tree.broad, beside=beside)
        tenants = Tenants(tree, beside, cache, whole=whole)
        apart = tuple(sorted((*broad, *tenants.apart()), key=_file))
        top = [one for one in broad if one.scope.level == "platform"]
        facts = [one for one in apart if one.kind.name == "Facts"]
        platform, more = lower_platform(top, facts=facts, teams=project.teams)
        made_of = [one for one in (*top, *facts) if one.kind.name not in _APART]
        shares = tenants.shares(platform, broad=made_of)
        own = lower_own(top)
        heads = [tenant_head(own, ())] if own else []
        overview = Overview(
            project=project,
            apart=apart,
            platform=platform,
            heads=(*heads, *(shares[name].head for name in tree.tenants)),
            files=tree.files,
            now=now,
        )
        found = [*tree.diagnostics, *problems, *more]
        found += chain.from_iterable(share.diagnostics for share in shares.values())
        later = [one for look in PASSES for one in look(overview)]
        if later and found:
            texts = read_texts(project, found)
            later = list(without_follow_ups(later, earlier=found, texts=texts))
        found += later
    return Checked(
        overview=overview,
        diagnostics=sort_diagnostics(found),
        documents=len(broad) + sum(head.documents for head in overview.heads),
        tenants=tenants,
        own=own,
    )


def compile_repository(root: Path, *, now: int) -> Compiled:
    """Check a repository and return its programs; raise CompileError where anything is wrong."""
    checked = _check(root, now=now, cache=TenantCache(), whole=True)
    checked.refuse_mistakes()
    overview, tenants = checked.overview, checked.tenants
    broad = (one for one in overview.apart if not one.scope.tenant)
    policies = tuple(sorted((*broad, *tenants.policies()), key=_file))
    programs = tenants.programs(tenants.tree.tenants, platform=overview.platform)
    return Compiled(
        project=overview.project,
        apart=overview.apart,
        platform=overview.platform,
        heads=overview.heads,
        files=overview.files,
        now=now,
        repository=Repository(policies=policies),
        tenants=(*([checked.own] if checked.own else []), *programs),
    )


def emit_tenants(tenants: Sequence[TenantProgram], *, platform: Platform) -> tuple[TenantUnit, ...]:
    """Emit each tenant's share of a bundle; lists of rules that several share are emitted once."""
    known: dict[str, str] = {}
    return tuple(emit_tenant(one, points=platform.points, known=known) for one in tenants)


def _file(policy: Policy) -> str:
    return policy.document.file


@contextmanager
def collecting_later() -> Iterator[None]:
    """Keep Python from looking for garbage: what is made here stays, and looking takes a quarter of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
