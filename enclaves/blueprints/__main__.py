"""Write sample templates, for the tools that check them: ``python -m enclaves.blueprints write DIR``."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from enclaves.blueprints import Binding, blueprint


@dataclass(frozen=True)
class _Place:
    zone: str
    region: str
    availability_zone_ids: tuple[str, ...]


SAMPLE = Binding(
    account="111122223333",
    registration="sample",
    external_id="sample-external-id",
    portal_principal="arn:aws:iam::999900001111:role/enclave-portal",
    image_owner="999900001111",
)
PLACES = (
    _Place("prod.aws-us-east-1c", "us-east-1", ("use1-az6",)),
    _Place("prod.aws-us-east-1", "us-east-1", ("use1-az2", "use1-az4", "use1-az6")),
)


def write(directory: Path) -> None:
    """Write the account template and a zone template with one and with three availability zones."""
    directory.mkdir(parents=True, exist_ok=True)
    aws = blueprint("aws")
    (directory / aws.commands().file_name).write_text(aws.account_template(SAMPLE))
    for place in PLACES:
        (directory / aws.commands(place).file_name).write_text(aws.zone_template(SAMPLE, place))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m enclaves.blueprints", description=__doc__)
    parser.add_argument("command", choices=["write"])
    parser.add_argument("directory", type=Path)
    write(parser.parse_args().directory)


if __name__ == "__main__":
    main()
