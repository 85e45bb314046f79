"""numpy.memmap, for the feel and the speed that its users know: a file a column, vectorised verbs, one flush a column.

Speaks as worker.ts does: the assignment as JSON in argv, a command a line on stdin, a line of JSON for each on stdout.
Nothing is atomic, and a table cannot grow.
"""

import json
import os
import subprocess
import sys
import time

import numpy as np

FIRST_MS = 1_600_000_000_000
STEP_MS = 250
FILTER_QTY = 768
BATCH_ROWS = 100_000
UPDATES = 1_000_000
SCATTERED = 100
# Rows that a table of the commit trials may get.
COMMIT_CAPACITY = 1_000_000
TYPES = {"ts": "f8", "price": "f8", "qty": "u4", "sym": "u2"}


def make_rows(rows):
    i = np.arange(rows, dtype=np.uint32)
    return {
        "ts": FIRST_MS + np.arange(rows, dtype="f8") * STEP_MS,
        "price": ((i * np.uint32(0x9E3779B1)) & np.uint32(0xFFFF)) / 64,
        "qty": (i * np.uint32(0x85EBCA6B)) & np.uint32(0x3FF),
        "sym": (((i * np.uint32(0xC2B2AE35)) >> np.uint32(23)) & np.uint32(0x1FF)).astype("u2"),
    }


def random_rows(rows, count):
    """The xorshift of rows.ts."""
    state = 0x2545F491
    found = np.empty(count, dtype=np.uint32)
    for at in range(count):
        state ^= (state << 13) & 0xFFFFFFFF
        state ^= state >> 17
        state ^= (state << 5) & 0xFFFFFFFF
        found[at] = state % rows
    return found


def map_files(directory, rows, mode):
    return {name: np.memmap(os.path.join(directory, name), kind, mode, shape=rows) for name, kind in TYPES.items()}


def flush(table):
    for column in table.values():
        column.flush()


def checksum(table):
    price, qty, sym, ts = (np.asarray(table[name]) for name in ("price", "qty", "sym", "ts"))
    return float(np.sum(price * qty + sym + (ts - FIRST_MS) / STEP_MS))


def peak_megabytes():
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) / 1000 for line in status if line.startswith("VmHWM"))
    except OSError:
        return 0


class Contender:
    """Makes a filled table; a workload overrides what differs."""

    def __init__(self, rows, directory):
        self.rows, self.directory, self.rounds, self.found = rows, directory, 0, 0
        self.start()

    def start(self):
        self.table = map_files(self.directory, self.rows, "w+")
        for name, column in make_rows(self.rows).items():
            self.table[name][:] = column
        flush(self.table)

    def answer(self):
        return self.found

    def metrics(self):
        return {}


class LoadRows(Contender):
    def start(self):
        self.source = make_rows(self.rows)

    def round(self):
        self.table = map_files(self.directory, self.rows, "w+")
        ts, price, qty, sym = self.table.values()
        for i, row in enumerate(zip(*(column.tolist() for column in self.source.values()))):
            ts[i], price[i], qty[i], sym[i] = row
        flush(self.table)

    def answer(self):
        return checksum(self.table)


class LoadColumns(LoadRows):
    def round(self):
        self.table = map_files(self.directory, self.rows, "w+")
        for start in range(0, self.rows, BATCH_ROWS):
            for name, column in self.source.items():
                self.table[name][start : start + BATCH_ROWS] = column[start : start + BATCH_ROWS]
        flush(self.table)


class Fill(Contender):
    def start(self):
        pass

    def round(self):
        Contender.start(self)
        self.found = self.rows


class Opening(Contender):
    def start(self):
        pass

    def metrics(self):
        return {"majorCollections": 0, "majorCollectionMs": 0, "minorCollections": 0, "peakMegabytes": peak_megabytes()}


class OpenSum(Opening):
    def round(self):
        self.found = float(map_files(self.directory, self.rows, "r+")["price"].sum())


class ReadAll(Opening):
    def round(self):
        self.found = checksum(map_files(self.directory, self.rows, "r+"))


class Sum(Contender):
    def round(self):
        self.found = float(self.table["price"].sum())


class Filter(Contender):
    def round(self):
        self.found = float(self.table["price"][self.table["qty"] >= FILTER_QTY].sum())


class ReadRandomRows(Contender):
    def start(self):
        super().start()
        self.indices = random_rows(self.rows, self.rows)

    def round(self):
        ts, price, qty, sym = (np.asarray(column)[self.indices] for column in self.table.values())
        self.found = float(np.sum(price * qty + sym + (ts > 0))) + 0.5


class Updates(Contender):
    count = UPDATES

    def start(self):
        super().start()
        self.indices = random_rows(self.rows, self.count)

    def round(self):
        self.rounds += 1
        values = ((np.arange(self.count) + self.rounds) & 0xFFFF) / 64
        self.table["price"][self.indices] = values
        self.table["price"].flush()

    def answer(self):
        return float(self.table["price"].sum())


class Scattered(Updates):
    count = SCATTERED


class CommitOneRow(Contender):
    count = 1

    def start(self):
        self.table = map_files(self.directory, COMMIT_CAPACITY, "w+")
        self.source = make_rows(COMMIT_CAPACITY)
        self.length = 0

    def round(self):
        end = self.length + self.count
        for name, column in self.table.items():
            column[self.length : end] = self.source[name][self.length : end]
            column.flush()
        self.length = end

    def answer(self):
        return float(self.table["price"][: self.length].sum())


class CommitHundredRows(CommitOneRow):
    count = 100


class Import(Contender):
    def start(self):
        pass

    def round(self):
        code = "import time; b = time.perf_counter(); import numpy; print((time.perf_counter() - b) * 1000)"
        self.ms = float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)

    def metrics(self):
        return {"importMs": self.ms}


WORKLOADS = {
    "loadRows": LoadRows,
    "loadColumns": LoadColumns,
    "fill": Fill,
    "openSum": OpenSum,
    "readAll": ReadAll,
    "sum": Sum,
    "filter": Filter,
    "readRandomRows": ReadRandomRows,
    "updates": Updates,
    "scattered": Scattered,
    "commitOneRow": CommitOneRow,
    "commitHundredRows": CommitHundredRows,
    "import": Import,
}


def tell(**reply):
    print(json.dumps(reply), flush=True)


def run_round(contender, repeats):
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        contender.round()
        times.append((time.perf_counter() - began) * 1000)
    return float(np.median(times))


def main():
    assignment = json.loads(sys.argv[1])
    version = f"{np.__version__} (Python {sys.version.split()[0]})"
    if "workload" not in assignment:
        return tell(version=version)
    os.makedirs(assignment["directory"], exist_ok=True)
    contender = WORKLOADS[assignment["workload"]](assignment["rows"], assignment["directory"])
    tell(version=version)
    for line in sys.stdin:
        command = line.strip()
        if command == "round":
            tell(ms=run_round(contender, assignment["repeats"]))
        elif command == "answer":
            tell(answer=contender.answer())
        else:
            break
    tell(metrics=contender.metrics())


main()
