"""moto's server, whose KMS signs what it is told is a digest, as AWS does.

Run with the Python of an environment that has moto 5.2: that version parses `MessageType` and hashes the
digest again (getmoto/moto pull request 10202 is open). Everything else is moto's own.
"""

import threading
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto.kms.responses import KmsResponse
from moto.kms.utils import ECDSAPrivateKey
from moto.server import main

_ASKED = threading.local()
_respond = KmsResponse.sign


def _sign_request(self: Any) -> str:
    _ASKED.digest = self._get_param("MessageType") == "DIGEST"
    return str(_respond(self))


def _sign(self: Any, message: bytes, signing_algorithm: str) -> bytes:
    hashed = {"ECDSA_SHA_256": hashes.SHA256(), "ECDSA_SHA_384": hashes.SHA384()}[signing_algorithm]
    algorithm = ec.ECDSA(Prehashed(hashed) if _ASKED.digest else hashed)
    return bytes(self.private_key.sign(message, algorithm))


KmsResponse.sign = _sign_request
ECDSAPrivateKey.sign = _sign
main()
