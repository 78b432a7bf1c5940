"""The words of the table: kinds of doors, and what each kind answers to whom."""

from collections.abc import Callable, Set
from dataclasses import dataclass, replace

from tests.walls.people import EXPIRED_TOKEN, NOBODY, Answer, Person

READER = frozenset({"reader", "developer", "admin"})
DEVELOPER = frozenset({"developer", "admin"})
ADMIN = frozenset({"admin"})
SUPPORT = frozenset({"support"})
APPROVER = frozenset({"approver"})
OPERATOR = frozenset({"operator"})
STAFF = SUPPORT | APPROVER | OPERATOR
ASKER: frozenset[str] = frozenset()  # whoever asked for the access at hand, who is nobody in the walk

Roles = frozenset[str]
Methods = Set[str]
Rule = Callable[[Person, Roles], Answer]


@dataclass(frozen=True)
class Line:
    """What one route answers to one method, for everybody."""

    route: str
    method: str
    rule: Rule
    roles: Roles = frozenset()
    is_fresh: bool = False  # wants to be shown again who somebody is, if that was long ago
    needs_factor: bool = False  # wants a second one, also of members

    def answer(self, person: Person) -> Answer:
        told = self.rule(person, self.roles)
        if self.needs_factor and told is Answer.IN and not person.factor:
            return Answer.FACTOR
        asked = told is Answer.IN or self.rule is _of_own_nothing
        return Answer.AGAIN if self.is_fresh and person.is_late and asked else told

    def __str__(self) -> str:
        return f"{self.method} /{self.route}"


def tenant_page(route: str, *, fresh: bool = False, **methods: Roles) -> list[Line]:
    """A page of a tenant; by method the roles that open it: ``tenant_page("hosts/", GET=READER)``.

    ``fresh`` says that it asks again whoever signed in long ago, with every method that it takes.
    """
    return _lines(f"t/<slug:tenant>/{route}", _of_tenant_page, methods, set(methods) if fresh else set())


def tenant_api(route: str, *, fresh: Methods = frozenset(), **methods: Roles) -> list[Line]:
    """An address of the API below a tenant's; sessions and tokens with one of the roles are let in.

    ``fresh`` names the methods for which a session has to be a young one.
    """
    return _lines(f"api/v1/tenants/<slug:tenant>/{route}", _of_tenant_api, methods, fresh)


def members_api(route: str, *, fresh: Methods = frozenset(), **methods: Roles) -> list[Line]:
    """The same, for people: a program is told that it is none."""
    return _lines(f"api/v1/tenants/<slug:tenant>/{route}", _but_no_program(_of_tenant_api), methods, fresh)


def tenant_stream(route: str, **methods: Roles) -> list[Line]:
    """A page that programs may ask too."""
    return _lines(route, _of_tenant_stream, methods)


def decision(lines: list[Line]) -> list[Line]:
    """The same lines for who has given a second factor."""
    return [replace(line, needs_factor=True) for line in lines]


def staff_page(route: str, *, fresh: bool = False, **methods: Roles) -> list[Line]:
    """A page of the vendor's people: ``staff_page("people/", GET=OPERATOR)``."""
    return _lines(f"staff/{route}", _of_staff_page, methods, set(methods) if fresh else set())


def staff_api(route: str, *, fresh: Methods = frozenset(), **methods: Roles) -> list[Line]:
    """An address of the API for the vendor's people; programs have none."""
    return _lines(f"api/v1/staff/{route}", _of_staff_api, methods, fresh)


def everybody(route: str, *methods: str) -> list[Line]:
    return _alike(route, methods, Answer.IN)


def nothing_there(route: str, *methods: str) -> list[Line]:
    return _alike(route, methods, Answer.NOTHING)


def way_out(route: str, *methods: str) -> list[Line]:
    """Leads everybody to where one signs in, also those who have."""
    return _alike(route, methods, Answer.SIGN_IN)


