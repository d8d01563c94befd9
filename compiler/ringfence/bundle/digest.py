r"""The digest of what a bundle decides by, unmoved by comments and by where lines stand.

Defined as follows, so that anyone can compute it:

1. Leave out `.manifest` and `.signatures.json` at the root.
2. In each `.rego` file drop every line whose first character that is not a space, tab or carriage
   return is `#`, and every line without any such character, unless the line begins inside a raw
   string. Lines end at `\n`; what is kept keeps its own end. METADATA, and with it the position in
   the YAML, falls away. Files stay whole where comments might count: where a template string or an
   unclosed raw string stands in the file, and everywhere if any file says `rego.metadata`.
3. Form the array of `[path, SHA-256 in hex]`, in ascending order of the paths' code points.
4. The digest is `sha256:` and the SHA-256, in hex, of that array as RFC 8785 JSON.
"""

import hashlib
import re
from collections.abc import Mapping

import rfc8785

from ringfence.bundle.hash import SIGNATURES

__all__ = ["digest", "without_comments"]

_OUTSIDE = frozenset({".manifest", SIGNATURES})
_BLANK = b" \t\r\n"
_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
# A quoted string, the begin of a raw or template string, or a comment.
_TOKEN = re.compile(rb'"(?:[^"\\\n]|\\.)*"?|\$["`]|`|#.*')


def digest(files: Mapping[str, bytes]) -> str:
    """Return `sha256:` and the digest, in hex, of the files as defined above."""
    reads_comments = any(b"rego.metadata" in files[path] for path in files if _is_rego(path))
    entries = [
        [path, hashlib.sha256(_counted(path, files[path], whole=reads_comments)).hexdigest()]
        for path in sorted(files)
        if path not in _OUTSIDE
    ]
    return "sha256:" + hashlib.sha256(rfc8785.dumps(entries)).hexdigest()


def without_comments(module: bytes) -> bytes:
    """Return a Rego module without lines that are blank or a comment; see the definition above."""
    kept, raw = [], False
    for line in _LINE.findall(module):
        start = line.lstrip(_BLANK)[:1]
        if not raw and start in (b"", b"#"):
            continue
        kept.append(line)
        if b"`" in line or b'$"' in line:
            after = _is_raw_after(line, raw=raw)
            if after is None:
                return module
            raw = after
    return module if raw else b"".join(kept)


def _is_rego(path: str) -> bool:
    return path.endswith(".rego")


def _counted(path: str, content: bytes, *, whole: bool) -> bytes:
    return without_comments(content) if _is_rego(path) and not whole else content


def _is_raw_after(line: bytes, *, raw: bool) -> bool | None:
    """Tell whether the next line begins inside a raw string; None where a template string begins."""
    at = 0
    while True:
        if raw:
            at = line.find(b"`", at) + 1
            if at == 0:
                return True
            raw = False
        found = _TOKEN.search(line, at)
        if found is None or found[0].startswith(b"#"):
            return False
        if found[0].startswith(b"$"):
            return None
        raw, at = found[0] == b"`", found.end()
