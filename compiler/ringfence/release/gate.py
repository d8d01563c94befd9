"""Check what a release asks for before it is activated: that it can be had."""

from collections.abc import Iterable, Iterator

from ringfence.errors import Diagnostic
from ringfence.language.kinds.release import ApprovalGate, Release
from ringfence.language.kinds.trust_root import TrustKey
from ringfence.language.policy import Policy

__all__ = ["check_gates"]


def check_gates(policy: Policy, *, keys: Iterable[TrustKey]) -> Iterator[Diagnostic]:
    """Refuse an environment after none that is earlier, and reviewers who are too few.

    `keys` are those of all trust roots.
    """
    spec = policy.spec
    assert isinstance(spec, Release)
    approvers = [key for key in keys if "approval" in key.uses]
    earlier: list[str] = []
    for name, environment in spec.environments.items():
        path = ("environments", name)
        yield from _after(policy, path, environment.after, earlier)
        earlier.append(name)
        gate = environment.gate
        if gate and gate.approvals:
            there = [key for key in approvers if {name, "*"} & set(key.environments)]
            yield from _reviewers(policy, (*path, "gate", "approvals"), gate.approvals, there)


def _after(
    policy: Policy, path: tuple[str, ...], after: Iterable[str], earlier: list[str]
) -> Iterator[Diagnostic]:
    names = list(after)
    if len(names) > 1:
        message = f"`{path[-1]}` comes after {len(names)} environments"
        hint = "name the last of them; that one names those before it"
        yield Diagnostic("RF413", policy.key(*path, "after"), message, hint)
        return
    spec = policy.spec
    assert isinstance(spec, Release)
    for name in names:
        if name in spec.environments and name not in earlier:
            message = f"`{name}` is not earlier than `{path[-1]}`"
            hint = "write the environments in the order of promotion"
            yield Diagnostic("RF413", policy.key(*path, "after", name), message, hint)


def _reviewers(
    policy: Policy, path: tuple[str, ...], gate: ApprovalGate, keys: Iterable[TrustKey]
) -> Iterator[Diagnostic]:
    people = {key.identity.lower() for key in keys if gate.from_ in (key.identity, *key.groups)}
    if len(people) < gate.count:
        message = (
            f"{gate.count} of `{gate.from_}` must approve, and the trust roots know {len(people)}"
        )
        hint = "give more of them a key for approvals there, with `groups` naming the group"
        yield Diagnostic("RF414", policy.key(*path), message, hint)
