"""The rules about names (I), in plain sentences."""

from __future__ import annotations

from tenants.codes import ProblemCode
from tenants.identity import LONGEST_NAME, RESERVED
from tenants.rules.rule import Chapter, Rule

IDENTITY = Chapter(
    "I",
    "Identity",
    (
        Rule(
            "I1",
            "How a ProviderId is written",
            "1 to 63 letters from A to Z, digits, hyphens and underscores; a letter or digit at both ends. Every "
            "other character means something in the places where apps put the name: in sign-in fields, links or "
            "printed codes.",
            (ProblemCode.REQUIRED, ProblemCode.PROVIDER_ID_SYNTAX),
        ),
        Rule(
            "I2",
            "One ProviderId, one tenant",
            "Capital and small letters count as the same, both when a name is given out and when an app asks for "
            "it; it is shown as it was first written. The gateway keeps some names for itself: "
            f"{', '.join(sorted(RESERVED))}.",
            (ProblemCode.PROVIDER_ID_TAKEN, ProblemCode.PROVIDER_ID_RESERVED),
        ),
        Rule(
            "I3",
            "Once published, a ProviderId stays",
            "It is inside shipped apps and on printed codes by then. Deleting the tenant needs the name typed "
            "once more, and frees the name only when nothing was ever published: phones in the field go on "
            "sending passwords to it.",
            (ProblemCode.PROVIDER_ID_TAKEN, ProblemCode.PROVIDER_ID_FIXED, ProblemCode.CONFIRMATION_MISMATCH),
        ),
        Rule(
            "I4",
            "The wrong kind of app learns nothing",
            "A generic app that asks for a whitelabel tenant gets the very answer that an unknown name gets, and "
            "so does a whitelabel app that asks for a generic tenant.",
        ),
        Rule(
            "I5",
            "Suspended and unpublished tenants are unknown",
            "Apps are told the same as for a name that nobody has. An app that knew the tenant before keeps what "
            "it has.",
        ),
        Rule(
            "I6",
            "The kind of app changes by publishing",
            "It is a part of the draft like any setting. The list of changes says which users lose their "
            "configuration.",
        ),
        Rule(
            "I7",
            "A tenant's name for people",
            f"1 to {LONGEST_NAME} characters, written as rule P7 says. Without one, people see the ProviderId.",
            (ProblemCode.REQUIRED, ProblemCode.TEXT_TOO_LONG, ProblemCode.TEXT_CHARACTERS),
        ),
    ),
)
