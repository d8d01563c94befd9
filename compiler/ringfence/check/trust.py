"""Passes over trust roots, exceptions and revocations."""

from collections.abc import Iterator

from ringfence.check.compiled import Overview
from ringfence.errors import Diagnostic
from ringfence.language.kinds.exception import ExceptionSpec
from ringfence.language.kinds.revocation import RevocationSpec
from ringfence.language.kinds.trust_root import TrustRoot
from ringfence.language.suggest import did_you_mean
from ringfence.trust.exception import ExceptionDocument, verify_exception
from ringfence.trust.revocation import RevocationDocument, check_revocations
from ringfence.trust.root import TrustRootDocument, check_trust
from ringfence.trust.waiver import check_match

__all__ = [
    "exception_documents",
    "exceptions_hold",
    "revocation_documents",
    "trust_documents",
    "trust_roots_hold",
]


def trust_documents(compiled: Overview) -> tuple[TrustRootDocument, ...]:
    """List the trust roots."""
    return tuple(
        TrustRootDocument(source=policy.document, spec=policy.spec)
        for policy in compiled.of_kind("TrustRoot")
        if isinstance(policy.spec, TrustRoot)
    )


def exception_documents(compiled: Overview) -> tuple[ExceptionDocument, ...]:
    """List the exceptions."""
    return tuple(
        ExceptionDocument(source=policy.document, spec=policy.spec)
        for policy in compiled.of_kind("Exception")
        if isinstance(policy.spec, ExceptionSpec)
    )


def revocation_documents(compiled: Overview) -> tuple[RevocationDocument, ...]:
    """List the revocations."""
    return tuple(
        RevocationDocument(source=policy.document, spec=policy.spec)
        for policy in compiled.of_kind("Revocation")
        if isinstance(policy.spec, RevocationSpec)
    )


def trust_roots_hold(compiled: Overview) -> Iterator[Diagnostic]:
    """Check the keys of all trust roots."""
    yield from check_trust(trust_documents(compiled))


def exceptions_hold(compiled: Overview) -> Iterator[Diagnostic]:
    """Check that exceptions are signed, lift waivable rules, and match facts that exist."""
    trust = trust_documents(compiled)
    points = {name: program.point for name, program in compiled.platform.points.items()}
    exceptions = exception_documents(compiled)
    for document in exceptions:
        yield from verify_exception(document, trust=trust, now=compiled.now)
        yield from check_match(document, points=points)
        yield from _lifts(document, compiled)
    yield from check_revocations(revocation_documents(compiled), exceptions=exceptions)


def _lifts(document: ExceptionDocument, compiled: Overview) -> Iterator[Diagnostic]:
    for index, name in enumerate(document.spec.lifts):
        rule = compiled.rules.get(name) or compiled.former.get(name)
        span = document.source.spans.nearest(("spec", "lifts", index))
        if rule is None:
            near = did_you_mean(name, compiled.rules)
            hint = f"did you mean `{near}`?" if near else "name a rule of this repository"
            yield Diagnostic("RF524", span, f"there is no rule `{name}`", hint)
        elif not rule.waivable or rule.invariant:
            kind = "an invariant" if rule.invariant else "not waivable"
            yield Diagnostic("RF525", span, f"`{name}` is {kind}", "no exception lifts it")
