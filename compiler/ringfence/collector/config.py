"""Read the collector's configuration: strict YAML in, plain values out, every mistake with its place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from ringfence.collector.config_model import ConfigFile, LedgerConfig, Limits, ListenConfig
from ringfence.collector.principal import Principal
from ringfence.errors import CompileError, Diagnostic
from ringfence.evidence.records import RecordKind
from ringfence.language.model_errors import model_diagnostics
from ringfence.language.source import Document, read_document

__all__ = ["Configuration", "read_configuration"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What the file says. `folder` is the file's own: paths in it are relative to that."""

    folder: Path
    listen: ListenConfig
    limits: Limits
    ledgers: tuple[LedgerConfig, ...]
    known_revisions: frozenset[str]
    revision_files: tuple[Path, ...]
    runners: Mapping[str, Path]
    principals: tuple[Principal, ...]

    def path(self, named: str) -> Path:
        """Return the path that the file names."""
        return self.folder / named


def read_configuration(file: Path) -> Configuration:
    """Read and check a configuration file; raise CompileError with every mistake found."""
    document = read_document(file.parent, file.name)
    if not isinstance(document, Document):
        raise CompileError(document)
    try:
        model = ConfigFile.model_validate(document.data)
    except ValidationError as error:
        found = model_diagnostics(document, error, model=ConfigFile)
        raise CompileError(found, sources={document.file: document.text}) from None
    mistakes = (*_repeated(document, model), *_unfit(document, model))
    if mistakes:
        raise CompileError(mistakes, sources={document.file: document.text})
    return Configuration(
        folder=file.parent,
        listen=model.listen,
        limits=model.limits,
        ledgers=model.ledgers,
        known_revisions=frozenset(model.revisions.known),
        revision_files=tuple(file.parent / one for one in model.revisions.files),
        runners={name: file.parent / one for name, one in model.runners.items()},
        principals=tuple(_principals(model)),
    )


def _principals(model: ConfigFile) -> Iterator[Principal]:
    for one in model.principals:
        name = one.certificate
        yield Principal(
            name=one.name,
            origin=one.origin,
            tenants=frozenset(one.tenants),
            environment=one.environment or "",
            labels=one.labels,
            records=frozenset(map(RecordKind, one.records)),
            token=one.token or "",
            certificate=None
            if name is None
            else ("URI", name.uri)
            if name.uri
            else ("DNS", name.dns or ""),
        )


def _repeated(document: Document, model: ConfigFile) -> Iterator[Diagnostic]:
    """Find what must be one's own and is not: names, credentials, origins, folders."""
    principals, ledgers = model.principals, model.ledgers
    columns = (
        ("principals", "name", [one.name for one in principals]),
        ("principals", "token", [one.token for one in principals]),
        ("principals", "certificate", [one.certificate for one in principals]),
        ("ledgers", "origin", [one.origin for one in ledgers]),
        ("ledgers", "folder", [one.folder for one in ledgers]),
    )
    for table, field, values in columns:
        first: dict[object, int] = {}
        for number, value in enumerate(values):
            if value is None or first.setdefault(value, number) == number:
                continue
            message = f"`{field}` is that of `{table}[{first[value]}]` too"
            span = document.spans.nearest((table, number, field))
            yield Diagnostic("RF985", span, message, "give each its own")


def _unfit(document: Document, model: ConfigFile) -> Iterator[Diagnostic]:
    """Find what names something that the file does not have."""
    origins = {one.origin for one in model.ledgers}
    tls = model.listen.tls
    for number, one in enumerate(model.principals):
        if one.origin not in origins:
            span = document.spans.nearest(("principals", number, "origin"))
            known = ", ".join(f"`{origin}`" for origin in sorted(origins))
            yield Diagnostic("RF985", span, "no ledger has this origin", f"the ledgers': {known}")
        if one.certificate is not None and (tls is None or tls.clients is None):
            span = document.spans.nearest(("principals", number, "certificate"))
            hint = "name the certificates' authority in `listen.tls.clients`"
            yield Diagnostic("RF985", span, "no certificate can be verified", hint)
        if "run" in one.records and not model.runners:
            span = document.spans.nearest(("principals", number, "records"))
            hint = "name the runners' public keys in `runners`"
            yield Diagnostic("RF985", span, "no run's signature can be verified", hint)
    for number, ledger in enumerate(model.ledgers):
        span = document.spans.nearest(("ledgers", number))
        if ledger.require_personal and ledger.personal is None:
            hint = "name a store in `personal`, or leave out `require_personal`"
            said = "texts and names of people would stay in the ledger for ever"
            yield Diagnostic("RF985", span, said, hint)
        if ledger.witnesses and ledger.log_operator is None:
            hint = "say who runs the log: `log_operator`"
            yield Diagnostic("RF985", span, "witnesses without a `log_operator`", hint)
        if ledger.quorum is not None and ledger.quorum > len(ledger.witnesses):
            hint = "ask for at most as many as there are"
            yield Diagnostic("RF985", span, "the quorum can never be met", hint)
