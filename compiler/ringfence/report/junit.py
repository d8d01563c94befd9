"""A test run as JUnit XML, as build servers read it."""

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ringfence.report.policy_tests import failure_lines
from ringfence.testing.run import Run, SuiteResult, TrialResult

__all__ = ["render_junit"]

# XML 1.0, section 2.2: characters that no document may hold, not even as references.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(run: Run) -> str:
    """Return a `testsuites` document: one suite a test document, one case a trial."""
    root = Element(
        "testsuites", {"name": "ringfence", "tests": str(run.total), "failures": str(run.failed)}
    )
    for suite in run.suites:
        _suite(root, suite)
    indent(root)
    return tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _suite(root: Element, result: SuiteResult) -> None:
    suite = SubElement(
        root,
        "testsuite",
        {
            "name": result.suite.name,
            "file": result.suite.file,
            "tests": str(len(result.results)),
            "failures": str(len(result.failures)),
            "errors": "0",
            "skipped": "0",
        },
    )
    for one in result.results:
        _case(suite, one, suite=result)


def _case(parent: Element, result: TrialResult, *, suite: SuiteResult) -> None:
    trial = result.trial
    case = SubElement(
        parent,
        "testcase",
        {
            "name": _clean(trial.name),
            "classname": f"{suite.suite.tenant}.{suite.suite.name}",
            "file": trial.span.file,
            "line": str(trial.span.line),
        },
    )
    if result.passed:
        return
    first = result.mismatches[0]
    message = f"{first.member}: expected {first.expected}, got {first.actual}"
    failure = SubElement(case, "failure", {"message": _clean(message), "type": first.member})
    failure.text = _clean("\n".join([str(trial.span), *failure_lines(result)]))


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("�", text)
