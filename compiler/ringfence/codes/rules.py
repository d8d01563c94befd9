"""Codes RF3xx: rules, parameters and merging."""

from ringfence.codes.info import CodeInfo

__all__ = ["CODES"]

CODES: dict[str, CodeInfo] = {}
