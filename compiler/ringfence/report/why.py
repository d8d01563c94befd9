"""An explained decision, a rule and a tenant's policy for a person, every text escaped."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ringfence.report.decision import render_decision
from ringfence.report.escape import escape_line

__all__ = ["render_rule", "render_why"]


def render_why(explained: Mapping[str, Any], *, title: str) -> str:
    """Return the decision, and below it what each rule asked and what it read."""
    lines = [render_decision(title, explained["decision"])]
    for rule, detail in explained["rules"].items():
        lines += ["", *map(escape_line, _detail(rule, detail))]
    for missed in explained["waivers_missed"]:
        lines += ["", *map(escape_line, _missed(missed))]
    if explained["ask"]:
        lines += ["", escape_line(f"ask: {', '.join(explained['ask'])}")]
    return "\n".join(lines)


def _detail(rule: str, detail: Mapping[str, Any]) -> Iterator[str]:
    yield rule
    if detail["where"] != "true":
        yield f"  applies where  {detail['where']}"
    yield f"  requires       {detail['require']}"
    for name, value in detail["facts"].items():
        yield f"  fact           {name} = {_value(value)}"
    for name, one in detail["params"].items():
        yield f"  value          {name} = {_value(one['value'])}, {one['source']}"
    for line in detail["lines"]:
        yield f"  written        {line}"


def _missed(missed: Mapping[str, Any]) -> Iterator[str]:
    place = f", {missed['source']}" if missed["source"] else ""
    yield f"exception {missed['exception']} for {missed['rule']} nearly held: {missed['why']}{place}"
    for path, one in missed["differs"].items():
        covers = ", ".join(map(_value, one["covers"]))
        yield f"  {path} is {_value(one['sent'])}, it covers {covers}"
    for path, most in missed["ceiling"].items():
        yield f"  it lifts {path} up to {most}"


def render_rule(rule: Mapping[str, Any], levels: Mapping[str, Mapping[str, str]]) -> str:
    """Return what a rule says, and its level in each environment."""
    return "\n".join(map(escape_line, _rule(rule, levels)))


def _rule(rule: Mapping[str, Any], levels: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    owner = f", a rule of {rule['tenant']}" if rule["tenant"] else ""
    yield f"{rule['rule']} at {rule['point']} ({rule['category']}{owner})"
    if rule["was"]:
        yield f"  was            {', '.join(rule['was'])}"
    if rule["rationale"]:
        yield f"  because        {rule['rationale']}"
    if rule["where"] != "true":
        yield f"  applies where  {rule['where']}"
    yield f"  requires       {rule['require']}"
    for name, text in rule["derived"].items():
        yield f"                 {name} is {text}"
    may_miss = any(not one["always"] for one in rule["reads"])
    unknown = f", {rule['if_unknown']} where a fact is missing" if may_miss else ""
    yield f"  otherwise      {rule['otherwise']}{'' if rule['if_unknown'] == rule['otherwise'] else unknown}"
    yield f"  says           {rule['message']}"
    yield f"  fix            {rule['fix']}"
    for one in rule["reads"]:
        needed = "always due" if one["always"] else "may be missing"
        yield f"  reads          {one['fact']}: {one['type']}, on the word of the {one['from']}, {needed}"
    for name in rule["params"]:
        yield f"  value          {name}"
    lifted = " or ".join(f"an {name}" for name in rule["lifted_by"])
    yield f"  lifted by      {lifted or 'nothing'}{', at every level' if rule['invariant'] else ''}"
    for where, by_wave in levels.items():
        text = ", ".join(
            f"{level}{'' if wave == '*' else f' for {wave}'}" for wave, level in by_wave.items()
        )
        yield f"  level          {text}: {where}"
    if rule["controls"]:
        yield f"  controls       {', '.join(rule['controls'])}"
    yield f"  written        {rule['source']}"


def _value(value: object) -> str:
    if isinstance(value, str):
        return value
    text = json.dumps(value, default=str, sort_keys=True)
    return text if len(text) <= 200 else f"{text[:197]}..."
