"""The roles of docs/self-hosting.md, as they stand there: one that makes tables, and one that reads and writes rows."""

import re
import subprocess
from pathlib import Path

from server import ROOT, check, environment

ADDRESS = re.compile(r"postgres://[^@]+@([^/]+)/")


def try_roles(binary, superuser):
    """Makes the roles in a database of their own, and tries what each may do."""
    document = Path(ROOT, "docs/self-hosting.md").read_text()
    statements = next(block for block in re.findall(r"```sql\n(.*?)```", document, re.S) if "parley_owner" in block)
    psql(superuser, statements.replace("'…'", "'secret'"))
    host = ADDRESS.match(superuser)[1]
    owner, server = (f"postgres://parley_{role}:secret@{host}/chat" for role in ("owner", "server"))
    early = parley(binary, server, "token", "ada@example.org")
    check(early.returncode == 69 and "CREATE in it" in early.stderr, "the server's role makes no tables")
    check(works(parley(binary, owner, "migrate")), "the owner does")
    check(works(parley(binary, server, "migrate")), "which the server's role finds up to date")
    added = parley(binary, server, "user", "add", "ada@example.org", said="correct horse battery")
    check(works(added), "the server's role makes an account")
    check(works(parley(binary, server, "token", "ada@example.org")), "and keeps the secret of tokens")
    check(psql(server, "DROP TABLE draft", may_fail=True) != 0, "but drops no table")


def parley(binary, store, *arguments, said=""):
    kept = environment(binary)
    kept.pop("PARLEY_PROGRAM")
    return subprocess.run(
        [Path(binary).resolve(), *arguments], env=kept | {"PARLEY_STORE": store}, input=said, capture_output=True, text=True
    )


def works(command):
    """Whether a command did its work; where it didn't, what it said is shown."""
    print(command.stderr, end="")
    return command.returncode == 0


def psql(url, statements, may_fail=False):
    command = ["psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", url]
    done = subprocess.run(command, input=statements, capture_output=True, text=True)
    if done.returncode != 0 and not may_fail:
        raise SystemExit(f"psql failed:\n{done.stderr}")
    return done.returncode
