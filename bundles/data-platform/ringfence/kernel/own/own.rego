# METADATA
# title: A tenant's own rules
# description: |
#   Rules of one tenant live in a package that is named by their shapes and shared by every tenant with
#   the same shapes. What differs, ids and texts, stands in data.
package ringfence.kernel.own

# METADATA
# title: Hits of the tenant's own rules at a decision point
# description: Undefined where the list can't be evaluated, so that no hit is lost.
hits(key) := [] if {
	data.ringfence.params[key][input.tenant].list == ""
} else := found if {
	params := data.ringfence.params[key][input.tenant]
	violated := data.ringfence.lists[key][params.list].hits
	rows := data.ringfence.shared_rows[params.rows]
	found := [[params.ids[i], rows[i], clause, refuted] |
		some [i, clause, refuted] in violated
	]
	count(found) == count(violated)
}

# METADATA
# title: No rule of the tenant's own is violated
# scope: document
clean(key) if data.ringfence.params[key][input.tenant].list == ""

clean(key) if data.ringfence.lists[key][data.ringfence.params[key][input.tenant].list].clean
