"""The rules about what is no setting of its own (G): numbers, headers, accounts, codes, passwords of staff."""

from __future__ import annotations

from tenants.codes import ProblemCode, WarningCode
from tenants.headers import LONGEST_HEADER_NAME, LONGEST_HEADER_VALUE, MOST_HEADERS, OWN_HEADERS, OWN_PREFIXES
from tenants.known_passwords import SHORTEST_PASSWORD
from tenants.passwords import LONGEST_PASSWORD
from tenants.qr_codes import MOST_MODULES
from tenants.rules.rule import Chapter, Rule

GENERAL = Chapter(
    "G",
    "Calls, accounts, codes and passwords",
    (
        Rule(
            "G1",
            "Numbers",
            "Ports go from 1 to 65,535, the priority of a chat account from -128 to 127, the life of a setup link "
            "from 1 to 168 hours.",
            (ProblemCode.NUMBER_OUT_OF_RANGE,),
        ),
        Rule(
            "G2",
            "Fixed headers of the provisioning call",
            f"Up to {MOST_HEADERS}, each name once, capital and small letters being one. A name has 1 to "
            f"{LONGEST_HEADER_NAME} letters, digits, hyphens and the few signs that HTTP allows. It is none that the "
            f"call itself sets or that says how the call travels: {', '.join(sorted(OWN_HEADERS))}, nor one that "
            f"begins with {' or '.join(OWN_PREFIXES)}. A value has 1 to {LONGEST_HEADER_VALUE} visible characters of "
            "ASCII, with blanks between. It is a secret: written, never read back. A header that is sent without one "
            "keeps the value that is stored under its name, as long as the address leads to the same host and port.",
            (
                ProblemCode.HEADER_NAME,
                ProblemCode.HEADER_VALUE,
                ProblemCode.HEADER_REPEATED,
                ProblemCode.TOO_MANY,
            ),
        ),
        Rule(
            "G3",
            "Accounts that are handed out",
            "At least one account, at most ten in all. A chat address is a name and a domain with an @ between them; "
            "usernames and passwords follow P9, a subdomain P6.",
            (ProblemCode.JID_SYNTAX, ProblemCode.TOO_MANY, ProblemCode.REQUIRED),
        ),
        Rule(
            "G4",
            "QR codes",
            "A code with a login or accounts inside can be read by whoever sees it; one with a setup code works for "
            f"one phone only, for a while. A code of more than {MOST_MODULES} modules a side needs a good camera.",
            warns=(WarningCode.QR_HOLDS_PASSWORD, WarningCode.QR_TOO_DENSE),
        ),
        Rule(
            "G5",
            "Passwords of staff",
            f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters of any kind but control characters, blanks among "
            "them, counted in Unicode's form NFKC. None that is widely known, in any case of its letters: one of "
            "30,000 listed passwords, a listed word, name or the person's own e-mail address or name with digits and "
            "signs around it, a short piece over and over, a run on the keyboard or another sequence. No kinds of "
            "characters are asked for, and it never expires.",
            (
                ProblemCode.REQUIRED,
                ProblemCode.TEXT_TOO_LONG,
                ProblemCode.TEXT_CHARACTERS,
                ProblemCode.PASSWORD_TOO_SHORT,
                ProblemCode.PASSWORD_COMMON,
            ),
        ),
    ),
)
