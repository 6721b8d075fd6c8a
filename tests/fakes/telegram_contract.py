"""Holds calls and answers to the published Bot API, read as data from `WATCHLINE_TELEGRAM_CONTRACT`.

Stricter than Telegram in one thing: a parameter that the method does not have is refused, not ignored.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VARIABLE = "WATCHLINE_TELEGRAM_CONTRACT"
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_FLOAT = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_PLAIN = {"Integer", "Float", "Boolean", "String", "True", "InputFile"}


class Rejected(Exception):
    """The server answers with this error."""

    def __init__(self, status: int, description: str, parameters: dict[str, int] | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters


@dataclass(frozen=True, slots=True)
class Upload:
    """A part of a multipart body that is a file."""

    name: str
    content_type: str
    content: bytes


class Contract:
    """The methods and types of one version of the Bot API."""

    def __init__(self, path: Path) -> None:
        data = json.loads(path.read_text(encoding="utf-8"))
        self._types: dict[str, Any] = data["types"]
        self._methods: dict[str, Any] = {name.lower(): method for name, method in data["methods"].items()}

    @classmethod
    def from_environment(cls) -> Contract | None:
        """None when the variable is unset: the server then knows only what is written in it."""
        path = os.environ.get(VARIABLE, "")
        return cls(Path(path)) if path else None

    def has(self, method: str) -> bool:
        return method.lower() in self._methods

    def check_call(self, method: str, texts: dict[str, str], uploads: dict[str, Upload]) -> None:
        """Raises `Rejected` with what the server would say."""
        fields = {field["name"]: field for field in self._methods[method.lower()].get("fields", [])}
        for name in (*texts, *uploads):
            attached = any(value == f"attach://{name}" for value in texts.values())
            if name not in fields and not attached:
                raise Rejected(400, f'Bad Request: method {method} has no parameter "{name}"')
        for name, field in fields.items():
            if name in texts:
                self._check_text(name, texts[name], field["types"])
            elif name in uploads:
                if "InputFile" not in field["types"]:
                    raise Rejected(400, f'Bad Request: parameter "{name}" is no file')
            elif field["required"]:
                raise Rejected(400, f'Bad Request: parameter "{name}" is required')

    def _check_text(self, name: str, text: str, types: list[str]) -> None:
        if "String" in types:
            return
        if "InputFile" in types and text.startswith("attach://"):
            return
        if _INTEGER.fullmatch(text) and "Integer" in types:
            return
        if _FLOAT.fullmatch(text) and "Float" in types:
            return
        if text in ("true", "false") and "Boolean" in types:
            return
        if all(kind in _PLAIN for kind in types):
            raise Rejected(400, f'Bad Request: parameter "{name}" must be of type {" or ".join(types)}')
        try:
            value = json.loads(text)
        except ValueError:
            raise Rejected(400, f"Bad Request: can't parse {name} JSON object") from None
        wrong = self.wrong(value, types)
        if wrong:
            raise Rejected(400, f"Bad Request: can't parse {name}: {wrong}")

    def check_answer(self, method: str, answer: Any) -> None:
        """Raises `AssertionError`: the fake itself is wrong."""
        wrong = self.wrong(answer, self._methods[method.lower()]["returns"])
        assert not wrong, f"the fake's answer to {method}: {wrong}"

    def check_update(self, update: Any) -> None:
        """Raises `AssertionError`."""
        wrong = self.wrong(update, ["Update"])
        assert not wrong, f"the fake's update: {wrong}"

    def wrong(self, value: Any, types: list[str]) -> str:
        """Why the value is of none of the types; empty when it is of one."""
        reasons = []
        for kind in types:
            reason = self._wrong_as(value, kind)
            if not reason:
                return ""
            reasons.append(reason)
        return reasons[0] if len(reasons) == 1 else "; ".join(reasons)[:500]

    def _wrong_as(self, value: Any, kind: str) -> str:
        if kind.startswith("Array of "):
            if not isinstance(value, list):
                return f"no {kind}"
            wrongs = (self.wrong(item, [kind.removeprefix("Array of ")]) for item in value)
            return next(filter(None, wrongs), "")
        match kind:
            case "Integer":
                return "" if isinstance(value, int) and not isinstance(value, bool) else "no Integer"
            case "Float":
                number = isinstance(value, (int, float)) and not isinstance(value, bool)
                return "" if number else "no Float"
            case "Boolean" | "True":
                return "" if isinstance(value, bool) else "no Boolean"
            case "String" | "InputFile":
                return "" if isinstance(value, str) else "no String"
        described = self._types[kind]
        if "subtypes" in described:
            return self.wrong(value, described["subtypes"])
        if not isinstance(value, dict):
            return f"no {kind}"
        return self._wrong_object(value, kind, described.get("fields", []))

    def _wrong_object(self, value: dict[str, Any], kind: str, fields: list[dict[str, Any]]) -> str:
        known = {field["name"]: field for field in fields}
        for name in value:
            if name not in known:
                return f"{kind} has no field {name}"
        for name, field in known.items():
            if name not in value:
                if field["required"]:
                    return f"{kind} needs the field {name}"
                continue
            wrong = self.wrong(value[name], field["types"])
            if wrong:
                return f"{kind}.{name}: {wrong}"
        return ""
