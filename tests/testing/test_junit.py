"""Facts about JUnit XML."""

from xml.etree import ElementTree

from ringfence.errors import Span
from ringfence.language.facts import all_points
from ringfence.report.junit import render_junit
from ringfence.testing.compare import Mismatch
from ringfence.testing.run import Run, SuiteResult, TrialResult
from ringfence.testing.trial import ENFORCED, Suite, Trial


def test_what_xml_may_not_hold_is_replaced() -> None:
    """Control characters from facts in a message leave a document that parses."""
    trial = Trial(name="x", span=Span("t.yaml", 3, 5), now=0, facts={})
    reason = {
        "action": "block",
        "rule": "r",
        "message": "\x1b[31m\x00\ufffe ]]> <a>",
        "fix": "",
        "source": "",
    }
    decision = {"action": "block", "allowed": False, "evaluated": True, "reasons": [reason]}
    result = TrialResult(
        trial=trial, decision=decision, mismatches=(Mismatch("action", "allow", "block"),)
    )
    suite = Suite(
        name="s", file="t.yaml", tenant="acme", point=all_points()["runner.start"],
        layer=ENFORCED, trials=(trial,),
    )  # fmt: skip
    text = render_junit(Run(suites=(SuiteResult(suite=suite, results=(result,)),)))
    failure = ElementTree.fromstring(text).find("testsuite/testcase/failure")
    assert failure is not None
    assert "block by r: �[31m�� ]]> <a>" in (failure.text or "")
