"""The page in a package that says how to verify it without ringfence."""

from typing import Final

from ringfence.evidence.checkpoint import Checkpoint

__all__ = ["NOT_SHOWN", "guide"]

NOT_SHOWN: Final = (
    "no witness has cosigned the checkpoint, so the log's operator could show others another tree",
    "no trusted timestamp binds the checkpoint, so nothing shows when it was signed",
    "decisions that were lost before they were sealed are not shown to be missing",
    "times and contents of decisions are what OPA's log claims",
)
"""What a valid package does not show."""

_GUIDE: Final = """\
# Verify this package

It holds {size} records of the log `{origin}`. Nothing here needs ringfence.

`TRUSTED` is the file with the log's public key in PEM, which you must have from the log's operator by
another way. `keys/` is only a copy: a forger would have replaced it. Run the commands in this folder.

## 1. The files are the ones that the statement names

```sh
sha256sum --check --strict --quiet SHA256SUMS
openssl pkeyutl -verify -pubin -inkey "$TRUSTED" -rawin -in statement.body -sigfile statement.sig
grep -q "$(sha256sum SHA256SUMS | cut -d ' ' -f 1)" statement.body && echo "SHA256SUMS is as stated"
sed '1s/^DSSEv1 28 application\\/vnd.in-toto+json [0-9]* //' statement.body
```

`statement.body` is the DSSE pre-authentication encoding of an in-toto Statement, the same that
`statement.dsse.json` holds in an envelope. The last command prints the Statement: it names every file but
`statement.*` with its SHA-256. Ignore a file that it does not name.

## 2. The checkpoint is signed by the log

```sh
openssl pkeyutl -verify -pubin -inkey "$TRUSTED" -rawin -in checkpoint.body -sigfile checkpoint.sig
head -n 3 checkpoint | cmp - checkpoint.body
```

The same with Go: `note.Open` of `golang.org/x/mod/sumdb/note` reads `checkpoint` with the key in
`keys/log.vkey`, once you have compared that key with yours.

## 3. The records are the ones under the checkpoint

The root is that of RFC 6962 over the lines of `records.jsonl`, each without its line feed. This must
print the third line of the checkpoint:

```sh
python3 - <<'END'
import base64, hashlib

def sha256(content):
    return hashlib.sha256(content).digest()

def root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\\x01" + root(leaves[:split]) + root(leaves[split:]))

with open("records.jsonl", "rb") as records:
    leaves = [sha256(b"\\x00" + line[:-1]) for line in records]
with open("checkpoint", "rb") as checkpoint:
    lines = checkpoint.read().split(b"\\n")
found = base64.b64encode(root(leaves))
print(len(leaves), found.decode())
assert lines[1:3] == [b"%d" % len(leaves), found], "the records are not the signed ones"
END
```

## What this does not show

{not_shown}
"""


def guide(checkpoint: Checkpoint) -> bytes:
    """Write `VERIFY.md`."""
    not_shown = "\n".join(f"- {one}" for one in NOT_SHOWN)
    text = _GUIDE.format(size=checkpoint.size, origin=checkpoint.origin, not_shown=not_shown)
    return text.encode()
