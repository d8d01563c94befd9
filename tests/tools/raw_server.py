"""A tool server of a later protocol, line by line over stdio: its tool has a member no SDK knows."""

import json
import sys

TOOL = {
    "name": "find",
    "inputSchema": {"type": "object"},
    "annotations": {"readOnlyHint": True, "laterHint": "new"},
}
_RESULTS = {
    "initialize": {
        "protocolVersion": "2025-06-18",
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "raw", "version": "1"},
    },
    "tools/list": {"tools": [TOOL]},
}

if __name__ == "__main__":
    for line in sys.stdin:
        asked = json.loads(line)
        if "id" not in asked:
            continue
        answer = {"jsonrpc": "2.0", "id": asked["id"]}
        if asked["method"] in _RESULTS:
            answer["result"] = _RESULTS[asked["method"]]
        else:
            answer["error"] = {"code": -32601, "message": "Method not found"}
        print(json.dumps(answer), flush=True)
