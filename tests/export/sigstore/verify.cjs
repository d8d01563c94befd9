// Verify a DSSE envelope with @sigstore/verify: node verify.cjs ENVELOPE PUBLIC_KEY_PEM
const { createPublicKey } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { bundleFromJSON } = require("@sigstore/bundle");
const { Verifier, toSignedEntity, toTrustMaterial } = require("@sigstore/verify");

const [envelope, pem] = process.argv.slice(2).map((path) => readFileSync(path));
const dsseEnvelope = JSON.parse(envelope);
const hint = dsseEnvelope.signatures[0].keyid;
const bundle = bundleFromJSON({
  mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
  verificationMaterial: { publicKey: { hint }, tlogEntries: [], timestampVerificationData: {} },
  dsseEnvelope,
});
const root = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };
const rawBytes = createPublicKey(pem).export({ type: "spki", format: "der" });
const verifier = new Verifier(toTrustMaterial(root, { [hint]: { rawBytes } }), {
  tlogThreshold: 0,
  ctlogThreshold: 0,
  timestampThreshold: 0,
});
try {
  verifier.verify(toSignedEntity(bundle));
} catch (error) {
  console.error(error.code);
  process.exit(1);
}
const said = JSON.parse(bundle.content.dsseEnvelope.payload);
console.log(`verified ${said.subject.length} files`);
