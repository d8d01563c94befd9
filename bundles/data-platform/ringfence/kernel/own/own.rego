# METADATA
# title: A tenant's own rules
# description: |
#   Rules of one tenant live in a package that is named by their shapes and shared by every tenant with
#   the same shapes. What differs, ids and texts, stands in data.
package ringfence.kernel.own

# METADATA
# title: Hits of the tenant's own rules at a decision point
# description: Undefined where the list can't be evaluated, so that no hit is lost.
# scope: document
hits(_, "") := []

hits(key, list) := found if {
	list != ""
	violated := data.ringfence.lists[key][list].hits
	found := [[rule, row, clause, rank] |
		some [place, clause, refuted] in violated
		rule := data.ringfence.params[key][input.tenant].ids[place]
		row := data.ringfence.rows[data.ringfence.params[key][input.tenant].rows][place]
		rank := object.get({false: row.unknown_rank}, refuted, row.rank)
	]
	count(found) == count(violated)
}
