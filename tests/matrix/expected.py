"""What everybody must be answered, written from the product's words: `docs/role-matrix.md` shows it to people.

One letter a column, in the order of `COLUMNS`:

- `y` answered; for a mutation: done
- `f` refused as `Forbidden`, or by an error `FORBIDDEN` where a query has no refusals; nothing is changed
- `n` answered as if it were not there: `null`, an empty list, `NotFound`, `UnknownProvider`, a link that is unusable
- `s` an error `UNAUTHENTICATED`
- `-` not reached: what it would be a part of is not answered
"""

from __future__ import annotations

COLUMNS = {
    "anonymous": "Anonymous",
    "app key": "App key",
    "viewer": "Viewer",
    "editor": "Editor",
    "publisher": "Publisher",
    "owner": "Owner",
    "viewer token": "Token, viewer",
    "editor token": "Token, editor",
    "publisher token": "Token, publisher",
    "owner token": "Token, owner",
    "other tenant": "Owner of another tenant",
    "admin": "Platform admin",
    "admin, editor": "Platform admin, editor",
    "admin token": "Token, platform admin",
}
"""Who asks about tenant A. Viewer to owner are people who are members of A, the tokens are A's."""

# What somebody asks of tenant A.
ANYBODY = "yy yyyy yyyy y yyy"
READERS = "ss yyyy yyyy n yyy"
EDITORS = "ss fyyy fyyy n fyf"
PUBLISHERS = "ss ffyy ffyy n fff"
OWNERS = "ss fffy fffy n fff"
OWNERS_AND_ADMINS = "ss fffy fffy n yyy"
ADMINS = "ss ffff ffff n yyy"

# What belongs to no tenant.
PLATFORM = "ss ffff ffff f yyy"
PEOPLE = "ss yyyy ssss y yys"

ROOT_FIELDS = {
    "Query.softphoneConfig": ANYBODY,
    "Query.softphoneConfig, where an app key is required": "ny nnnn nnnn n nnn",
    "Query.viewer": "nn yyyy yyyy y yyy",
    "Query.tenant": READERS,
    "Query.tenants": READERS,
    "Query.auditLog": PLATFORM,
    "Query.node, a Tenant": READERS,
    "Query.node, a Draft": READERS,
    "Query.node, a Revision": READERS,
    "Query.node, a SetupLink": "ss nyyy nyyy n nyn",
    "Query.node, a Member": "ss nnny nnny n nnn",
    "Query.node, an AccessToken": "ss nnny nnny n nnn",
    "Query.node, an AppKey": "ss nnny nnny n nnn",
    "Query.node, an AuditEvent": "ss nnny nnny n yyy",
    "Query.node, a Session": "ss yyyy nnnn y yyn",
    "Mutation.provision": ANYBODY,
    "Mutation.provision, where an app key is required": "ny nnnn nnnn n nnn",
    "Mutation.redeemSetupLink": ANYBODY,
    "Mutation.redeemSetupLink, where an app key is required": "ny nnnn nnnn n nnn",
    "Mutation.createTenant": PLATFORM,
    "Mutation.renameTenant": OWNERS,
    "Mutation.suspendTenant": ADMINS,
    "Mutation.resumeTenant": ADMINS,
    "Mutation.deleteTenant": OWNERS_AND_ADMINS,
    "Mutation.rotateSigningSecret": OWNERS,
    "Mutation.saveBranding": EDITORS,
    "Mutation.saveProvisioning": EDITORS,
    "Mutation.saveHelp": EDITORS,
    "Mutation.changeAppKind": EDITORS,
    "Mutation.publish": PUBLISHERS,
    "Mutation.checkProvisioning": EDITORS,
    "Mutation.createSetupLink": EDITORS,
    "Mutation.revokeSetupLink": EDITORS,
    "Mutation.revokeAllSetupLinks": EDITORS,
    "Mutation.makeQrCode": EDITORS,
    "Mutation.signIn": ANYBODY,
    "Mutation.signOut": ANYBODY,
    "Mutation.endSession": PEOPLE,
    "Mutation.changePassword": PEOPLE,
    "Mutation.acceptInvitation": "yy yyyy nnnn y yyn",
    "Mutation.setPassword": ANYBODY,
    "Mutation.createPasswordReset": PLATFORM,
    "Mutation.inviteMember": OWNERS,
    "Mutation.changeRole": OWNERS,
    "Mutation.removeMember": OWNERS,
    "Mutation.issueToken": OWNERS,
    "Mutation.revokeToken": OWNERS,
    "Mutation.issueAppKey": OWNERS,
    "Mutation.revokeAppKey": OWNERS,
    "Mutation.requireAppKey": OWNERS,
}
"""Each root field about tenant A, with valid input; and the cases in which somebody else is answered."""

