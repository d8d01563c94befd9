# METADATA
# title: Freshness
# description: |
#   A release that demands it is answered only while a live bundle is loaded, within its window, and
#   names this release among those in force: OPA itself activates an old, validly signed bundle.
package ringfence.kernel.fresh

# METADATA
# title: Why the loaded policy is not in force
# scope: document
reasons contains "no live bundle is loaded" if not data.ringfence.live.serial

reasons contains "the live bundle is not valid yet" if {
	not _begun
}

reasons contains "the live bundle has run out" if {
	not _running
}

reasons contains "the live bundle does not name this release" if {
	not data.ringfence.live.releases[data.ringfence.about.policy.bundle] == data.ringfence.about.policy.release
}

_begun if {
	is_number(data.ringfence.live.not_before)
	time.now_ns() >= data.ringfence.live.not_before
}

# Every number is less than any text.
_running if {
	is_number(data.ringfence.live.not_after)
	time.now_ns() < data.ringfence.live.not_after
}
