"""Who may less than before: what they were given is looked at again, at once."""

from functools import partial

from django.conf import settings
from django.db.transaction import on_commit
from django.utils.module_loading import import_string

from tenants.models import User


def look_again_at(user: User) -> None:
    """Have it found out what this person loses, once the transaction is through."""
    # Who keeps grants is named by a setting: they are none of ours. They look by themselves too, so a
    # failure here costs half a minute and must not undo the change.
    on_commit(partial(import_string(settings.ON_DEPARTURE), user.pk), robust=True)
