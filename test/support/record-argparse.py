"""Asks the real m2m-mcp-server-ssh-client what it makes of each command line below, and writes what it said to
test/vectors/argparse.json: what was asked for, or the error, and the warnings. Nothing is connected to.

Run: python3 -m venv venv && venv/bin/pip install m2m-mcp-server-ssh-client==0.1.3 'mcp>=1.10.1,<2'
     venv/bin/python test/support/record-argparse.py
"""

import argparse
import contextlib
import io
import json
import os
import platform
import sys
from datetime import date
from importlib.metadata import version

os.environ["HOME"] = "/nowhere"
import m2m_mcp_server_ssh_client as reference  # noqa: E402

GIVEN = [
    # values and prefixes
    ["--host", "h"],
    ["--host=h"],
    ["--ho", "h"],
    ["--ho=h"],
    ["--po", "22"],
    ["--po=22"],
    ["--user", "x"],
    ["--user=a=b"],
    ["--c", "k"],
    ["--client=k"],
    ["--kn", "f"],
    ["--kn=f", "--known-hosts", "g"],
    ["--d"],
    ["--dis", "--disable-host-key-checking"],
    ["--use-", "--use-key-server"],
    ["--ke", "9000", "--use-k"],
    ["--key=9000", "--use-key-server"],
    ["--l", "DEBUG"],
    ["--log=CRITICAL"],
    ["--pas", "two words"],
    ["--pass=s"],
    ["--passphrase", ""],
    ["--he"],
    ["-h"],
    ["--hel", "--host"],
    ["--log-level", "INFO"],
    ["--log-level", "WARNING"],
    ["--log-level", "ERROR"],
    # prefixes of several
    ["--h"],
    ["--h", "x"],
    ["--p", "1"],
    ["--u", "x"],
    ["--use"],
    ["--k", "x"],
    ["--k=x"],
    ["--port", "x", "--k"],
    ["--help", "--k"],
    # what no flag is
    ["--HOST", "x"],
    ["--hosts"],
    ["---host", "x"],
    ["-k"],
    ["-p", "22"],
    ["a"],
    [""],
    ["-"],
    ["--"],
    ["--", "--host"],
    ["--", "--k"],
    ["--host x"],
    ["--ho st=x"],
    ["--=x"],
    # values that begin with a dash
    ["--user", "-5"],
    ["--user", "-.5"],
    ["--user", "-1e3"],
    ["--user", "-5a"],
    ["--user", "-x"],
    ["--user=-x"],
    ["--user=--host"],
    ["--user", "- x"],
    ["--user", "-x y"],
    ["--user", "--a b"],
    ["--user", "--host x"],
    ["--user", "-h x"],
    ["--user", "-"],
    ["--user", "--"],
    ["--user", "--", "x"],
    ["--user", "--user", "x"],
    ["--user", "--ho"],
    ["--user", "--k"],
    ["--user", "-h"],
    ["--user", "--nonsense"],
    ["--pass", "--a b"],
    ["--pass", "-secret"],
    ["--port", "-5"],
    ["--host"],
    # values where none belongs
    ["--use-key-server=x"],
    ["--use-key=x"],
    ["--dis="],
    ["--help=x"],
    ["--he=x"],
    ["-hx"],
    ["-host"],
    ["-h=x"],
    ["--dis", "false"],
    # values that are none
    ["--port", "x"],
    ["--log-level", "debug"],
    ["--log", "x"],
    # the group
    ["--use-key-server", "--known-hosts", "f"],
    ["--known-hosts=f", "--use-key-server"],
    ["--known-hosts=~/.ssh/known_hosts", "--use-key-server"],
    ["--known-hosts", "f", "--disable-host-key-checking"],
    ["--disable-host-key-checking", "--known-hosts", "f"],
    ["--disable-host-key-checking", "--use-key-server"],
    ["--use-key-server", "--disable-host-key-checking"],
    ["--use-k", "--kn=f"],
    ["--kn=f", "--dis", "--use-key-server"],
    ["--use-key-server", "--known-hosts"],
    ["--use-key-server", "--kn=f", "--port=x"],
    ["--use-key-server", "--port=x", "--kn=f"],
    # warnings
    ["--key-server-port", "9000"],
    ["--key-server-port=9000"],
    ["--key", "9000"],
    ["--use-key-server", "--key-server-port", "9000"],
    ["--disable-host-key-checking", "--key-server-port", "9000"],
]


class Parsed(Exception):
    pass


def ask(argv: list[str]) -> dict:
    told = io.StringIO()
    sys.argv = ["m2m-mcp-server-ssh-client", *argv]
    try:
        with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
            reference.main()
    except Parsed as parsed:
        changed = {k: v for k, v in parsed.args[0].items() if v != DEFAULTS.get(k)}
        lines = told.getvalue().splitlines()
        return {"expect": changed, "warnings": [x.split(" - WARNING - ")[1] for x in lines if " - WARNING - " in x]}
    except SystemExit as end:
        if end.code == 0:
            return {"expect": "help"}
        lead = f"{sys.argv[0]}: error: "
        return {"error": told.getvalue().splitlines()[-1].removeprefix(lead)}
    raise AssertionError("neither")


def main() -> None:
    asked: dict = {}
    read = argparse.ArgumentParser.parse_args

    def parse_args(self, *args, **kwargs):
        namespace = read(self, *args, **kwargs)
        asked.clear()
        asked.update(vars(namespace))
        # the log is set up once a process otherwise
        reference.logging.root.handlers.clear()
        return namespace

    def run(*_):
        raise Parsed(dict(asked))

    argparse.ArgumentParser.parse_args = parse_args
    reference.anyio.run = run
    try:
        sys.argv = ["x"]
        reference.main()
    except Parsed as parsed:
        DEFAULTS.update(parsed.args[0])
    source = (
        f"m2m-mcp-server-ssh-client {version('m2m-mcp-server-ssh-client')}, argparse of Python "
        f"{platform.python_version()}, recorded {date.today()} by test/support/record-argparse.py"
    )
    about = (
        "What the replaced tool makes of command lines: `expect`, what differs from its defaults; `error`, the last line "
        "of its stderr; `warnings`, what it warned of. Where ours means to differ: test/cli/argparse.test.ts."
    )
    cases = [{"given": argv, **ask(argv)} for argv in GIVEN]
    with open("test/vectors/argparse.json", "w", encoding="utf-8") as file:
        file.write('{\n  "about": ' + json.dumps(about) + ',\n  "source": ' + json.dumps(source) + ',\n  "cases": [\n')
        file.write(",\n".join("    " + json.dumps(case) for case in cases))
        file.write("\n  ]\n}\n")


DEFAULTS: dict = {}
main()
