"""The options by which commands know which facts are personal, and where their values are kept."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from ringfence.cli.evidence.trust import FILE

if TYPE_CHECKING:
    from ringfence.personal.keeping import Personal
    from ringfence.personal.store import PersonalStore

__all__ = ["PersonalOptions", "named_store", "open_store", "personal_options", "store_options"]

_FOLDER: Final = click.Path(exists=True, file_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalOptions:
    """What the options say."""

    folder: Path | None
    secret: Path | None
    names: str
    policies: Path | None
    subject: str
    required: bool = False

    def read(self) -> "Personal":
        """Open the store, if one is named; raise UsageError, EvidenceError, CompileError."""
        from ringfence.errors import UsageError
        from ringfence.personal.keeping import SUBJECT, Personal
        from ringfence.personal.schema import declared_names, personal_names

        names = frozenset(name.strip() for name in self.names.split(",") if name.strip())
        names |= declared_names(self.policies) if self.policies else personal_names()
        if self.required and self.folder is None:
            hint = "pass `--personal-store`, or leave out `--require-personal-store`"
            raise UsageError("texts and names would stay in the ledger for ever", help=hint)
        store = open_store(self.folder, self.secret) if self.folder or self.secret else None
        return Personal(names=names, store=store, subject=self.subject or SUBJECT)


def open_store(
    folder: Path | None, secret: Path | None, *, read_only: bool = False
) -> "PersonalStore":
    """Open a personal store; raise UsageError, EvidenceError (RF916)."""
    from ringfence.errors import UsageError
    from ringfence.personal.sealing import read_secret
    from ringfence.personal.store import PersonalStore

    if folder is None or secret is None:
        hint = "pass `--personal-store` and `--personal-key`"
        raise UsageError("a personal store needs its folder and its key", help=hint)
    return PersonalStore(folder, secret=read_secret(secret), read_only=read_only)


@contextlib.contextmanager
def named_store(
    folder: Path | None, secret: Path | None, *, read_only: bool = False
) -> "Iterator[PersonalStore | None]":
    """Open a personal store during the block, if one is named; raise UsageError, EvidenceError."""
    if folder is None and secret is None:
        yield None
        return
    store = open_store(folder, secret, read_only=read_only)
    try:
        yield store
    finally:
        store.close()


def store_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--personal-store` and `--personal-key`."""
    folder = click.option(
        "--personal-store",
        type=_FOLDER,
        help="The folder that holds the values of personal facts, texts and names.",
    )
    secret = click.option("--personal-key", type=FILE, help="The file with the store's key.")
    return folder(secret(command))


def personal_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options, and pass them as one argument `personal`."""

    @functools.wraps(command)
    def wrapped(
        *,
        personal_store: Path | None,
        personal_key: Path | None,
        personal_facts: str,
        policies: Path | None,
        subject_fact: str,
        require_personal_store: bool,
        **rest: Any,
    ) -> Any:
        options = PersonalOptions(
            folder=personal_store,
            secret=personal_key,
            names=personal_facts,
            policies=policies,
            subject=subject_fact,
            required=require_personal_store,
        )
        return command(personal=options, **rest)

    names = click.option(
        "--personal-facts",
        default="",
        metavar="NAMES",
        help="Facts that are personal, beside those that the schema marks.",
    )
    policies = click.option(
        "--policies",
        type=_FOLDER,
        help="The policy repository whose `Facts` say which facts are personal.",
    )
    subject = click.option(
        "--subject-fact",
        default="",
        metavar="NAME",
        help="The fact that names whose the personal facts are; `request.by`, if not told.",
    )
    required = click.option(
        "--require-personal-store",
        is_flag=True,
        help="Refuse to append where texts and names of people would stay in the ledger.",
    )
    return store_options(required(names(policies(subject(wrapped)))))
