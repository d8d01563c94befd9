"""Facts about the page on the collector."""

import re
from pathlib import Path

import yaml

from ringfence.collector.config import read_configuration
from ringfence.collector.config_model import Limits

PAGE = (Path(__file__).parents[2] / "docs" / "collector.md").read_text(encoding="utf-8")


def test_the_pages_configuration_is_valid(tmp_path: Path) -> None:
    """The example is read as it stands, and says what the page says of it."""
    ours, opas = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "collector.yaml"
    file.write_text(ours)
    read = read_configuration(file)
    assert [one.name for one in read.principals] == ["gateway", "sidecar-1", "pool-1"]
    assert [bool(one.environment) for one in read.principals] == [True, True, False]
    assert yaml.safe_load(opas)["decision_logs"]["service"] == "collector"


def test_the_pages_limits_are_the_defaults() -> None:
    """Every limit is named, with the value that it has unless the file says otherwise."""
    for name in Limits.model_fields:
        assert f"`{name}`" in PAGE
    found = Limits()
    assert (found.compressed, found.inflated, found.status) == (5 << 20, 64 << 20, 2 << 20)
    assert f"| {found.events:,} an upload |" in PAGE
    assert f"| {found.records:,} a delivery |" in PAGE
    assert f"| {found.requests_per_second}, {found.burst} for each principal |" in PAGE
    assert f"| {found.connections:,} |" in PAGE
