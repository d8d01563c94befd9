"""Read views with libraries of others: python outside.py VIEW FILE. Prints a line for each event."""

import json
import sys
from pathlib import Path


def cef(line: str) -> str:
    """Read a line with pycef, which puts each custom field under its label."""
    import pycef

    found = pycef.parse(line)
    return f"{found['DeviceEventClassID']} {found['index']} {found['leaf']}"


def ocsf(line: str) -> str:
    """Read a line with py-ocsf-models, which lacks one member of OCSF's own, `compliance.status`."""
    from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

    content = json.loads(line)
    assert content.get("compliance", {}).pop("status", "") in ("Pass", "Warning", "Fail", "")
    found = ComplianceFinding.model_validate_json(json.dumps(content), extra="forbid")
    return f"decision {found.metadata.sequence} {found.metadata.uid}"


def openinference(line: str) -> str:
    """Read a line with OTLP's protobuf, and its attributes by OpenInference's names."""
    from google.protobuf import json_format
    from openinference.semconv.trace import OpenInferenceSpanKindValues, SpanAttributes
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

    known = {value for name, value in vars(SpanAttributes).items() if name.isupper()}
    spans = json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"]
    # OTLP's JSON has ids in hexadecimal, where protobuf's own has base64.
    assert all(len(one["traceId"]) == 32 and len(one["spanId"]) == 16 for one in spans)
    found = json_format.Parse(line, TracesData()).resource_spans[0].scope_spans[0].spans[0]
    values = {one.key: one.value for one in found.attributes}
    assert {key for key in values if not key.startswith("ringfence.")} <= known
    kind = values[SpanAttributes.OPENINFERENCE_SPAN_KIND].string_value
    assert OpenInferenceSpanKindValues(kind).name == "GUARDRAIL"
    index, leaf = values["ringfence.ledger.index"], values["ringfence.ledger.leaf"]
    return f"decision {index.int_value} {leaf.string_value}"


READ = {"cef": cef, "ocsf": ocsf, "openinference": openinference}

if __name__ == "__main__":
    for one in Path(sys.argv[2]).read_text(encoding="utf-8").split("\n")[:-1]:
        print(READ[sys.argv[1]](one))
