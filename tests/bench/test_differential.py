"""The differential at length: at least 100,000 decisions, several seeds, tenants and rules anew each time."""

import pytest
from tests.emit.differential import Tally, compare, open_site

pytestmark = pytest.mark.bench


def test_a_hundred_thousand_decisions() -> None:
    """Ask OPA 104,000 times, for 20 draws of tenants and rules, and print what was seen."""
    tally = Tally()
    shared: set[str] = set()
    for seed in range(20):
        point = ("runner.start", "runner.deploy")[seed % 2]
        with open_site(point, tenants=20, own_rules=8, seed=seed) as site:
            compare(site, 5200, tally)
            shared |= {rule.id for rule in site.program.rules}
    never = sorted(shared - tally.rules.keys())
    own = sum(not rule.startswith("runner.") for rule in tally.rules)
    print(f"\n{tally.kinds.total()} decisions: {dict(tally.kinds)}")
    print(f"{len(shared & tally.rules.keys())} shared and {own} own rules violated, never: {never}")
    print(f"mismatches: {len(tally.mismatches)}")
    assert tally.mismatches == []
