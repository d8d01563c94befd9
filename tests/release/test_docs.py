"""The release of docs/releases.md is one that can be built."""

import re
import shutil
from pathlib import Path

import pytest
from tests.pipeline.test_bad_input import NOW, SCAFFOLD
from tests.requirements.people import trust_root

from ringfence.pipeline import check_repository

PAGE = Path(__file__).parents[2] / "docs" / "releases.md"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Put the page's release into the scaffold, with two reviewers in a trust root."""
    root = Path(shutil.copytree(SCAFFOLD, tmp_path / "policies"))
    found = re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    (root / "releases" / "runtime.yaml").write_text(found[1])
    trust = trust_root().replace('owner: "platform"', "owner: platform-team")
    (root / "platform" / "trust.yaml").write_text(trust)
    return root


def test_the_release_of_the_page_has_no_mistake(root: Path) -> None:
    """In the scaffold, `check` finds nothing wrong with it."""
    assert [str(one) for one in check_repository(root, now=NOW).diagnostics] == []


def test_a_trust_root_that_cannot_be_read_is_told_once(root: Path) -> None:
    """What a release or an exception misses of its keys is not told beside the mistake in it."""
    trust = root / "platform" / "trust.yaml"
    trust.write_text(trust.read_text().replace("max_exception_age", "max_age"))
    codes = {one.code for one in check_repository(root, now=NOW).diagnostics}
    assert codes == {"RF101", "RF102"}
