"""Decisions of a real OPA that all tests of this folder compare."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.collector.harness import policy_site
from tests.collector.test_with_opa import ask
from tests.pipeline.serving import request_to_start, wait_for
from tests.reconcile.world import Decisions

from ringfence.opa import OpaServer
from ringfence.opa.lockdown import SERVER_FLAGS


@pytest.fixture(scope="session")
def decisions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Decisions]:
    """Ask a locked OPA for three decisions that allow and one that blocks."""
    work = tmp_path_factory.mktemp("decisions")
    with policy_site(work) as (site, config, _):
        with OpaServer(config=config, arguments=SERVER_FLAGS) as opa:
            blocked = request_to_start(run={"concurrency": 1, "estimate": 60})
            asked = ask(opa, [*[request_to_start()] * 3, blocked])
            wait_for(lambda: len(site.uploads) >= 4)
        by_id = {one["decision_id"]: one for one in site.uploads}
        events = [by_id[one] for one in asked]
        assert [one["result"]["allowed"] for one in events] == [True, True, True, False]
        yield Decisions(events, site.folder, Path(work / "keys" / "prod.pub.pem"))
