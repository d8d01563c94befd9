"""Read an in-toto Statement with in-toto-attestation: python in_toto.py STATEMENT."""

import sys
from pathlib import Path

from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement

message = json_format.Parse(Path(sys.argv[1]).read_bytes(), statement_pb2.Statement())
statement = Statement.copy_from_pb(message)
statement.validate()
print(statement.pb.predicate_type, len(statement.pb.subject))
