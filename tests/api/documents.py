"""The documents that tests send more than once."""

from __future__ import annotations

SCREENS = """
query SoftphoneConfig($providerId: String!, $app: AppKind!) {
  softphoneConfig(providerId: $providerId, app: $app) {
    __typename
    ... on SoftphoneScreens {
      providerId
      name
      branding { themeColor darkThemeColor isDarkThemeColorDerived }
      signIn {
        __typename
        ... on StandardSignIn { host subdomain }
        ... on ProvisioningForm { usernamePlaceholder passwordPlaceholder }
      }
      help { menuTitle contactEmail credentialsSource links { title url displayHost placeholders } }
    }
    ... on SoftphoneConfig { revision }
    ... on Refusal { message }
  }
}
"""
REFUSAL = """
... on Refusal {
  __typename
  message
  ... on InvalidInput { problems { code path message hint } }
  ... on VersionConflict { currentVersion changedBy { kind name } changedAt }
}
"""
DRAFT = """
... on DraftSaved { draft {
  version hasChanges
  config {
    app
    branding { themeColor darkThemeColor isDarkThemeColorDerived }
    provisioning { isEnabled url method usernamePlaceholder passwordPlaceholder sipDomain subdomain }
    help { menuTitle contactEmail credentialsSource links { title url placeholders displayHost } }
  }
  warnings { code path message suggestion }
  changes { path label before after effect }
} }
"""
SAVE_BRANDING = f"mutation($input: SaveBrandingInput!) {{ saveBranding(input: $input) {{ {DRAFT} {REFUSAL} }} }}"
SAVE_PROVISIONING = (
    f"mutation($input: SaveProvisioningInput!) {{ saveProvisioning(input: $input) {{ {DRAFT} {REFUSAL} }} }}"
)
SAVE_HELP = f"mutation($input: SaveHelpInput!) {{ saveHelp(input: $input) {{ {DRAFT} {REFUSAL} }} }}"
CHANGE_APP_KIND = f"mutation($input: ChangeAppKindInput!) {{ changeAppKind(input: $input) {{ {DRAFT} {REFUSAL} }} }}"
PUBLISH = f"""
mutation($input: PublishInput!) {{ publish(input: $input) {{
  ... on ConfigPublished {{
    revision {{ number note publishedBy {{ kind name }} changes {{ path before after }} }}
    tenant {{ status app name }}
  }}
  ... on NothingToPublish {{ revision {{ number }} }}
  ... on UnacceptedWarnings {{ warnings {{ code path }} }}
  {REFUSAL}
}} }}
"""
CREATE = f"""
mutation($input: CreateTenantInput!) {{ createTenant(input: $input) {{
  ... on TenantCreated {{
    tenant {{ id providerId name app status draft {{ version hasChanges }} published {{ id }} }}
  }}
  {REFUSAL}
}} }}
"""
RENAME = f"""
mutation($input: RenameTenantInput!) {{ renameTenant(input: $input) {{
  ... on TenantRenamed {{ tenant {{ providerId name draft {{ version hasChanges changes {{ path before after }} }} }} }}
  {REFUSAL}
}} }}
"""
SUSPEND = (
    "mutation($input: SuspendTenantInput!) { suspendTenant(input: $input) "
    f"{{ ... on TenantSuspended {{ tenant {{ status }} }} {REFUSAL} }} }}"
)
RESUME = (
    "mutation($input: ResumeTenantInput!) { resumeTenant(input: $input) "
    f"{{ ... on TenantResumed {{ tenant {{ status }} }} {REFUSAL} }} }}"
)
DELETE = (
    "mutation($input: DeleteTenantInput!) { deleteTenant(input: $input) "
    f"{{ ... on TenantDeleted {{ tenantId }} {REFUSAL} }} }}"
)
TENANT = """
query($providerId: String!) { tenant(providerId: $providerId) {
  id providerId name app status viewerPermissions
  draft { version hasChanges editedBy { kind name } config { app branding { themeColor } help { menuTitle } } }
  published { number }
} }
"""
SETUP_LINK = "id note carries status canMove createdAt createdBy { kind name } expiresAt redeemedAt"
CREATE_SETUP_LINK = f"""
mutation($input: CreateSetupLinkInput!) {{ createSetupLink(input: $input) {{
  ... on SetupLinkCreated {{ setupLink {{ {SETUP_LINK} }} url setupCode qrCode {{ payload svg pngBase64 }} }}
  ... on WrongState {{ reason }}
  {REFUSAL}
}} }}
"""
REDEEM_SETUP_LINK = f"""
mutation($input: RedeemSetupLinkInput!) {{ redeemSetupLink(input: $input) {{
  __typename
  ... on SetupLinkRedeemed {{
    providerId
    content {{
      __typename
      ... on SetupAccounts {{
        sipAccounts {{ username password authUsername host subdomain transport srtp messaging video callRecording }}
        xmppAccounts {{ jid password domain server port resource useTls verifyCertificate priority displayName }}
      }}
      ... on SetupLogin {{ username password }}
    }}
  }}
  ... on TooManyAttempts {{ retryAfterSeconds }}
  {REFUSAL}
}} }}
"""
REVOKE_SETUP_LINK = f"""
mutation($input: RevokeSetupLinkInput!) {{ revokeSetupLink(input: $input) {{
  ... on SetupLinkRevoked {{ setupLink {{ {SETUP_LINK} }} }}
  {REFUSAL}
}} }}
"""
REVOKE_ALL_SETUP_LINKS = f"""
mutation($input: RevokeAllSetupLinksInput!) {{ revokeAllSetupLinks(input: $input) {{
  ... on AllSetupLinksRevoked {{ count tenant {{ id setupLinks(first: 50) {{ edges {{ node {{ status }} }} }} }} }}
  {REFUSAL}
}} }}
"""
SETUP_LINKS = f"""
query($providerId: String!, $first: Int! = 20, $after: String, $status: SetupLinkStatus) {{
  tenant(providerId: $providerId) {{ setupLinks(first: $first, after: $after, status: $status) {{
    edges {{ cursor node {{ {SETUP_LINK} }} }} pageInfo {{ hasNextPage endCursor }}
  }} }}
}}
"""
ROTATE_SIGNING_SECRET = """
mutation RotateSigningSecret($tenantId: ID!) {
  rotateSigningSecret(input: { tenantId: $tenantId }) {
    __typename
    ... on SigningSecretRotated { secret previousValidUntil tenant { id signingSecretRotatedAt } }
    ... on Refusal { message }
  }
}
"""

