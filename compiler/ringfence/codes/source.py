"""Codes RF0xx: reading YAML, before any policy is understood."""

from ringfence.codes.info import CodeInfo

__all__ = ["CODES"]

CODES: dict[str, CodeInfo] = {
    "RF001": CodeInfo(
        "file cannot be read",
        "The file is missing, unreadable, not a regular file, or a symbolic link that leads out of "
        "the policy repository. Nothing outside the repository is ever read as policy.",
    ),
    "RF002": CodeInfo(
        "file too large",
        "The size is looked up before the file is read. Split the policy into several files.",
    ),
    "RF003": CodeInfo(
        "not UTF-8",
        "Policy files are UTF-8, with or without a byte order mark. Save the file as UTF-8.",
    ),
    "RF004": CodeInfo(
        "invisible character",
        "Control characters, bidirectional overrides and unusual line breaks make a file read "
        "differently from what a reviewer sees, so they are refused, written out or escaped.",
    ),
    "RF005": CodeInfo(
        "YAML syntax",
        "The text is not YAML. Conditions belong in `|` blocks and messages in double quotes; "
        "most syntax errors come from one of them written plain.",
    ),
    "RF006": CodeInfo("tab in indentation", "YAML is indented with spaces only."),
    "RF007": CodeInfo(
        "empty file",
        "A policy file holds one document. Delete the file if it has no purpose.",
    ),
    "RF008": CodeInfo(
        "not a mapping",
        "A document is a mapping with `apiVersion`, `kind`, `metadata` and `spec`.",
    ),
    "RF009": CodeInfo(
        "more than one document",
        "One document a file, so that a path names one policy and its owner.",
    ),
    "RF010": CodeInfo(
        "duplicate key",
        "YAML parsers silently keep one of two equal keys. Remove or rename one of them.",
    ),
    "RF011": CodeInfo(
        "key is not a string",
        "Keys are single-line strings. Quote a key that YAML reads as something else.",
    ),
    "RF012": CodeInfo(
        "anchor or alias",
        "Anchors and aliases hide what a value is from a reviewer and can expand without bound. "
        "Write the value out, or share it through a parameter.",
    ),
    "RF013": CodeInfo(
        "tag",
        "A word that starts with `!` is a YAML tag. Put a condition into a `|` block and other "
        "text into quotes.",
    ),
    "RF014": CodeInfo(
        "ambiguous plain value",
        "YAML 1.1 and 1.2 parsers read this value differently (as a boolean, number, date or "
        "merge key). Quote it if it is text.",
    ),
    "RF015": CodeInfo("nested too deeply", "No policy kind nests this deeply."),
    "RF016": CodeInfo("too many values", "Split the policy into several files."),
    "RF017": CodeInfo("text too long", "Shorten the text, or link to it from `docs`."),
    "RF018": CodeInfo(
        "number form",
        "Numbers are written as plain decimal digits, optionally with a sign `-` and a fraction: "
        "`5`, `-3`, `0.85`. There are no infinities, exponents or leading zeros.",
    ),
    "RF019": CodeInfo(
        "text cut at `#`",
        "In a plain value ` #` starts a comment, so the rest of the text is silently dropped. "
        "Put the text into double quotes.",
    ),
    "RF020": CodeInfo(
        "condition outside a block",
        "YAML's own syntax cuts or misreads parts of CEL. Conditions stand in `|` blocks.",
    ),
    "RF021": CodeInfo("directive", "`%YAML` and `%TAG` directives change how a file is read."),
    "RF022": CodeInfo(
        "entry without `:`",
        "In `{a}` YAML reads the key `a` with no value. Quote a message that starts with `{`.",
    ),
    "RF023": CodeInfo(
        "cannot be formatted",
        "Rewriting this file would change its data or lose a comment, so it was left as it is.",
    ),
}