# What is answered of the types below, once one has asked in whatever way one may.
SHOWN_TO_ANYBODY = "yy yyyy yyyy y yyy"
SHOWN_TO_WHO_IS_SIGNED_IN = "-- yyyy yyyy y yyy"
SHOWN_TO_PEOPLE = "-- yyyy ---- y yy-"
SHOWN_TO_READERS = "-- yyyy yyyy - yyy"
SHOWN_TO_EDITORS = "-- -yyy -yyy - -y-"
SHOWN_TO_PUBLISHERS = "-- --yy --yy - ---"
SHOWN_TO_OWNERS = "-- ---y ---y - ---"
SHOWN_TO_AUDITORS = "-- ---y ---y - yyy"

TYPES = {
    SHOWN_TO_ANYBODY: (
        "SoftphoneConfig StandardSignIn ProvisioningForm Branding Help HelpLink "
        "Provisioned SipAccount XmppAccount ProvisioningOff ProvisioningRefused ProvisioningUnavailable "
        "SetupLinkRedeemed SetupAccounts SetupLogin "
        "SignedIn SignedOut PasswordSet "
        "UnknownProvider InvalidInput Problem TooManyAttempts SetupLinkUnusable OneTimeLinkUnusable SignInRefused"
    ),
    "yy yyyy ---- y yy-": "InvitationAccepted",
    SHOWN_TO_WHO_IS_SIGNED_IN: "Viewer TenantConnection PageInfo Forbidden NotFound",
    SHOWN_TO_PEOPLE: "Session SessionEnded PasswordChanged",
    SHOWN_TO_READERS: (
        "Tenant TenantEdge Draft Revision RevisionConnection RevisionEdge TenantConfig ProvisioningSettings "
        "ProvisioningHeader Change RuleWarning Actor"
    ),
    SHOWN_TO_EDITORS: (
        "SetupLink SetupLinkConnection SetupLinkEdge DraftSaved SetupLinkCreated SetupLinkRevoked "
        "AllSetupLinksRevoked QrCodeMade QrCode FormatCannotCarry ProvisioningChecked CheckStep AnswerDeviation "
        "CheckedAccounts CheckedSipAccount VersionConflict WrongState"
    ),
    SHOWN_TO_PUBLISHERS: "ConfigPublished NothingToPublish UnacceptedWarnings",
    SHOWN_TO_OWNERS: (
        "Member MemberConnection MemberEdge MemberInvited RoleChanged MemberRemoved "
        "AccessToken AccessTokenConnection AccessTokenEdge TokenIssued TokenRevoked "
        "AppKey AppKeyIssued AppKeyRevoked AppKeyRequirementChanged SigningSecretRotated TenantRenamed"
    ),
    SHOWN_TO_AUDITORS: "AuditConnection AuditEdge AuditEvent TenantDeleted",
    "-- ---- ---- - yyy": "TenantCreated TenantSuspended TenantResumed PasswordResetCreated",
}
"""Each type that is answered: all its fields alike, but for those below."""

FIELDS = {
    "Tenant.setupLinks": "-- fyyy fyyy - fyf",
    "Tenant.members": "-- fffy fffy - fff",
    "Tenant.tokens": "-- fffy fffy - fff",
    "Tenant.appKeys": "-- fffy fffy - fff",
    "Tenant.auditLog": "-- fffy fffy - yyy",
}
"""Fields that not everybody is answered who is answered the rest of the type."""

NEEDS = {
    "READ_CONFIG": "Query.tenant",
    "EDIT_DRAFT": (
        "Mutation.saveBranding Mutation.saveProvisioning Mutation.saveHelp Mutation.changeAppKind "
        "Mutation.checkProvisioning"
    ),
    "PUBLISH": "Mutation.publish",
    "MANAGE_SETUP_LINKS": (
        "Mutation.createSetupLink Mutation.revokeSetupLink Mutation.revokeAllSetupLinks Mutation.makeQrCode "
        "Tenant.setupLinks"
    ),
    "MANAGE_MEMBERS": "Mutation.inviteMember Mutation.changeRole Mutation.removeMember Tenant.members",
    "MANAGE_TOKENS": "Mutation.issueToken Mutation.revokeToken Tenant.tokens",
    "MANAGE_APP_KEYS": "Mutation.issueAppKey Mutation.revokeAppKey Mutation.requireAppKey Tenant.appKeys",
    "MANAGE_WEBHOOK": "Mutation.rotateSigningSecret",
    "READ_AUDIT_LOG": "Tenant.auditLog",
    "RENAME_TENANT": "Mutation.renameTenant",
    "DELETE_TENANT": "Mutation.deleteTenant",
    "CREATE_TENANT": "Mutation.createTenant",
    "SUSPEND_TENANT": "Mutation.suspendTenant Mutation.resumeTenant",
    "RESET_PASSWORDS": "Mutation.createPasswordReset",
    "READ_PLATFORM_AUDIT_LOG": "Query.auditLog",
}
"""By permission what it is for: whoever is told that they have it is answered there, and nobody else."""


def outcomes(row: str) -> dict[str, str]:
    """The letters of a row, by column."""
    return dict(zip(COLUMNS, row.replace(" ", ""), strict=True))