CHECK_PROVISIONING = """
mutation CheckProvisioning($input: CheckProvisioningInput!) {
  checkProvisioning(input: $input) {
    __typename
    ... on ProvisioningChecked {
      steps { step verdict detail advice durationMilliseconds }
      answer
      deviations { line message }
      outcome {
        __typename
        ... on CheckedAccounts {
          action
          sipAccounts { username authUsername host subdomain transport srtp messaging video callRecording }
          jids
          notice
        }
        ... on ProvisioningRefused { message refusal }
        ... on ProvisioningUnavailable { message failure }
      }
    }
    ... on TooManyAttempts { retryAfterSeconds }
    ... on WrongState { reason }
    ... on InvalidInput { problems { code path message hint } }
    ... on Refusal { message }
  }
}
"""
TOKEN = "id name prefix role createdAt createdBy { kind name actorId } expiresAt lastUsedAt"
ISSUE_TOKEN = f"""
mutation($input: IssueTokenInput!) {{
  issueToken(input: $input) {{ __typename ... on TokenIssued {{ secret token {{ {TOKEN} }} }} {REFUSAL} }}
}}
"""
REVOKE_TOKEN = f"""
mutation($id: ID!) {{
  revokeToken(input: {{ tokenId: $id }}) {{ __typename ... on TokenRevoked {{ tokenId }} {REFUSAL} }}
}}
"""
TOKENS = f"""
query($providerId: String!, $first: Int! = 20, $after: String) {{
  tenant(providerId: $providerId) {{
    tokens(first: $first, after: $after) {{
      edges {{ cursor node {{ {TOKEN} }} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}
"""
APP_KEY = "id name prefix createdAt createdBy { kind name } lastUsedAt"
ISSUE_APP_KEY = f"""
mutation($input: IssueAppKeyInput!) {{
  issueAppKey(input: $input) {{
    __typename ... on AppKeyIssued {{ secret appKey {{ {APP_KEY} }} tenant {{ id appKeys {{ id }} }} }} {REFUSAL}
  }}
}}
"""
REVOKE_APP_KEY = f"""
mutation($id: ID!) {{
  revokeAppKey(input: {{ appKeyId: $id }}) {{
    __typename ... on AppKeyRevoked {{ appKeyId tenant {{ id appKeys {{ id }} }} }} {REFUSAL}
  }}
}}
"""
REQUIRE_APP_KEY = f"""
mutation($id: ID!, $isRequired: Boolean!) {{
  requireAppKey(input: {{ tenantId: $id, isRequired: $isRequired }}) {{
    __typename ... on AppKeyRequirementChanged {{ tenant {{ id isAppKeyRequired }} }} {REFUSAL}
  }}
}}
"""
APP_KEYS = f"""
query($providerId: String!) {{
  tenant(providerId: $providerId) {{ app isAppKeyRequired appKeys {{ {APP_KEY} }} }}
}}
"""
