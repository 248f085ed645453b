"""QR codes and links, made from what staff type in; nothing of it is kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.context import Info
from gateway.formats.content import Target
from gateway.formats.payloads import FormatCannotCarryError, make_payload
from gateway.formats.qr import TooLongForQrError, draw
from gateway.resolvers.scopes import authorize
from gateway.schema.enums import Permission
from gateway.schema.problems import RuleWarning
from gateway.schema.qr import MakeQrCodeInput, MakeQrCodeResult, QrCode, QrCodeMade, QrContentInput
from tenants.account_parsing import parse_accounts, parse_login
from tenants.codes import ProblemCode
from tenants.errors import Problem
from tenants.parsing import Collector
from tenants.qr_codes import qr_warnings
from tenants.setup_links import SetupToken
from tenants.store import drafts, revisions
from tenants.store import tenants as store

if TYPE_CHECKING:
    from gateway.formats.content import Content
    from tenants.access import TenantScope

_PATH = ("content",)


async def resolve_make_qr_code(info: Info, input: MakeQrCodeInput) -> MakeQrCodeResult:
    """Editors."""
    scope = authorize(info, input.tenant_id, Permission.MANAGE_SETUP_LINKS)
    target = await _target(info, scope)
    content = _parse(input.content)
    payload = make_payload(input.format, target, content)
    try:
        picture = await asyncio.to_thread(draw, payload)  # long ones take a tenth of a second
    except TooLongForQrError:
        message = "No QR code holds so much. Make fewer accounts, or a setup link."
        raise FormatCannotCarryError(message, ()) from None
    warnings = qr_warnings(content, is_dense=picture.is_dense)
    return QrCodeMade(qr_code=QrCode.of(picture), warnings=[RuleWarning.of(one) for one in warnings])


async def _target(info: Info, scope: TenantScope) -> Target:
    """By what phones get: the live config; before the first publish, the draft. Raises NotFoundError."""
    tenant = await store.get_tenant(scope)
    live = await revisions.find_live(scope)
    config = live.config if live else (await drafts.get_draft(scope)).config
    return Target(
        provider_id=tenant.provider_id.text,
        app=config.app,
        sip_domain=config.provisioning.sip_domain,
        subdomain=config.provisioning.subdomain,
        base_url=info.context.caller.base_url,
    )


def _parse(sent: QrContentInput | None) -> Content:
    """Raises InvalidInputError with every problem."""
    collector = Collector()
    content: Content = None
    if sent is not None and sent.login:
        content = parse_login(sent.login.sent(), (*_PATH, "login"), collector)
    elif sent is not None and sent.accounts:
        content = parse_accounts(sent.accounts.sent(), (*_PATH, "accounts"), collector)
    elif sent is not None:
        content = SetupToken.of_code(sent.setup_code or "")
        if not content.text:
            message = "There is no setup code in this text."
            hint = "It is what createSetupLink answered: scloc:?v=2&token= and 43 more characters."
            collector.problems.append(Problem(ProblemCode.REQUIRED, (*_PATH, "setupCode"), message, hint))
    collector.finish()
    return content
