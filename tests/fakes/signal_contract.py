"""The gateway's published interface description, to hold requests to.

WATCHLINE_SIGNAL_CONTRACT names the file (swagger 2). Without it nothing is checked here; the tests that need it are
skipped and say so.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

VARIABLE = "WATCHLINE_SIGNAL_CONTRACT"
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "number": (int, float),
}


class Contract:
    """The description, or nothing."""

    def __init__(self, description: dict[str, Any] | None) -> None:
        self.description = description

    @classmethod
    def from_environment(cls) -> Contract:
        path = os.environ.get(VARIABLE)
        return cls(json.loads(Path(path).read_text(encoding="utf-8")) if path else None)

    def complaints(self, method: str, path: str, body: Any) -> list[str]:
        """What is wrong with a request; names fields and paths, never values."""
        if self.description is None:
            return []
        operation = self.description["paths"].get(path, {}).get(method.lower())
        if operation is None:
            return [f"{method} {path} is not in the interface"]
        schemas = [one["schema"] for one in operation.get("parameters", []) if one["in"] == "body"]
        if not schemas:
            return [f"{method} {path} takes no body"] if body is not None else []
        return [f"{method} {path}: {wrong}" for wrong in self._wrong(schemas[0], body, "body")]

    def _wrong(self, schema: dict[str, Any], value: Any, where: str) -> list[str]:
        if reference := schema.get("$ref"):
            assert self.description is not None
            schema = self.description["definitions"][reference.rpartition("/")[2]]
        kind = schema.get("type", "object")
        if not isinstance(value, TYPES[kind]) or (kind == "integer" and isinstance(value, bool)):
            return [f"{where} is no {kind}"]
        if "enum" in schema and value not in schema["enum"]:
            return [f"{where} is none of the allowed"]
        if isinstance(value, list):
            return [
                w for n, one in enumerate(value) for w in self._wrong(schema["items"], one, f"{where}[{n}]")
            ]
        if not isinstance(value, dict):
            return []
        known = schema.get("properties", {})
        missing = [f"{where}.{name} is missing" for name in schema.get("required", []) if name not in value]
        unknown = [f"{where}.{name} is unknown" for name in value if name not in known]
        inner = [
            w for n, one in value.items() if n in known for w in self._wrong(known[n], one, f"{where}.{n}")
        ]
        return missing + unknown + inner
