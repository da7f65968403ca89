"""Writes the man pages of a program from its own description: one for the program and one for each of its commands.

usage: manual.py PROGRAM FOLDER

The pages carry the date of SOURCE_DATE_EPOCH, so that two builds of the same sources write the same pages.
"""

import datetime
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path


def escaped(text: str) -> str:
    """The text as troff shows it: dashes can be copied, and no line is taken for a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def paragraphs(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.split("\n"):
        if line.startswith("  "):
            lines += [".nf", escaped(line), ".fi"]
        else:
            lines += [".PP"] if not line else [escaped(line), ".br"]
    return [line for index, line in enumerate(lines) if not (line == ".br" and lines[index + 1 : index + 2] in ([], [".PP"]))]


def is_common(argument: dict) -> bool:
    """Whether every command has the argument; each page explains it once."""
    return any(name["name"] in ("config", "json", "csv", "utc", "help", "version") for name in argument.get("names", []))


def flag(name: dict) -> str:
    return ("--" if name["kind"] == "long" else "-") + name["name"]


def value(argument: dict) -> str:
    return argument.get("valueName", "value").upper().replace("-", "_")


def spelled(argument: dict) -> str:
    """An argument as a synopsis has it, in bold and italics."""
    if argument["kind"] == "positional":
        text = f"\\fI{escaped(value(argument))}\\fR"
    else:
        text = f"\\fB{escaped(flag(argument['preferredName']))}\\fR"
        if argument["kind"] == "option":
            text += f" \\fI{escaped(value(argument))}\\fR"
    if argument["isRepeating"]:
        text += " ..."
    return f"[{text}]" if argument["isOptional"] else text


def explained(argument: dict) -> list[str]:
    text = argument.get("abstract", "").strip()
    choices = argument.get("allValues") or []
    if choices and not all(choice in text for choice in choices):
        text = (text + " One of " + ", ".join(choices) + ".").strip()
    if "defaultValue" in argument and "default" not in text:
        text = (text + f" The default is {argument['defaultValue']}.").strip()
    if argument["kind"] == "positional":
        heading = f"\\fI{escaped(value(argument))}\\fR"
    else:
        heading = ", ".join(f"\\fB{escaped(flag(name))}\\fR" for name in argument["names"])
        if argument["kind"] == "option":
            heading += f" \\fI{escaped(value(argument))}\\fR"
    return [".TP", heading, escaped(text) or "\\&"]


def arguments(command: dict) -> list[dict]:
    shown = [argument for argument in command.get("arguments", []) if argument.get("shouldDisplay", True)]
    return [argument for argument in shown if not is_common(argument)]


def verbs(command: dict) -> list[dict]:
    shown = [verb for verb in command.get("subcommands", []) if verb.get("shouldDisplay", True)]
    return [verb for verb in shown if verb["commandName"] != "help"]


def synopsis(words: list[str], command: dict) -> list[str]:
    parts = [spelled(argument) for argument in arguments(command)]
    if len(parts) > 12:
        parts = ["[\\fIOPTION\\fR ...]"]
    return [".HP", f"\\fB{escaped(' '.join(words))}\\fR " + " ".join(parts)]


def leaves(words: list[str], command: dict) -> list[tuple[list[str], dict]]:
    """The commands that can be run, with all of their words."""
    if not verbs(command):
        return [(words, command)]
    return [leaf for verb in verbs(command) for leaf in leaves(words + [verb["commandName"]], verb)]


def body(words: list[str], command: dict) -> list[str]:
    lines = [".SH SYNOPSIS"]
    for path, leaf in leaves(words, command):
        lines += synopsis(path, leaf)
    lines += [".SH DESCRIPTION", escaped(command.get("abstract", ""))]
    if command.get("discussion"):
        lines += [".PP", *paragraphs(command["discussion"])]
    if not verbs(command):
        lines += [".SH OPTIONS", *(line for argument in arguments(command) for line in explained(argument))]
        return lines if arguments(command) else lines[:-1]
    lines += [".SH COMMANDS"]
    for path, leaf in leaves(words, command):
        lines += [".SS " + escaped(" ".join(path[1:])), escaped(leaf.get("abstract", ""))]
        if leaf.get("discussion"):
            lines += [".PP", *paragraphs(leaf["discussion"])]
        for argument in arguments(leaf):
            lines += explained(argument)
    return lines


def common(description: dict) -> list[str]:
    """The options that every command has, from the first one."""
    first = verbs(description["command"])[0]
    shared = [argument for argument in first["arguments"] if is_common(argument)]
    return [".SH COMMON OPTIONS", *(line for argument in shared for line in explained(argument))]


EXIT_STATUS = [
    ".SH EXIT STATUS",
    "0 after success, 1 after a failure, which one line on standard error explains, and 2 after a wrong usage.",
]
FILES = [
    ".SH FILES",
    ".TP",
    "\\fI/etc/gatehouse/gatehouse.yaml\\fR",
    "The configuration, if neither \\fB\\-\\-config\\fR nor GATEHOUSE_CONFIG names another file.",
]


def page(name: str, abstract: str, lines: list[str], version: str, date: str, related: list[str]) -> str:
    first = abstract.rstrip(".")
    heading = [
        f'.TH {escaped(name.upper())} 1 "{date}" "gatehouse {version}" "Gatehouse"',
        ".SH NAME",
        f"{escaped(name)} \\- {escaped(first[:1].lower() + first[1:])}",
    ]
    others = [f"\\fB{escaped(other)}\\fR(1)" for other in related if other != name]
    see = [".SH SEE ALSO", ",\n".join(others)]
    return "\n".join([*heading, *lines, *EXIT_STATUS, *FILES, *see]) + "\n"


def pages(description: dict, version: str, date: str) -> dict[str, str]:
    """The text of each page by its name."""
    root = description["command"]
    program = root["commandName"]
    names = {command["commandName"]: f"{program}-{command['commandName']}" for command in verbs(root)}
    overview = [".SH SYNOPSIS", f"\\fB{program}\\fR \\fICOMMAND\\fR [\\fIARGUMENT\\fR ...]", ".SH COMMANDS"]
    for command in verbs(root):
        overview += [
            ".TP",
            f"\\fB{escaped(names[command['commandName']])}\\fR(1)",
            escaped(command.get("abstract", "")),
        ]
    texts = {program: page(program, root["abstract"], overview, version, date, list(names.values()))}
    for command in verbs(root):
        name = names[command["commandName"]]
        lines = body([program, command["commandName"]], command) + common(description)
        texts[name] = page(name, command["abstract"], lines, version, date, [program])
    return texts


def main(program: str, folder: str) -> None:
    def run(argument: str) -> str:
        return subprocess.run([program, argument], check=True, capture_output=True, text=True).stdout

    version = run("--version").split()[1]
    moment = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    texts = pages(json.loads(run("--experimental-dump-help")), version, moment.strftime("%Y-%m-%d"))
    for name, text in texts.items():
        (target / f"{name}.1.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
