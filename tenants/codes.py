"""The codes of the rules, one a way to break one: a member's name is the code, its value what it means."""

from __future__ import annotations

from enum import Enum, unique


@unique
class ProblemCode(Enum):
    """The rules that refuse. The letter and number is the rule in the reference."""

    REQUIRED = "A value is missing or blank where one is needed."
    TEXT_TOO_LONG = (
        "A text is longer than its field allows; counted in characters as people see them (I7, P7, P9, H2, H4, G5)."
    )
    TEXT_CHARACTERS = "A text holds control, bidirectional-override or zero-width characters (I7, P7, P9, H2, H4, G5)."
    NUMBER_OUT_OF_RANGE = "G1: a number is outside its range."
    PROVIDER_ID_SYNTAX = "I1: not a ProviderId."
    PROVIDER_ID_TAKEN = "I2, I3: another tenant has, or once published under, this ProviderId, case ignored."
    PROVIDER_ID_RESERVED = "I2: a name kept for the gateway itself."
    PROVIDER_ID_FIXED = "I3: published before, so it is inside apps and printed codes."
    CONFIRMATION_MISMATCH = "The confirmation is not the tenant's ProviderId."
    COLOR_SYNTAX = "B1: not `#rgb` or `#rrggbb`."
    PROVISIONING_URL_REQUIRED = "P1: external provisioning is on and has no URL."
    PROVISIONING_URL_FRAGMENT = "P1: the provisioning URL has a fragment."
    PROVISIONING_URL_PLACEHOLDER = "P1: the provisioning URL has `%user%` or `%pwd%` in it."
    PROVISIONING_URL_PARAMETER = "P1: the provisioning URL's query uses a name that the gateway sends itself."
    PLACEHOLDER_ON_GENERIC = "P3: form placeholders are for whitelabel tenants."
    LOGIN_WITHOUT_PROVIDER_ID = "P4: no colon, so no ProviderId."
    LOGIN_WITHOUT_USERNAME = "P4: nothing before the last colon."
    SUBDOMAIN_SYNTAX = "P6: not a DNS label or host."
    SIP_DOMAIN_SYNTAX = "P8: not `host` or `host:port`."
    HEADER_NAME = "G2: not a header name, or one that the call itself sets."
    HEADER_VALUE = (
        "G2: a header value with control or non-ASCII characters, a blank or too long one, or a new header without a "
        "value."
    )
    HEADER_REPEATED = "G2: the same header twice."
    TOO_MANY = "More entries than the list may have (H3, G2, G3)."
    EMAIL_SYNTAX = "H1: not one plain e-mail address."
    CREDENTIALS_SOURCE_REQUIRED = "H5: a link has a placeholder and no credentials source is set."
    LINK_HTTP = "L1: `http:`. Secure links only."
    LINK_SCHEME = "L1: no scheme, or another one than https."
    LINK_SYNTAX = "L2: no `//` after the scheme, or a colon without a port."
    LINK_CHARACTERS = (
        "L2: a blank, control character, backslash or any other character that a URL may not hold; "
        "the hint shows it percent-encoded."
    )
    LINK_USERINFO = "L2: a user name or password before the host."
    LINK_TOO_LONG = "L2: too long once its placeholders are filled in."
    LINK_HOST_IS_ADDRESS = "L3: the host is a number in any spelling."
    LINK_HOST_SYNTAX = "L3: not a dotted name of letters, digits and hyphens."
    LINK_HOST_NOT_PUBLIC = "L3: a name that the public DNS does not have."
    LINK_HOST_ENCODED = "L3: a host with percent signs."
    LINK_PORT = "L3: a port that is refused."
    LINK_HOST_IDNA = "L5: a host name that changes when it is made ASCII."
    LINK_HOST_MIXED_SCRIPTS = "L5: Latin letters mixed with look-alikes from another script in one label."
    LINK_PERCENT = "L6: a percent sign that begins nothing."
    LINK_PLACEHOLDER_UNKNOWN = "L6: another vendor's placeholder, or ours misspelt."
    LINK_PLACEHOLDER_ENCODED = "L6: a placeholder with its percent signs encoded."
    LINK_PLACEHOLDER_POSITION = "L7: a placeholder outside query values and fragment."
    PASSWORD_TOO_SHORT = "G5: shorter than 12 characters."
    PASSWORD_COMMON = "G5: a widely known password."
    JID_SYNTAX = "G3: not a chat address, or not the host of one."


@unique
class WarningCode(Enum):
    """The rules that warn."""

    COLOR_CONTRAST_TEXT = "B2: under 4.5:1 as text on white or on `#121212`."
    COLOR_CONTRAST_CONTROL = "B2: under 3:1 as a control on white or on `#121212`."
    PLACEHOLDER_UNUSED = "P3: a form placeholder is set while external provisioning is off."
    MENU_TITLE_LONG = "H2: a menu title of more than 12 characters is cut by tab bars."
    LINK_TITLE_LONG = "H4: a link title of more than 24 characters is cut on small phones."
    LINK_TITLE_REPEATED = "H4: two links have the same title."
    LINK_URL_REPEATED = "H4: two links lead to the same address."
    CREDENTIALS_SOURCE_OFF = (
        "H5: the source is the provisioning form while external provisioning is off: nothing to fill in."
    )
    LINK_PORT_UNUSUAL = "L3: a port other than 443."
    LINK_HOST_NOT_ASCII = "L5: a host with letters beyond ASCII; people cannot tell it from a look-alike."
    LINK_SENDS_PASSWORD = "L9: the link sends a password, which ends in history, logs and referrers."
    QR_HOLDS_PASSWORD = "G4: a password can be read by whoever sees the QR code."
    QR_TOO_DENSE = "G4: the QR code is so dense that many phones will not scan it."


@unique
class WrongStateReason(Enum):
    """What keeps an allowed thing from being done just now."""

    NEVER_PUBLISHED = "Nothing was ever published, so there is nothing live."
    NO_PROVISIONING = "External provisioning has no URL, or is off where it must be on."
    ALREADY_MEMBER = "The person is a member already."
    LAST_OWNER = "The tenant would have no owner left."
    WHITELABEL_ONLY = "App keys are for whitelabel tenants."
    TOO_MANY_APP_KEYS = "Two app keys exist already; revoke one first."
    NO_APP_KEY = "A key is required and none would be left; issue one, or stop requiring it."
