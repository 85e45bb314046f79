"""Programs in TypeScript that write the stores which are read here."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).parents[2]
_NODE = ["node", "--import=@oxc-node/core/register"]
# What a program has in scope: the library, its arguments, and lines of JSON to and from the test.
_PRELUDE = f"""
import {{ createInterface }} from 'node:readline'
import {{ writeSync }} from 'node:fs'
const stoa = await import({json.dumps((ROOT / "src/index.ts").as_uri())})
const argv = process.argv.slice(1)
const lines = createInterface({{ input: process.stdin }})[Symbol.asyncIterator]()
const heard = async () => {{
  const {{ value, done }} = await lines.next()
  if (done) process.exit()
  return JSON.parse(value)
}}
const say = (value) => writeSync(1, JSON.stringify(value) + '\\n')
"""


class Actor:
    """A process that runs a program, until the end of the test."""

    def __init__(self, code: str, *args: object) -> None:
        command = [*_NODE, "--input-type=module", "--eval", _PRELUDE + code, *map(str, args)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf8"
        )

    def hear(self) -> Any:
        """What it says next."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the program ended"
        return json.loads(line)

    def say(self, value: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(value) + "\n")
        self.process.stdin.flush()

    def ask(self, value: object) -> Any:
        self.say(value)
        return self.hear()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> Actor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


def run(code: str, *args: object) -> list[Any]:
    """Runs a program to its end, and gives what it said."""
    command = [*_NODE, "--input-type=module", "--eval", _PRELUDE + code, *map(str, args)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf8", check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def run_file(name: str, *args: object, code: int = 0) -> list[Any]:
    """Runs a program of `__test__`, and gives what it said."""
    command = [*_NODE, str(ROOT / "__test__" / name), *map(str, args)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf8", check=False)
    assert done.returncode == code, done.returncode
    return [json.loads(line) for line in done.stdout.splitlines()]
