"""Makes a man page of what a command's --experimental-dump-help prints: manual.py VERSION <HELP >PAGE

The commands' own help is all that is in it, subcommands below the command.
"""

import json
import sys


def escaped(text: str) -> str:
    """As roff takes it: no escapes, no line that begins as a request does."""
    lines = text.replace("\\", "\\e").replace("-", "\\-").splitlines()
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in lines)


def option_names(argument: dict) -> list[str]:
    prefixes = {"long": "--", "short": "-", "longWithSingleDash": "-"}
    return [prefixes[name["kind"]] + name["name"] for name in argument.get("names", [])]


def term(argument: dict) -> str:
    """Its names in bold, its value in italics."""
    value = argument.get("valueName", "")
    if argument["kind"] == "positional":
        return f"\\fI{escaped(value)}\\fR" + (" ..." if argument.get("isRepeating") else "")
    names = ", ".join(f"\\fB{escaped(name)}\\fR" for name in option_names(argument))
    return names + (f" \\fI{escaped(value)}\\fR" if argument["kind"] == "option" else "")


def explanation(argument: dict) -> str:
    parts = [argument.get("abstract", ""), argument.get("discussion", "")]
    values = argument.get("allValues") or argument.get("allValueStrings")
    if values:
        parts.append(f"One of {', '.join(values)}.")
    default = argument.get("defaultValue")
    if default is not None and argument["kind"] != "flag":
        parts.append(f"Default: {default}.")
    return "\n".join(part for part in parts if part)


def synopsis(command: dict, name: str) -> list[str]:
    words = [f"\\fB{escaped(name)}\\fR"]
    for argument in shown(command):
        word = term({**argument, "names": argument.get("names", [])[:1]})
        words.append(f"[{word}]" if argument.get("isOptional", True) else word)
    if subcommands(command):
        words.append("\\fIsubcommand\\fR")
    return [" ".join(words)]


def subcommands(command: dict) -> list[dict]:
    return [part for part in command.get("subcommands", []) if part["commandName"] != "help"]


def shown(command: dict) -> list[dict]:
    return [argument for argument in command.get("arguments", []) if argument.get("shouldDisplay", True)]


def arguments(command: dict) -> list[str]:
    lines, section = [], None
    for argument in shown(command):
        if argument.get("sectionTitle") != section:
            section = argument.get("sectionTitle")
            lines.append(f".SS {escaped(section)}" if section else ".PP")
        lines += [".TP", term(argument), escaped(explanation(argument)) or "\\&"]
    return lines


def paragraphs(text: str) -> list[str]:
    return [line for part in text.split("\n\n") if part.strip() for line in (".PP", escaped(part.strip()))]


def page(command: dict, version: str) -> list[str]:
    name = command["commandName"]
    abstract = command.get("abstract", "").rstrip(".")
    lines = [
        f'.TH "{escaped(name.upper())}" 1 "" "{escaped(name)} {escaped(version)}" "Xception runtime"',
        ".SH NAME", f"{escaped(name)} \\- {escaped(abstract)}", ".SH SYNOPSIS", *synopsis(command, name),
    ]
    if command.get("discussion"):
        lines += [".SH DESCRIPTION", *paragraphs(command["discussion"])]
    lines += [".SH OPTIONS", *arguments(command)]
    for part in subcommands(command):
        lines += [
            f".SH {escaped(part['commandName'].upper())}", *synopsis(part, f"{name} {part['commandName']}"),
            *paragraphs(part.get("abstract", "")), *paragraphs(part.get("discussion", "")), *arguments(part),
        ]
    return lines


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("manual: expected the version, and the help on standard input")
    print("\n".join(page(json.load(sys.stdin)["command"], sys.argv[1])))


if __name__ == "__main__":
    main()
