"""The rules about what is no setting of its own (G): numbers, headers, accounts and codes that staff hand out."""

from __future__ import annotations

from tenants.codes import ProblemCode
from tenants.rules.rule import Chapter, Rule

GENERAL = Chapter(
    "G",
    "Calls, accounts and codes",
    (
        Rule(
            "G1",
            "Numbers",
            "Ports go from 1 to 65,535, the priority of a chat account from -128 to 127, the life of a setup link "
            "from 1 to 168 hours.",
            (ProblemCode.NUMBER_OUT_OF_RANGE,),
        ),
        Rule(
            "G3",
            "Accounts that are handed out",
            "At least one account, at most ten in all. A chat address is a name and a domain with an @ between them; "
            "usernames and passwords follow P9, a subdomain P6.",
            (ProblemCode.JID_SYNTAX, ProblemCode.TOO_MANY, ProblemCode.REQUIRED),
        ),
    ),
)
