"""Examples of the rules about numbers, headers, accounts, codes and passwords (G)."""

from __future__ import annotations

from tenants.account_parsing import parse_jid
from tenants.codes import ProblemCode, WarningCode
from tenants.parsing import check_number
from tenants.passwords import parse_password
from tenants.rules.examples import CallExample, FormExample, Step, TypedExample

_API_KEY = {"name": "X-Api-Key", "value": "an example of a value"}


def _headers(code: ProblemCode, refused: list[dict[str, str]], *place: str, remark: str | None = None) -> FormExample:
    return FormExample(
        code=code,
        path=("provisioning", "headers", *place),
        accepted={"provisioning": {"headers": [_API_KEY]}},
        refused={"provisioning": {"headers": refused}},
        remark=remark,
    )


_POSTER = Step("makeQrCode", {"format": "ACROBITS"})
_LONG_LOGIN = {"format": "ACROBITS", "content.login.username": "1000", "content.login.password": "29de?8&a=1#x+%" * 18}

GENERAL_EXAMPLES: tuple[FormExample | TypedExample | CallExample, ...] = (
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
    CallExample(
        code=WarningCode.QR_HOLDS_PASSWORD,
        path=("content", "login"),
        accepted=_POSTER,
        refused=Step(
            "makeQrCode",
            {"format": "SESSIONTALK", "content.login.username": "1000", "content.login.password": "1234"},
        ),
        remark="The code of a setup link holds no password, so it does not warn.",
    ),
    CallExample(
        code=WarningCode.QR_TOO_DENSE,
        path=("content",),
        accepted=_POSTER,
        refused=Step("makeQrCode", _LONG_LOGIN),
        beside=(WarningCode.QR_HOLDS_PASSWORD,),
    ),
    TypedExample(
        code=ProblemCode.PASSWORD_TOO_SHORT,
        field="password",
        parse=parse_password,
        accepted="violet harbour lantern",
        refused="kF7$wq2!pZx",
    ),
    TypedExample(
        code=ProblemCode.PASSWORD_COMMON,
        field="password",
        parse=parse_password,
        accepted="kF7$wq2!pZx9",
        refused="P@ssw0rd2026",
        remark="With `qwertzuiop12`, `abcabcabcabc` and one's own name and year it is the same.",
    ),
)
