"""Install OPA: one on PATH that is new enough, a release with a known digest, or a build.

Each step is atomic: a file that is there is whole and has the right digest.
"""

import hashlib
import hmac
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ringfence.errors import OpaError
from ringfence.opa.find import MINIMUM, PINNED, opa_version, tools_directory

__all__ = ["OPA", "REGAL", "Tool", "build", "download", "install"]

_CHUNK = 1 << 20
_MOST = 512 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program: its Go module at a version, and the digests of its releases by platform.

    `digests` maps a platform such as `linux_amd64` to the SHA-256 of the release's binary, in hex.
    """

    name: str
    module: str
    version: str
    releases: str
    digests: dict[str, str]


OPA = Tool(
    name="opa",
    module="github.com/open-policy-agent/opa",
    version="v" + ".".join(map(str, PINNED)),
    releases="https://github.com/open-policy-agent/opa/releases/download/{version}/{asset}",
    # A release is taken only with a digest that was verified; for a platform without one, name it
    # with --sha256 or let Go build the pinned module, which the checksum database verifies.
    digests={},
)
REGAL = Tool(
    name="regal",
    module="github.com/open-policy-agent/regal",
    version="v0.42.0",
    releases="https://github.com/open-policy-agent/regal/releases/download/{version}/{asset}",
    digests={},
)


def install(tool: Tool, *, url: str = "", sha256: str = "") -> Path:
    """Install a tool and return its path; an OPA on PATH that is new enough is taken as it is.

    With `url`, download exactly that, and check it against `sha256`.
    Raise OpaError where no way works.
    """
    target = tools_directory() / tool.name
    if url:
        return download(url, sha256=sha256, target=target)
    if target.exists() and (tool is not OPA or opa_version(target) == PINNED):
        return target
    found = shutil.which(tool.name)
    if found and tool is OPA and opa_version(Path(found)) >= MINIMUM:
        return Path(found)
    digest = sha256 or tool.digests.get(_platform(), "")
    if digest:
        asset = f"{tool.name}_{_platform()}_static"
        release = tool.releases.format(version=tool.version, asset=asset)
        return download(release, sha256=digest, target=target)
    return build(tool, target=target)


def download(url: str, *, sha256: str, target: Path) -> Path:
    """Download a program, check its SHA-256 (hex), and put it in place in one step.

    Raise OpaError, and leave nothing behind, where it is missing, truncated or another file.
    """
    import requests

    if not sha256:
        raise OpaError(f"no digest is known for `{url}`", help="give the release's --sha256")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        dir=target.parent, prefix=f".{target.name}-", delete=False
    ) as file:
        try:
            digest = hashlib.sha256()
            with requests.get(url, stream=True, timeout=60) as response:
                response.raise_for_status()
                for chunk in response.iter_content(_CHUNK):
                    digest.update(chunk)
                    file.write(chunk)
                    if file.tell() > _MOST:
                        raise OpaError(
                            f"`{url}` is larger than {_MOST} bytes", help="check the URL"
                        )
            if not hmac.compare_digest(digest.hexdigest(), sha256.lower()):
                message = f"`{url}` has SHA-256 {digest.hexdigest()}, not {sha256}"
                raise OpaError(message, help="don't run it; check the URL and the digest")
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).chmod(0o755)
            Path(file.name).replace(target)
        except requests.RequestException as error:
            Path(file.name).unlink(missing_ok=True)
            message = f"`{url}` could not be downloaded: {type(error).__name__}"
            raise OpaError(message, help="check the network and the URL") from None
        except OpaError:
            Path(file.name).unlink(missing_ok=True)
            raise
    return target


def build(tool: Tool, *, target: Path) -> Path:
    """Build a tool's pinned module with Go, through a module that requires it.

    `go install module@version` refuses modules with a `replace`, and looks for versions that not
    every proxy lists; a module that requires the pinned version does neither.
    """
    go = shutil.which("go")
    if not go:
        hint = f"install Go, or download {tool.name} {tool.version} yourself and name it in PATH"
        raise OpaError(f"{tool.name} can't be built: no `go` on PATH", help=hint)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".build-{tool.name}-") as folder:
        module = Path(folder) / "go.mod"
        module.write_text(f"module build\n\ngo 1.24\n\nrequire {tool.module} {tool.version}\n")
        binary = Path(folder) / tool.name
        flags = {"GOFLAGS": "-mod=mod -buildvcs=false", "CGO_ENABLED": "0"}
        result = subprocess.run(
            [go, "build", "-o", str(binary), tool.module],
            cwd=folder,
            env=os.environ | flags,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            lines = result.stderr.strip().splitlines() or ["no output"]
            raise OpaError(
                f"{tool.name} could not be built: {lines[-1]}", help="check `go env GOPROXY`"
            )
        binary.replace(target)
    return target


def _platform() -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{platform.system().lower()}_{machine}"


if __name__ == "__main__":
    print(install({"opa": OPA, "regal": REGAL}[sys.argv[1]]))
