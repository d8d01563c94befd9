# METADATA
# title: Facts about lists of tools
package ringfence.lib.tools_test

import data.ringfence.lib.tools

_tables := {
	"set": {"crm": {"find": "allowed", "refund": "approval", "wipe": "denied", "sh": "forbidden"}},
	"lock": {"find": ["d1", "d2"], "refund": ["d3"]},
	"agents": {"a": {"locks": {"crm": "lock"}}},
}

_find := {"server": "crm", "name": "find", "digest": "d2", "shown": true}

_refund := {"server": "crm", "name": "refund", "digest": "d3", "shown": false}

_wipe := {"server": "crm", "name": "wipe", "digest": "d4", "shown": true}

test_each_accepted_digest_counts_and_what_is_not_pinned_is_no_drift if {
	every digest in ["d1", "d2"] {
		listed := [object.union(_find, {"digest": digest}), _refund, _wipe]
		tools.drifted(listed, "lock") == [] with data.ringfence.tables as _tables
	}
	changed := [object.union(_find, {"digest": "d9"}), object.remove(_refund, ["digest"])]
	tools.drifted(changed, "lock") == ["find", "refund"] with data.ringfence.tables as _tables
}

test_usable_tools_are_missing_where_the_server_does_not_list_them if {
	tools.missing([_wipe], "set", "crm") == ["find", "refund"] with data.ringfence.tables as _tables
	tools.missing([_find, _refund], "set", "crm") == [] with data.ringfence.tables as _tables
}

test_what_is_shown_and_not_usable_is_exposed if {
	tools.exposed([_find, _wipe, _refund], "set", "crm") == ["wipe"] with data.ringfence.tables as _tables
	tools.exposed([_find], "set", "other") == ["find"] with data.ringfence.tables as _tables
}

test_hidden_and_visible_are_all_that_is_listed if {
	listed := [_find, _refund, _wipe, {"name": "sh"}, {"name": "new"}]
	tools.hidden(listed, "set", "crm") == ["new", "sh", "wipe"] with data.ringfence.tables as _tables
	tools.visible(listed, "set", "crm") == ["find", "refund"] with data.ringfence.tables as _tables
}

test_all_servers_at_once if {
	changed := object.union(_find, {"digest": "d9"})
	tools.drifted_anywhere([changed], "agents", "a") == ["crm/find"] with data.ringfence.tables as _tables
	tools.drifted_anywhere([_find, _wipe], "agents", "a") == [] with data.ringfence.tables as _tables
	missing := ["crm/find", "crm/refund"]
	tools.missing_anywhere([], "set") == missing with data.ringfence.tables as _tables
	tools.exposed_anywhere([_find, _wipe], "set") == ["crm/wipe"] with data.ringfence.tables as _tables
}

test_defined_for_every_argument if {
	every bad in [null, 1, "x", [1, null], {"a": {}}] {
		tools.drifted(bad, "lock") == [] with data.ringfence.tables as _tables
		is_array(tools.missing(bad, "set", "crm")) with data.ringfence.tables as _tables
		is_array(tools.missing(bad, "none", "crm")) with data.ringfence.tables as _tables
		is_array(tools.exposed(bad, "set", "crm")) with data.ringfence.tables as _tables
		is_array(tools.hidden(bad, "set", "crm")) with data.ringfence.tables as _tables
		is_array(tools.drifted_anywhere(bad, "none", "a")) with data.ringfence.tables as _tables
		is_array(tools.missing_anywhere(bad, "none")) with data.ringfence.tables as _tables
		is_array(tools.exposed_anywhere(bad, "none")) with data.ringfence.tables as _tables
	}
}
