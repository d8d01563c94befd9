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
missing(tools, toolset, server) := sort(_usable(toolset, server) - {tool.name | some tool in tools})

# METADATA
# title: Tools that the agent sees, and the policy does not let it use
exposed(tools, toolset, server) := sort({tool.name | some tool in tools; tool.shown == true} - _usable(toolset, server))

# METADATA
# title: Tools that the server lists, and the policy does not let the agent use
hidden(tools, toolset, server) := sort({tool.name | some tool in tools} - _usable(toolset, server))

# METADATA
# title: Tools that the server lists, and the policy lets the agent use
visible(tools, toolset, server) := sort({tool.name | some tool in tools} & _usable(toolset, server))

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
	not tool.name in _usable(toolset, tool.server)
})

_by_server(tools) := {server: listed |
	some server in {tool.server | some tool in tools}
	listed := [tool | some tool in tools; tool.server == server]
}

# A standing begins with what it comes to: `allowed`, or `approval`, both perhaps with `+` and more;
# `denied` and `forbidden` stand alone.
_usable(toolset, server) := {name |
	some name, standing in data.ringfence.tables[toolset][server]
	startswith(standing, "a")
}
