"""The commands that check, compare and apply a configuration file, and that explain a decision."""

import argparse
import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from functions.configuration.check import InvalidDocument, problems, read
from functions.configuration.document import Document
from functions.errors import TooLarge
from local.desk import Json
from local.filling import filled
from local.running import Failed, recall, said, settled_on, signed_in
from local.simulators.accounts import register

Options = argparse.Namespace
SIGNS = {"added": "+", "removed": "-", "changed": "~"}
ANYWHERE = "http://127.0.0.1"  # simulators while none run


async def validate(options: Options) -> int:
    """Print every problem of a configuration file; needs no running platform."""
    found = faults(await text_of(options.file), options.data)
    for line in found:
        print(f"{options.file}:{line}")
    print(f"{options.file}: {counted(len(found), 'problem')}")
    return 1 if found else 0


async def diff(options: Options) -> None:
    """Print what applying the file would change."""
    _show((await _sent(options, "POST", "configuration/diff", await _filled(options)))["changes"])


async def apply(options: Options) -> None:
    """Apply a configuration file to the running platform, and print what that changed."""
    text = await _filled(options)
    applied = await _sent(options, "PUT", "configuration", text)
    settled_on(options.data, options.file)
    running = recall(options.data)
    await register(running.simulators, running.url, text)
    _show(applied["changes"])
    print(f"version {applied['version']} is in force")


async def explain(options: Options) -> None:
    """Print the decision for a message, with every rule."""
    try:
        message = json.loads(options.message)
    except ValueError as error:
        raise Failed(f"the message is not JSON: {error}") from None
    async with signed_in(options.data) as desk:
        decision = await said(desk.post("configuration/explain", {"message": message}))
        print(json.dumps(decision, indent=2, ensure_ascii=False))


async def text_of(file: Path) -> str:
    """Read a file; raises Failed."""
    try:
        return await asyncio.to_thread(file.read_text, encoding="utf-8")
    except OSError as error:
        raise Failed(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise Failed(f"{file} is not UTF-8 at byte {error.start}") from None


def document_of(text: str, data: Path, file: Path) -> Document:
    """Read a document that can be applied; raises Failed with every problem."""
    if found := faults(text, data):
        raise Failed("\n".join(f"{file}:{line}" for line in found))
    return read(filled(text, ANYWHERE, data))


def faults(text: str, data: Path) -> list[str]:
    """List what keeps a document from being applied, each with its line and its place."""
    document = filled(text, ANYWHERE, data)
    try:
        found = problems(read(document))
    except InvalidDocument as error:
        found = list(error.problems)
    except TooLarge as error:
        return [f" {error.reason}"]
    lines = Lines(document) if found else None
    return [f"{lines.of(problem.path) if lines else ''} {problem}" for problem in found]


class Lines:
    """Where in a text its values stand."""

    def __init__(self, text: str) -> None:
        try:
            self._root = yaml.compose(text, Loader=yaml.CSafeLoader)
        except yaml.YAMLError:  # its one problem tells the line itself
            self._root = None

    def of(self, path: str) -> str:
        """Give the line of `accounts[2].settings.sender` with a colon, or of the nearest that is there."""
        node, line = self._root, 0
        for part in re.findall(r"[^.\[\]]+", path):
            found = dict(_inside(node)).get(part)
            if found is None:
                break
            line, node = found
        return f"{line}:" if line else ""


def _inside(node: yaml.Node | None) -> Iterator[tuple[str, tuple[int, yaml.Node]]]:
    """Give what a collection holds, by key or index, with its line."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), (key.start_mark.line + 1, value)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield str(index), (value.start_mark.line + 1, value)


async def _filled(options: Options) -> str:
    """Read the file as it is for the running platform; raises Failed with every problem."""
    text = await text_of(options.file)
    document_of(text, options.data, options.file)
    return filled(text, recall(options.data).simulators, options.data)


async def _sent(options: Options, method: str, path: str, text: str) -> Json:
    async with signed_in(options.data) as desk:
        answer: Json = json.loads(await said(desk.send_text(method, path, text)))
    return answer


def _show(changes: list[Json]) -> None:
    """Print a line for each change; of what comes or goes as a whole, the file tells the rest."""
    for change in changes:
        line = f"{SIGNS[change['kind']]} {change['path']}"
        if change["kind"] == "changed":
            line += f": {_value(change['before'])} → {_value(change['after'])}"
        print(line)
    print(counted(len(changes), "change"))


def counted(number: int, what: str) -> str:
    """Say how many there are of something."""
    return f"{number} {what}" + ("" if number == 1 else "s")


def _value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
