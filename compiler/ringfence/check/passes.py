"""Passes over rules and releases."""

from collections.abc import Iterator
from itertools import chain

from ringfence.check.compiled import Overview
from ringfence.check.trust import trust_documents
from ringfence.errors import Diagnostic, Span
from ringfence.lower.head import RuleHead, rule_head
from ringfence.release.gate import check_gates
from ringfence.release.include import check_include
from ringfence.release.levels import check_release
from ringfence.release.record import read_record, record_path

__all__ = ["releases_hold", "rule_ids_are_unique"]


def rule_ids_are_unique(compiled: Overview) -> Iterator[Diagnostic]:
    """Refuse two rules with one id, present or former, at one decision point or in two scopes."""
    first: dict[str, RuleHead] = {}
    shared = (rule for program in compiled.platform.points.values() for rule in program.rules)
    own = (rule for tenant in compiled.heads for rule in tenant.rules)
    for rule in chain(map(rule_head, shared), own):
        for name in (rule.id, *rule.was):
            other = first.setdefault(name, rule)
            if other is rule or (_is_built_in(other.span) and _is_built_in(rule.span)):
                continue
            message = f"rule id `{name}` is taken, {_place(other.span)}"
            yield Diagnostic(
                "RF301", rule.span, message, "choose another id; ids are stable for ever"
            )


def _is_built_in(span: Span) -> bool:
    return span.file == "<built-in>"


def _place(span: Span) -> str:
    return "by a built-in rule" if _is_built_in(span) else f"at {span}"


def releases_hold(compiled: Overview) -> Iterator[Diagnostic]:
    """Check what every release includes, its gates and its levels."""
    waves = {tenant.wave for tenant in compiled.heads if tenant.wave}
    releases = compiled.of_kind("Release")
    own = {policy.document.file for policy in releases}
    files = [file for file in compiled.files if file not in own]
    folders = {pattern.partition("/")[0] for pattern in compiled.project.directories}
    keys = [key for document in trust_documents(compiled) for key in document.spec.keys]
    for policy in releases:
        yield from check_include(policy, files=files, folders=folders)
        yield from check_gates(policy, keys=keys)
        path = record_path(compiled.project.root, policy.document.file)
        yield from check_release(
            policy, rules=compiled.rules, waves=waves, recorded=read_record(path)
        )
