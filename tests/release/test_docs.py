"""The release of docs/releases.md is one that can be built."""

import re
import shutil
from pathlib import Path

from tests.pipeline.test_bad_input import NOW, SCAFFOLD
from tests.requirements.people import trust_root

from ringfence.pipeline import check_repository

PAGE = Path(__file__).parents[2] / "docs" / "releases.md"


def test_the_release_of_the_page_has_no_mistake(tmp_path: Path) -> None:
    """In the scaffold, with two reviewers in a trust root, `check` finds nothing wrong with it."""
    root = Path(shutil.copytree(SCAFFOLD, tmp_path / "policies"))
    found = re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    (root / "releases" / "runtime.yaml").write_text(found[1])
    trust = trust_root().replace('owner: "platform"', "owner: platform-team")
    (root / "platform" / "trust.yaml").write_text(trust)
    assert [str(one) for one in check_repository(root, now=NOW).diagnostics] == []


def test_a_trust_root_that_cannot_be_read_is_told_once(tmp_path: Path) -> None:
    """What a release or an exception misses of its keys is not told beside the mistake in it."""
    root = Path(shutil.copytree(SCAFFOLD, tmp_path / "policies"))
    found = re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    (root / "releases" / "runtime.yaml").write_text(found[1])
    trust = trust_root().replace('owner: "platform"', "owner: platform-team")
    (root / "platform" / "trust.yaml").write_text(trust.replace("max_exception_age", "max_age"))
    codes = {one.code for one in check_repository(root, now=NOW).diagnostics}
    assert codes == {"RF101", "RF102"}
