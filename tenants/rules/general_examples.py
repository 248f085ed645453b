"""Examples of the rules about numbers, headers, accounts and codes (G)."""

from __future__ import annotations

from tenants.account_parsing import parse_jid
from tenants.codes import ProblemCode
from tenants.parsing import check_number
from tenants.rules.examples import TypedExample

GENERAL_EXAMPLES: tuple[TypedExample, ...] = (
    TypedExample(
        code=ProblemCode.NUMBER_OUT_OF_RANGE,
        field="port",
        parse=lambda text: check_number(int(text), range(1, 65536)),
        accepted="5222",
        refused="65536",
    ),
    TypedExample(
        code=ProblemCode.JID_SYNTAX,
        field="jid",
        parse=parse_jid,
        accepted="user1@chat.acme.example",
        refused="chat.acme.example",
    ),
)
