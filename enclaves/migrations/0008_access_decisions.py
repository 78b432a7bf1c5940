"""What was decided about access stays decided, also for whoever writes SQL as one of the portal's processes."""

from django.db import migrations

from tenants.isolation import revoke

# As enclaves.lifecycle.ACCESS_MOVES has them; a test compares.
MOVES = [
    ("requested", "approved"),
    ("requested", "denied"),
    ("requested", "withdrawn"),
    ("requested", "lapsed"),
    ("approved", "active"),
    ("approved", "ended"),
    ("approved", "activation_failed"),
    ("active", "ended"),
    ("ended", "revocation_failed"),
    ("revocation_failed", "ended"),
]
_REFUSE = "RAISE EXCEPTION '{}' USING ERRCODE = 'check_violation'"
_PAIRS = ", ".join(f"('{origin}', '{target}')" for origin, target in MOVES)

REQUESTS = f"""
CREATE FUNCTION enclaves_access_decisions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'requested' OR NEW.decided_at IS NOT NULL THEN
            {_REFUSE.format("Access begins as a wish.")};
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.tenant_id, NEW.name, NEW.person_id, NEW.side, NEW.enclave_id, NEW.minutes_asked)
        IS DISTINCT FROM (OLD.tenant_id, OLD.name, OLD.person_id, OLD.side, OLD.enclave_id, OLD.minutes_asked)
    THEN
        {_REFUSE.format("Who asked for what is never changed.")};
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN ({_PAIRS}) THEN
        {_REFUSE.format("Access cannot be moved that way.")};
    END IF;
    IF OLD.decided_at IS NOT NULL AND (
        (NEW.decided_at, NEW.decided_by_id, NEW.decided_for, NEW.minutes_given)
            IS DISTINCT FROM (OLD.decided_at, OLD.decided_by_id, OLD.decided_for, OLD.minutes_given)
        OR (NEW.ends_at IS NOT NULL AND (OLD.ends_at IS NULL OR NEW.ends_at > OLD.ends_at))
    ) THEN
        {_REFUSE.format("What was decided about access stays so, and no end moves away.")};
    END IF;
    RETURN NEW;
END $$
"""

HOSTS = f"""
CREATE FUNCTION enclaves_access_hosts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' OR NOT EXISTS (
        SELECT 1 FROM enclaves_accessrequest WHERE id = NEW.request_id AND state = 'requested'
    ) THEN
        {_REFUSE.format("Hosts are named when somebody asks, and not later.")};
    END IF;
    RETURN NEW;
END $$
"""  # noqa: S608 -- only constants are put together here


def _trigger(name: str, table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        f"DROP TRIGGER {name} ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("enclaves", "0007_access")]

    operations = [
        migrations.RunSQL(REQUESTS, "DROP FUNCTION enclaves_access_decisions"),
        migrations.RunSQL(HOSTS, "DROP FUNCTION enclaves_access_hosts"),
        _trigger("enclaves_access_decisions", "enclaves_accessrequest"),
        _trigger("enclaves_access_hosts", "enclaves_accesshost"),
        *(
            migrations.RunSQL(revoke("DELETE", f"enclaves_{table}"), migrations.RunSQL.noop)
            for table in ("accessrequest", "accesshost", "accesssession")
        ),
    ]