def own_page(route: str, *methods: str, fresh: bool = False) -> list[Line]:
    """A page of one's own account: for whoever signed in; ``fresh`` says that it may ask again."""
    asks = set(methods) if fresh else set()
    return _lines(route, _of_own_page, dict.fromkeys(methods, frozenset()), asks)


def own_again(route: str, *methods: str) -> list[Line]:
    """Leads whoever signed in to another way to show who they are: nobody in the walk has this one."""
    return _lines(route, _of_own_again, dict.fromkeys(methods, frozenset()))


def own_nothing(route: str, *methods: str, fresh: bool = False) -> list[Line]:
    """A page about something of one's own that nobody in the walk has."""
    asks = set(methods) if fresh else set()
    return _lines(route, _of_own_nothing, dict.fromkeys(methods, frozenset()), asks)


def own_api(route: str, *methods: str) -> list[Line]:
    """An address of the API that belongs to no tenant, for whoever says who they are."""
    return _lines(route, _of_own_api, dict.fromkeys(methods, frozenset()))


def persons_api(route: str, *methods: str) -> list[Line]:
    """The same, for people: a program is told that a person has to do this."""
    return _lines(route, _but_no_program(_of_own_api), dict.fromkeys(methods, frozenset()))


def _lines(route: str, rule: Rule, methods: dict[str, Roles], fresh: Methods = frozenset()) -> list[Line]:
    return [Line(route, method, rule, roles, method in fresh) for method, roles in methods.items()]


def _alike(route: str, methods: tuple[str, ...], answer: Answer) -> list[Line]:
    return _lines(route, lambda person, roles: answer, dict.fromkeys(methods, frozenset()))


def _of_tenant_page(person: Person, roles: Roles) -> Answer:
    return Answer.SIGN_IN if _has_no_session(person) else _of_member(person, roles)


def _of_tenant_api(person: Person, roles: Roles) -> Answer:
    return Answer.UNKNOWN if person in (NOBODY, EXPIRED_TOKEN) else _of_member(person, roles)


def _of_tenant_stream(person: Person, roles: Roles) -> Answer:
    return Answer.SIGN_IN if person is NOBODY else _of_tenant_api(person, roles)


def _of_member(person: Person, roles: Roles) -> Answer:
    if not person.is_member:
        return Answer.NOTHING
    return Answer.IN if person.role in roles else Answer.LACKING


def _of_staff_page(person: Person, roles: Roles) -> Answer:
    return Answer.SIGN_IN if _has_no_session(person) else _of_staff(person, roles)


def _of_staff_api(person: Person, roles: Roles) -> Answer:
    return Answer.UNKNOWN if person in (NOBODY, EXPIRED_TOKEN) else _of_staff(person, roles)


def _of_staff(person: Person, roles: Roles) -> Answer:
    if not person.is_staff:
        return Answer.NOTHING
    if person.role not in roles:
        return Answer.LACKING
    return Answer.IN if person.factor else Answer.FACTOR


def _of_own_page(person: Person, roles: Roles) -> Answer:
    return Answer.SIGN_IN if _has_no_session(person) else Answer.IN


def _of_own_nothing(person: Person, roles: Roles) -> Answer:
    return Answer.SIGN_IN if _has_no_session(person) else Answer.NOTHING


def _of_own_again(person: Person, roles: Roles) -> Answer:
    return Answer.SIGN_IN if _has_no_session(person) else Answer.AGAIN


def _of_own_api(person: Person, roles: Roles) -> Answer:
    return Answer.UNKNOWN if person in (NOBODY, EXPIRED_TOKEN) else Answer.IN


def _but_no_program(rule: Rule) -> Rule:
    def ruled(person: Person, roles: Roles) -> Answer:
        told = rule(person, roles)
        return Answer.LACKING if told is Answer.IN and person.is_program else told

    return ruled


def _has_no_session(person: Person) -> bool:
    return person is NOBODY or person.is_program
