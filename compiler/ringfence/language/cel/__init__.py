"""Conditions in CEL: text to typed expressions, with every mistake at its column."""

from ringfence.language.cel.condition import compile_condition
from ringfence.language.cel.message import compile_message
from ringfence.language.cel.scope import ConditionScope, ParamType

__all__ = ["ConditionScope", "ParamType", "compile_condition", "compile_message"]
