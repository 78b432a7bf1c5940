"""Users, tenants, who belongs where with which roles, and the record of what they did."""

from tenants.models.audit import AuditCheckpoint, AuditEvent, AuditHead
from tenants.models.idempotency import IdempotentAnswer
from tenants.models.members import ROLE_CHOICES, Invitation, Membership
from tenants.models.notifications import Letter, MailPreference, Notification
from tenants.models.signon import SignOn, SignOnIdentity
from tenants.models.staff import STAFF_ROLE_CHOICES, StaffEvent, StaffMember
from tenants.models.tenants import TENANT_NAME, Tenant, TenantOwned
from tenants.models.tokens import SERVICE_ACCOUNT_NAME, ApiToken, ServiceAccount
from tenants.models.users import User

__all__ = [
    "ROLE_CHOICES",
    "SERVICE_ACCOUNT_NAME",
    "STAFF_ROLE_CHOICES",
    "TENANT_NAME",
    "ApiToken",
    "AuditCheckpoint",
    "AuditEvent",
    "AuditHead",
    "IdempotentAnswer",
    "Invitation",
    "Letter",
    "MailPreference",
    "Membership",
    "Notification",
    "ServiceAccount",
    "SignOn",
    "SignOnIdentity",
    "StaffEvent",
    "StaffMember",
    "Tenant",
    "TenantOwned",
    "User",
]
