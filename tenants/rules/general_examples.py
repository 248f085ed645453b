"""Examples of the rules about numbers, headers, accounts and codes (G)."""

from __future__ import annotations

from tenants.account_parsing import parse_jid
from tenants.codes import ProblemCode
from tenants.parsing import check_number
from tenants.rules.examples import FormExample, TypedExample

_API_KEY = {"name": "X-Api-Key", "value": "an example of a value"}


def _headers(code: ProblemCode, refused: list[dict[str, str]], *place: str, remark: str | None = None) -> FormExample:
    return FormExample(
        code=code,
        path=("provisioning", "headers", *place),
        accepted={"provisioning": {"headers": [_API_KEY]}},
        refused={"provisioning": {"headers": refused}},
        remark=remark,
    )


GENERAL_EXAMPLES: tuple[FormExample | TypedExample, ...] = (
    TypedExample(
        code=ProblemCode.NUMBER_OUT_OF_RANGE,
        field="port",
        parse=lambda text: check_number(int(text), range(1, 65536)),
        accepted="5222",
        refused="65536",
    ),
    _headers(ProblemCode.HEADER_NAME, [{**_API_KEY, "name": "Host"}], "0", "name"),
    _headers(
        ProblemCode.HEADER_VALUE,
        [{"name": "X-Api-Key"}],
        "0",
        "value",
        remark="Where a value is stored under the name, it is kept.",
    ),
    _headers(ProblemCode.HEADER_REPEATED, [_API_KEY, {**_API_KEY, "name": "x-api-key"}], "1", "name"),
    _headers(ProblemCode.TOO_MANY, [{**_API_KEY, "name": f"X-{number}"} for number in range(1, 12)]),
    TypedExample(
        code=ProblemCode.JID_SYNTAX,
        field="jid",
        parse=parse_jid,
        accepted="user1@chat.acme.example",
        refused="chat.acme.example",
    ),
)
