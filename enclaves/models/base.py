from typing import Any, ClassVar

from django.db import models

from enclaves.lifecycle import IllegalMove, Moves, check_move
from tenants.models import TenantOwned


class Moving(TenantOwned):
    """Something of a tenant that has a state, and moves only as its lifecycle allows."""

    moves: ClassVar[Moves]
    noun: ClassVar[str]

    state: "models.CharField[str, str]"

    class Meta(TenantOwned.Meta):
        abstract = True

    def move_to(self, target: str, **changes: Any) -> None:
        """Take one step of the lifecycle, together with other changes, or raise IllegalMove.

        The update names the state that it starts from, so of two that race only one moves the thing
        and the other is told.
        """
        check_move(self.noun, self.moves, self.state, target)
        here = {"pk": self.pk, "state": self.state}
        if not type(self)._default_manager.filter(**here).update(**{"state": target, **changes}):
            raise IllegalMove(f"{self} has already left the state {self.state}.")
        for name, value in {"state": target, **changes}.items():
            setattr(self, name, value)
