"""Reading what is sent in other forms than JSON."""

from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser


class YamlTextParser(BaseParser):
    """Takes a spec in YAML as it is; whoever reads specs finds out what is in it."""

    media_type = "application/yaml"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> dict[str, str]:
        try:
            return {"spec": stream.read().decode()}
        except UnicodeDecodeError as error:
            raise ParseError("A spec is text in UTF-8.") from error
