# METADATA
# title: Revocations
# description: |
#   What the live bundle says no longer counts. Without a live bundle it is unknown, and then no token
#   counts.
package ringfence.kernel.revoked

# METADATA
# title: Everything revoked, or null where no live bundle is loaded
# scope: document
default entries := null

entries := data.ringfence.live.revoked
