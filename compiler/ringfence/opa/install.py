"""Install OPA: one on PATH that is new enough, a release with a known digest, or a build.

Each step is atomic: a file that is there is whole, and is what it was checked to be.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ringfence.errors import OpaError
from ringfence.opa.download import download
from ringfence.opa.find import PINNED, checked_opa, tools_directory

__all__ = ["OPA", "REGAL", "Tool", "build", "install", "platform_name", "provide"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program: its Go module at a version, and the digests of its releases by platform.

    `assets` maps a platform such as `linux_amd64` to the name of its binary in the release, `digests`
    to that binary's SHA-256 in hex. `verify` raises OpaError for a program that is not the tool.
    """

    name: str
    module: str
    version: str
    assets: Mapping[str, str]
    digests: Mapping[str, str]
    verify: Callable[[Path], object]


OPA = Tool(
    name="opa",
    module="github.com/open-policy-agent/opa",
    version="v" + ".".join(map(str, PINNED)),
    assets={
        "linux_amd64": "opa_linux_amd64_static",
        "linux_arm64": "opa_linux_arm64_static",
        "darwin_amd64": "opa_darwin_amd64",
        "darwin_arm64": "opa_darwin_arm64_static",
    },
    # Only digests that were verified against the release stand here, and so far none was. On a
    # platform without one, give the release's with --sha256, or let Go build the pinned module,
    # which Go's checksum database verifies.
    digests={},
    verify=checked_opa,
)
REGAL = Tool(
    name="regal",
    module="github.com/open-policy-agent/regal",
    version="v0.42.0",
    assets={
        "linux_amd64": "regal_Linux_x86_64",
        "linux_arm64": "regal_Linux_arm64",
        "darwin_amd64": "regal_Darwin_x86_64",
        "darwin_arm64": "regal_Darwin_arm64",
    },
    digests={},
    verify=lambda _: None,
)


def install(tool: Tool, *, url: str = "", sha256: str = "") -> Path:
    """Install a tool and return its path; an OPA on PATH that is new enough is taken as it is.

    The file at `url` (a mirror), or else the official release, is checked against `sha256`, or else
    the pinned digest. Where neither is known and no `url` is given, Go builds the pinned module.
    Raise OpaError where no way works.
    """
    target = tools_directory() / tool.name
    if not url and not sha256:
        found = _present(tool, target) or _on_path(tool)
        if found:
            return found
    digest = sha256 or tool.digests.get(platform_name(), "")
    if digest:
        download(url or _release(tool), sha256=digest, target=target, verify=tool.verify)
    elif url:
        raise OpaError(
            _unpinned(tool), help="give the digest that its release states with --sha256"
        )
    elif shutil.which("go"):
        build(tool, target=target)
    else:
        hint = "give the release's digest with --sha256, or install Go to build it"
        raise OpaError(f"{_unpinned(tool)}, and no `go` on PATH", help=hint)
    _stamp(target).write_text(tool.version)
    return target


def build(tool: Tool, *, target: Path) -> Path:
    """Build a tool's pinned module with Go, through a module that requires it.

    `go install module@version` refuses modules with a `replace`, and looks for versions that not
    every proxy lists; a module that requires the pinned version does neither.
    """
    go = shutil.which("go")
    if not go:
        raise OpaError(f"{tool.name} can't be built: no `go` on PATH", help="install Go")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".build-{tool.name}-") as folder:
        module = Path(folder) / "go.mod"
        module.write_text(f"module build\n\ngo 1.24\n\nrequire {tool.module} {tool.version}\n")
        binary = Path(folder) / tool.name
        _run_go([go, "build", "-trimpath", "-o", str(binary), tool.module], folder, tool)
        tool.verify(binary)
        with binary.open("rb") as file:
            os.fsync(file.fileno())
        binary.replace(target)
    return target


def _run_go(command: list[str], folder: str, tool: Tool) -> None:
    flags = {"GOFLAGS": "-mod=mod -buildvcs=false", "CGO_ENABLED": "0", "GOWORK": "off"}
    result = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | flags,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if result.returncode:
        lines = result.stderr.strip().splitlines() or ["no output"]
        message = f"{tool.name} could not be built: {lines[-1]}"
        raise OpaError(message, help="check `go env GOPROXY`")


def _present(tool: Tool, target: Path) -> Path | None:
    """Return the tool where it is installed as this version, and still runs."""
    try:
        installed = _stamp(target).read_text() == tool.version
        tool.verify(target)
    except (OSError, OpaError):
        return None
    return target if installed else None


def _stamp(target: Path) -> Path:
    return target.with_name(f".{target.name}-version")


def _on_path(tool: Tool) -> Path | None:
    found = shutil.which(tool.name) if tool is OPA else None
    try:
        return checked_opa(Path(found)) if found else None
    except OpaError:
        return None


def _unpinned(tool: Tool) -> str:
    return f"no pinned digest for {platform_name()} of {tool.name} {tool.version}"


def _release(tool: Tool) -> str:
    asset = tool.assets.get(platform_name())
    if asset is None:
        raise OpaError(f"{tool.name} has no release for {platform_name()}", help="use --from")
    return f"https://{tool.module}/releases/download/{tool.version}/{asset}"


def platform_name() -> str:
    """Name this platform as releases do: `linux_amd64`."""
    machine = platform.machine().lower()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    return f"{platform.system().lower()}_{machine}"


def provide(tool: Tool) -> Path:
    """Install a tool and return a path in the tool directory, which may be a link to one on PATH."""
    found, place = install(tool), tools_directory() / tool.name
    if found != place:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(found.resolve())
    return place


if __name__ == "__main__":
    print(provide({"opa": OPA, "regal": REGAL}[sys.argv[1]]))
