"""Read OSCAL assessment results with compliance-trestle: python oscal.py FILE."""

import sys
from pathlib import Path

from trestle.oscal.assessment_results import AssessmentResults

found = AssessmentResults.oscal_read(Path(sys.argv[1]))
assert found is not None
for finding in found.results[0].findings:
    state = finding.target.status.state
    print(finding.target.target_id, getattr(state, "value", state))
