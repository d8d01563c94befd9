"""The collector's configuration file, as it is written."""

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ringfence.collector.credential import DIGEST_PATTERN
from ringfence.language.values import Duration, Line, Model, Name, Seq
from ringfence.personal.keeping import SUBJECT

__all__ = [
    "CertificateName",
    "ConfigFile",
    "LedgerConfig",
    "Limits",
    "ListenConfig",
    "PersonalConfig",
    "PrincipalConfig",
    "RevisionsConfig",
    "TlsConfig",
    "WitnessConfig",
]

_FACT = r"^[a-z][a-z0-9_]{0,62}(?:\.[a-z][a-z0-9_]{0,62}){0,4}$"
_PRINCIPAL = r"^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}$"
_MIB = 1 << 20
_LOOPBACK = re.compile(r"127\.[0-9.]+|::1|localhost")

Deliverable = Literal[
    "run",
    "approval",
    "exception",
    "review",
    "explanation",
    "lineage",
    "gap",
    "change",
    "retention_event",
    "export_event",
]
Runner = Annotated[str, Field(pattern=_PRINCIPAL)]
Count = Annotated[int, Field(ge=1)]
Path = Line


class TlsConfig(Model):
    """The server's certificate and key; `clients` are the authorities of sidecars' certificates."""

    certificate: Path
    key: Path
    clients: Path | None = None


class ListenConfig(Model):
    """Where it listens; port 0 is a free one."""

    host: Line = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    tls: TlsConfig | None = None
    unsafe_without_tls: bool = False

    @model_validator(mode="after")
    def _refuse_open_tokens(self) -> "ListenConfig":
        if self.tls is None and not self.unsafe_without_tls and not _LOOPBACK.fullmatch(self.host):
            raise ValueError("without `tls`, tokens would cross the network in the clear")
        return self


class Limits(Model):
    """What one client, and all of them together, may ask for; sizes in bytes, rates a second."""

    compressed: Annotated[int, Field(ge=1024, le=64 * _MIB)] = 5 * _MIB
    inflated: Annotated[int, Field(ge=1024, le=512 * _MIB)] = 64 * _MIB
    status: Annotated[int, Field(ge=1024, le=64 * _MIB)] = 2 * _MIB
    events: Annotated[int, Field(ge=1, le=1_000_000)] = 50_000
    records: Annotated[int, Field(ge=1, le=1_000_000)] = 5_000
    requests_per_second: Annotated[int, Field(ge=1, le=10_000)] = 20
    burst: Annotated[int, Field(ge=1, le=100_000)] = 100
    at_once: Annotated[int, Field(ge=1, le=1024)] = 16
    connections: Annotated[int, Field(ge=1, le=100_000)] = 4096
    body: Duration = 30
    findings_per_minute: Count = 60
    age: Duration = 24 * 3600


class WitnessConfig(Model):
    """A witness that must cosign: who runs it, its C2SP verifier key, and where it is asked."""

    operator: Line
    key: Path
    url: Line | None = None


class PersonalConfig(Model):
    """Where the values of personal facts are kept, and which are personal beside the schema's."""

    store: Path
    key: Path
    facts: Seq[Annotated[str, Field(pattern=_FACT)]] = ()
    subject: Annotated[str, Field(pattern=_FACT)] = SUBJECT


class LedgerConfig(Model):
    """One origin: its folder, the private keys that sign, and the facts that are copied.

    Facts that the schema marks as personal are withheld without `personal`, and texts and names of people
    stay in records as they are, unless `require_personal` refuses that.
    """

    origin: Line
    folder: Path
    keys: Annotated[Seq[Path], Field(min_length=1)]
    state: Path | None = None
    facts: Seq[Annotated[str, Field(pattern=_FACT)]] = ()
    personal: PersonalConfig | None = None
    require_personal: bool = False
    witnesses: Seq[WitnessConfig] = ()
    quorum: Count | None = None
    log_operator: Line | None = None


class CertificateName(Model):
    """The one name in a client's certificate that says who it is."""

    uri: Line | None = None
    dns: Line | None = None

    @model_validator(mode="after")
    def _one_name(self) -> "CertificateName":
        if (self.uri is None) == (self.dns is None):
            raise ValueError("has either `uri` or `dns`")
        return self


class PrincipalConfig(Model):
    """One sidecar, gateway or deliverer of records: its credential, and what it may report on.

    `environment` is that of the decisions that it uploads; who delivers `records` alone has none.
    """

    name: Annotated[str, Field(pattern=_PRINCIPAL)]
    origin: Line
    tenants: Annotated[Seq[Name], Field(min_length=1)]
    environment: Name | None = None
    labels: dict[str, Line] = {}
    records: Seq[Deliverable] = ()
    token: Annotated[str, Field(pattern=DIGEST_PATTERN)] | None = None
    certificate: CertificateName | None = None

    @model_validator(mode="after")
    def _one_credential(self) -> "PrincipalConfig":
        if (self.token is None) == (self.certificate is None):
            raise ValueError("has one credential: `token` or `certificate`")
        return self

    @model_validator(mode="after")
    def _something_to_report(self) -> "PrincipalConfig":
        if self.environment is None and not self.records:
            raise ValueError("has an `environment` to upload decisions of, or `records` to deliver")
        return self


class RevisionsConfig(Model):
    """Which bundle revisions are in use: written here, or in what `build --format json` printed."""

    known: Seq[Line] = ()
    files: Seq[Path] = ()

    @model_validator(mode="after")
    def _some(self) -> "RevisionsConfig":
        if not self.known and not self.files:
            raise ValueError("names no revision and no file that does")
        return self


class ConfigFile(Model):
    """The whole file."""

    apiVersion: Literal["ringfence/v1"]
    kind: Literal["Collector"]
    listen: ListenConfig = ListenConfig()
    limits: Limits = Limits()
    ledgers: Annotated[Seq[LedgerConfig], Field(min_length=1)]
    revisions: RevisionsConfig
    runners: dict[Runner, Path] = {}
    principals: Annotated[Seq[PrincipalConfig], Field(min_length=1)]
