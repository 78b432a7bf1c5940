"""Everybody who may come to an address, and what each of them may be told there."""

from dataclasses import dataclass
from enum import StrEnum


class Answer(StrEnum):
    IN = "let in"
    SIGN_IN = "sent to sign in"
    UNKNOWN = "401: who are you?"
    LACKING = "403: you lack the right"
    NOTHING = "404: there is nothing"
    NO_METHOD = "405: not that way"
    AGAIN = "asked again who they are"
    FACTOR = "asked for a second factor"


@dataclass(frozen=True)
class Person:
    """Somebody with a browser or a program; ``tenant`` is where they belong, if they belong anywhere."""

    name: str
    tenant: str = ""
    role: str = ""
    comes_with: str = "session"  # or "token", or "nothing"
    factor: bool = True  # given at sign-in
    is_late: bool = False  # signed in too long ago for what cannot be taken back

    def __str__(self) -> str:
        return self.name

    @property
    def is_program(self) -> bool:
        return self.comes_with == "token"

    @property
    def is_member(self) -> bool:
        return self.tenant == HERE and bool(self.role)

    @property
    def is_staff(self) -> bool:
        return self.tenant == STAFF


HERE, ELSEWHERE, STAFF = "acme", "globex", "staff"

NOBODY = Person("nobody", comes_with="nothing")
STRANGER = Person("stranger", ELSEWHERE, "admin")
READER = Person("reader", HERE, "reader")
DEVELOPER = Person("developer", HERE, "developer")
ADMIN = Person("admin", HERE, "admin")
LATE_ADMIN = Person("admin of half an hour ago", HERE, "admin", factor=False, is_late=True)
SUPPORT = Person("support", STAFF, "support")
APPROVER = Person("approver", STAFF, "approver")
OPERATOR = Person("operator", STAFF, "operator")
LATE_OPERATOR = Person("operator of half an hour ago", STAFF, "operator", is_late=True)
PLAIN_OPERATOR = Person("operator without a second factor", STAFF, "operator", factor=False)
READERS_TOKEN = Person("reader's token", HERE, "reader", "token")
DEVELOPERS_TOKEN = Person("developer's token", HERE, "developer", "token")
ADMINS_TOKEN = Person("admin's token", HERE, "admin", "token")
EXPIRED_TOKEN = Person("expired token", HERE, "", "token")
FOREIGN_TOKEN = Person("token of another tenant", ELSEWHERE, "admin", "token")

PEOPLE = (
    NOBODY,
    STRANGER,
    READER,
    DEVELOPER,
    ADMIN,
    LATE_ADMIN,
    SUPPORT,
    APPROVER,
    OPERATOR,
    LATE_OPERATOR,
    PLAIN_OPERATOR,
    READERS_TOKEN,
    DEVELOPERS_TOKEN,
    ADMINS_TOKEN,
    EXPIRED_TOKEN,
    FOREIGN_TOKEN,
)
