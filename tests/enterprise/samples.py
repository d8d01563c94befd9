"""An export policy, and enterprise packages under it."""

from pathlib import Path
from typing import Any

from tests.export.samples import LOG, ORIGIN, PACKAGE, THEN, decided, trust
from tests.ledger.samples import Clock

from ringfence.enterprise.files import Enterprise
from ringfence.enterprise.policy import ExportPolicy, packed_policy
from ringfence.evidence.records import Record
from ringfence.export.build import package_files
from ringfence.export.package_key import PackageKey, PackageSigner
from ringfence.export.policy import rules_of
from ringfence.export.predicate import Exporter
from ringfence.export.request import ExportRequest
from ringfence.export.selection import Selection, select
from ringfence.ledger.settings import Settings
from ringfence.ledger.store import Ledger

KEYID = PackageKey(PACKAGE.public_key()).keyid
NAME = "auditor@platform.example"
TENANTS = frozenset({"acme"})

POLICY = f"""\
name: eu-audit
classification: regulated
exporters:
  - name: {NAME}
    key: {KEYID}
    tenants: [acme]
formats: [folder, archive, ocsf]
regions: [eu-central-1]
retention:
  days: 2555
deployment:
  mode: self_hosted
  isolation: one ledger a tenant
  data_residency: EU
  architectures: ["docs/architecture.md"]
controls:
  framework: NIST SP 800-53 Rev. 5
  catalog: https://csrc.nist.gov/pubs/sp/800/53/r5/upd1/final
  mapping:
    - control: ac-6
      rules: [runner.timeout]
    - control: sa-2
      rules: [runner.size.declared, runner.network]
    - control: cm-3
      rules: [no.such-rule]
    - control: au-2
"""


def policy(text: str = POLICY) -> ExportPolicy:
    """Return the policy of a text."""
    return packed_policy(text.encode())


def make_ledger(folder: Path, made: list[Record]) -> Path:
    """Write a ledger of these records."""
    ledger = Ledger.create(folder, origin=ORIGIN, settings=Settings(keys=(LOG,), clock=Clock(now=THEN)))  # fmt: skip
    ledger.append(made)
    ledger.checkpoint()
    ledger.close()
    return folder


def records(revision: str, **result: Any) -> list[Record]:
    """Return three decisions of acme by a bundle."""
    return [decided(n, bundles={"runtime": revision}, **result) for n in range(3)]


def enterprise(
    ledger: Path,
    *,
    bundles: tuple[bytes, ...] = (),
    text: str = POLICY,
    region: str = "eu-central-1",
    encrypted: bool = False,
    **request: Any,
) -> dict[str, bytes]:
    """Return an enterprise package of acme's records; nothing is held to the policy here."""
    chosen = Selection(tenants=TENANTS)
    selected = select(ledger, chosen, trust=trust())
    made = Enterprise(
        policy=policy(text),
        region=region,
        encrypted=encrypted,
        records=selected.records,
        checkpoint=selected.chain.checkpoint,
        held=frozenset().union(*(rules_of(one, tenants=TENANTS) for one in bundles)),
    )
    given: dict[str, Any] = {
        "exporter": Exporter(name=NAME, by="policy"),
        "files": made.files(),
        "extra": made.extra(),
        **request,
    }
    return package_files(
        selected,
        ledger=ledger,
        request=ExportRequest(profile="enterprise", selection=chosen, bundles=bundles, **given),
        pinned=(),
        signer=PackageSigner(PACKAGE),
    )
