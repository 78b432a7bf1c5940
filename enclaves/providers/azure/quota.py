"""How many more vCPUs a subscription may have in a region, by family."""

from enclaves.blueprints.azure.names import subscription_id
from enclaves.providers.azure import versions
from enclaves.providers.azure.sessions import Sessions
from enclaves.providers.base import Claim

# Azure's name for the vCPUs of all families together, and ours.
ALL, OURS = "cores", ""


def left(claim: Claim, region: str, sessions: Sessions) -> dict[str, int]:
    """Tell what is left, by family in lower case; under "" what is left of all families together."""
    path = f"{subscription_id(claim.account)}/providers/Microsoft.Compute/locations/{region}/usages"
    return {
        OURS if (name := each["name"]["value"].lower()) == ALL else name: each["limit"] - each["currentValue"]
        for each in sessions.observer.listed(versions.USAGE, path)
        if each["name"]["value"].lower() == ALL or each["name"]["value"].lower().endswith("family")
    }
