"""What each mode of the mock provider must lead to, written from the fail-static table of the product.

Read: mode, the first set-up, later. A dash: as at the first set-up.

| accounts | update | first set-up | later |
|---|---|---|---|
| one or more, all valid | any | REPLACE | `true` → REPLACE, `false` → KEEP |
| `[]` | true | refused | LOG_OUT |
| `[]` | false | refused | KEEP |
| no list, but a message | any | refused | refused |
| anything else, or not valid as a whole | | BAD_ANSWER | BAD_ANSWER |

401, 403 and 404 are a refusal, every other status but 2xx is FAILED, and so is a redirect that is not followed;
no connection, no secure connection and no answer in time are UNREACHABLE.
"""

from __future__ import annotations

from dataclasses import dataclass

REFUSALS = {"PROVIDER_MESSAGE", "CREDENTIALS_REJECTED", "NO_ACCOUNTS"}
FAILURES = {"UNREACHABLE", "FAILED", "BAD_ANSWER"}
ACTIONS = {"REPLACE", "KEEP", "LOG_OUT"}

_GOOD = """
accounts                REPLACE               KEEP
new-account             REPLACE               -
all-fields              REPLACE               -
full-host               REPLACE               -
with-xmpp               REPLACE               -
xmpp-only               REPLACE               -
ten-accounts            REPLACE               -
message                 REPLACE               -
keep                    NO_ACCOUNTS           KEEP
keep-message            PROVIDER_MESSAGE      KEEP
log-out                 NO_ACCOUNTS           LOG_OUT
log-out-message         PROVIDER_MESSAGE      LOG_OUT
wrong-password          CREDENTIALS_REJECTED  -
unauthorized            CREDENTIALS_REJECTED  -
forbidden               CREDENTIALS_REJECTED  -
forbidden-message       CREDENTIALS_REJECTED  -
not-found               CREDENTIALS_REJECTED  -
not-found-message       CREDENTIALS_REJECTED  -
"""
_PLUGINS = """
always-string-false     REPLACE               KEEP
string-true             REPLACE               -
string-false-empty      NO_ACCOUNTS           KEEP
string-true-empty       NO_ACCOUNTS           LOG_OUT
no-lines                PROVIDER_MESSAGE      -
no-lines-false          PROVIDER_MESSAGE      -
only-a-message          PROVIDER_MESSAGE      -
contact-support         REPLACE               -
empty-message           REPLACE               -
null-message            REPLACE               -
null-xmpp               REPLACE               -
empty-texts             REPLACE               -
lower-case              REPLACE               -
unknown-fields          REPLACE               -
bom                     REPLACE               -
no-content-type         REPLACE               -
text-html               REPLACE               -
wrong-charset           REPLACE               -
created                 REPLACE               -
until-close             REPLACE               -
chunked                 REPLACE               -
http-1.0                REPLACE               -
continue                REPLACE               -
redirect-drops          PROVIDER_MESSAGE      -
redirect-301            REPLACE               -
redirect-307            REPLACE               -
redirect-308            REPLACE               -
three-hops              REPLACE               -
"""
_SLOW = """
two-seconds             REPLACE               -
in-pieces               REPLACE               -
hang                    UNREACHABLE           -
hang-in-status          UNREACHABLE           -
hang-in-headers         UNREACHABLE           -
hang-after-headers      UNREACHABLE           -
hang-in-body            UNREACHABLE           -
hang-before-last-byte   UNREACHABLE           -
hang-in-chunk           UNREACHABLE           -
no-end                  UNREACHABLE           -
drip                    UNREACHABLE           -
drip-body               UNREACHABLE           -
slow-headers            UNREACHABLE           -
"""
_BROKEN = """
html                    BAD_ANSWER            -
html-500                FAILED                -
500                     FAILED                -
500-log-out             FAILED                -
500-accounts            FAILED                -
400                     FAILED                -
402                     FAILED                -
410                     FAILED                -
429                     FAILED                -
502                     FAILED                -
503                     FAILED                -
503-for-ever            FAILED                -
503-no-date             FAILED                -
204                     BAD_ANSWER            -
304                     FAILED                -
empty                   BAD_ANSWER            -
truncated               BAD_ANSWER            -
php-notice              BAD_ANSWER            -
array                   BAD_ANSWER            -
null                    BAD_ANSWER            -
two-documents           BAD_ANSWER            -
no-list                 BAD_ANSWER            -
null-list               BAD_ANSWER            -
object-list             BAD_ANSWER            -
string-list             BAD_ANSWER            -
one-invalid             BAD_ANSWER            -
one-invalid-xmpp        BAD_ANSWER            -
null-account            BAD_ANSWER            -
bad-transport           BAD_ANSWER            -
bad-switch              BAD_ANSWER            -
bad-subdomain           BAD_ANSWER            -
numbers                 BAD_ANSWER            -
update-number           BAD_ANSWER            -
update-yes              BAD_ANSWER            -
update-null             BAD_ANSWER            -
update-missing          BAD_ANSWER            -
update-nonsense         REPLACE               BAD_ANSWER
duplicate-keys          BAD_ANSWER            -
duplicate-update        BAD_ANSWER            -
nan                     BAD_ANSWER            -
not-utf-8               BAD_ANSWER            -
utf-16                  BAD_ANSWER            -
surrogate               BAD_ANSWER            -
closes-early            UNREACHABLE           -
cuts-the-line           BAD_ANSWER            -
too-long-length         BAD_ANSWER            -
too-short-length        BAD_ANSWER            -
no-length-number        BAD_ANSWER            -
two-lengths             BAD_ANSWER            -
length-and-chunks       BAD_ANSWER            -
bad-chunk               BAD_ANSWER            -
not-http                BAD_ANSWER            -
no-headers              BAD_ANSWER            -
status-999              FAILED                -
switching               BAD_ANSWER            -
"""
_HOSTILE = """
four-hops               FAILED                -
to-itself               FAILED                -
to-nowhere              FAILED                -
to-http                 FAILED                -
to-another-host         FAILED                -
to-host-below           FAILED                -
to-another-port         FAILED                -
to-private              FAILED                -
to-loopback             FAILED                -
to-metadata             FAILED                -
to-https-metadata       FAILED                -
to-file                 FAILED                -
to-two-slashes          FAILED                -
to-backslashes          FAILED                -
to-user-info            FAILED                -
to-long-place           BAD_ANSWER            -
ten-gigabytes           BAD_ANSWER            -
endless-body            BAD_ANSWER            -
endless-chunks          BAD_ANSWER            -
tiny-chunks             BAD_ANSWER            -
endless-chunk-line      BAD_ANSWER            -
endless-trailers        BAD_ANSWER            -
endless-headers         BAD_ANSWER            -
endless-header          BAD_ANSWER            -
endless-status          BAD_ANSWER            -
endless-noise           BAD_ANSWER            -
continue-flood          BAD_ANSWER            -
hints-flood             BAD_ANSWER            -
limit                   REPLACE               -
over-limit              BAD_ANSWER            -
gzip-bomb               BAD_ANSWER            -
gzip                    BAD_ANSWER            -
chunked-gzip            BAD_ANSWER            -
pipelined               REPLACE               -
smuggled                BAD_ANSWER            -
deep                    BAD_ANSWER            -
deep-open               BAD_ANSWER            -
huge-number             BAD_ANSWER            -
huge-exponent           BAD_ANSWER            -
many-keys               NO_ACCOUNTS           LOG_OUT
many-accounts           BAD_ANSWER            -
huge-message            REPLACE               -
bidi-message            REPLACE               -
markup-message          REPLACE               -
object-message          BAD_ANSWER            -
control-in-account      BAD_ANSWER            -
huge-password           BAD_ANSWER            -
nul-header              BAD_ANSWER            -
folded-header           REPLACE               -
cookie                  REPLACE               -
"""


@dataclass(frozen=True)
class Expected:
    """What a mode leads to, as the word that tells it: an action, a refusal or a failure."""

    first: str
    later: str

    def when(self, *, reprovision: bool) -> str:
        """At the first set-up, or later."""
        return self.later if reprovision else self.first


def _read(text: str) -> dict[str, Expected]:
    rows = [line.split() for line in text.strip().splitlines()]
    return {mode: Expected(first, first if later == "-" else later) for mode, first, later in rows}


EXPECTED = _read(_GOOD) | _read(_PLUGINS) | _read(_SLOW) | _read(_BROKEN) | _read(_HOSTILE)
SLOW = frozenset(_read(_SLOW))
FLOODS = frozenset(
    mode for mode in EXPECTED if mode.startswith(("endless-", "tiny-", "ten-g")) or mode.endswith("flood")
)
LOSES_A_POST = {"redirect-drops": "FAILED", "redirect-301": "FAILED"}
"""A POST is sent elsewhere by 307 and 308 only."""
