# METADATA
# title: Lists of tools
# description: |
#   What servers list, compared with what a policy says and what its locks pin. A toolset and a lock
#   are tables under the digest of their content: {server: {tool: standing}} and {tool: [digest]}.
#   Every function is defined for every argument, and answers sorted names.
package ringfence.lib.tools

# METADATA
# title: Pinned tools that are not as they were pinned
drifted(tools, lock) := sort({tool.name |
	pins := data.ringfence.tables[lock]
	some tool in tools
	accepted := pins[tool.name]
	not object.get(tool, "digest", "") in accepted
})

# METADATA
# title: Tools that the policy lets the agent use, and the server does not list
missing(tools, toolset, server) := sort(usable - offered) if {
	offered := {tool.name | some tool in tools}
	usable := {name |
		some name, standing in data.ringfence.tables[toolset][server]
		_is_usable(standing)
	}
}

# METADATA
# title: Tools that the agent sees, and the policy does not let it use
exposed(tools, toolset, server) := sort({tool.name |
	some tool in tools
	tool.shown == true
	not _is_usable(_standing(toolset, server, tool.name))
})

# METADATA
# title: Tools that the server lists, and the policy does not let the agent use
hidden(tools, toolset, server) := sort({tool.name |
	some tool in tools
	not _is_usable(_standing(toolset, server, tool.name))
})

# METADATA
# title: Tools that the server lists, and the policy lets the agent use
visible(tools, toolset, server) := sort({tool.name |
	some tool in tools
	_is_usable(_standing(toolset, server, tool.name))
})

# METADATA
# title: Drifted tools of all servers of an agent, as server/tool
drifted_anywhere(tools, agents, agent) := sort({label |
	listed := _by_server(tools)
	some server, lock in data.ringfence.tables[agents][agent].locks
	some name in drifted(listed[server], lock)
	label := concat("/", [server, name])
})

# METADATA
# title: Missing tools of all servers of an agent, as server/tool
missing_anywhere(tools, toolset) := sort({label |
	listed := _by_server(tools)
	some server, _ in data.ringfence.tables[toolset]
	some name in missing(object.get(listed, server, []), toolset, server)
	label := concat("/", [server, name])
})

# METADATA
# title: Exposed tools of all servers, as server/tool
exposed_anywhere(tools, toolset) := sort({concat("/", [tool.server, tool.name]) |
	some tool in tools
	tool.shown == true
	not _is_usable(_standing(toolset, tool.server, tool.name))
})

_by_server(tools) := {server: listed |
	some server in {tool.server | some tool in tools}
	listed := [tool | some tool in tools; tool.server == server]
}

# Total: under a negation an undefined argument would undo the whole statement.
default _standing(_, _, _) := "unlisted"

_standing(toolset, server, name) := data.ringfence.tables[toolset][server][name]

# A standing begins with what it comes to: `allowed`, or `approval`, both perhaps with `+` and more;
# `denied` and `forbidden` stand alone.
_is_usable(standing) if startswith(standing, "a")
