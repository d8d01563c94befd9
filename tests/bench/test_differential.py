"""The differential at length: at least 100,000 decisions, with other rules and tenants each time."""

from collections import Counter

import pytest
from tests.emit.differential import Tally, argue
from tests.emit.site import POINTS, Size, open_site

pytestmark = pytest.mark.bench

_FLEETS = 26
_REQUESTS = 2_000


def test_a_hundred_thousand_decisions() -> None:
    """Ask OPA 104,000 times, for 26 draws of tenants and rules, and print what was seen."""
    tally, built_in, drawn = Tally(), set[str](), 0
    for seed in range(_FLEETS):
        size = Size(tenants=12, shared_rules=5 * (seed % 2), own_rules=6)
        with open_site(size, seed=1000 + seed) as site:
            found = argue(site, _REQUESTS)
            drawn += len(site.drawn)
            built_in |= {
                rule.id
                for reference in site.references.values()
                for rule in reference.program.rules
                if not rule.id.startswith("shared.")
            }
            # Drawn rules have the same ids in every fleet.
            named = {
                rule: rule if rule in built_in else f"{seed}: {rule}" for rule in found.violated
            }
            found.violated = Counter({named[rule]: n for rule, n in found.violated.items()})
        tally.add(found)
    hit = sum(rule in built_in for rule in tally.violated)
    print(f"\n{tally.decisions} decisions: {dict(tally.kinds)}")
    print(f"violations: {tally.refuted[True]} refuted, {tally.refuted[False]} unknown")
    print(f"built-in rules violated: {hit} of {len(built_in)}")
    print(f"never: {sorted(built_in - tally.violated.keys())}")
    print(f"drawn rules violated: {len(tally.violated) - hit} of {drawn}")
    print(f"mismatches: {len(tally.mismatches)}")
    assert tally.mismatches == []
    assert tally.decisions == _FLEETS * _REQUESTS * len(POINTS) >= 100_000
