"""Breaks the core in every small way, one at a time, and looks whether a test notices.

usage: mutate.py [--sample N] [--seed N] [--jobs N] [--quick] [--again LOG] [--list] [FILE...]

A FILE is a part of a name under host/, as "ring" or "roll_forward.c"; without one: all. All mutants are in one build,
under build/mutate; the environment wakes one of them. A mutant is killed if a test fails, crashes or hangs. Those of
equivalent.txt change nothing that anybody could notice; they are not run, and counted apart.
"""
import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time

import mutants

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "mutate"
PLAIN, SANITIZED = BUILD / "out", BUILD / "sanitized"
FILES = [
    "host/base/event.h",
    "host/base/event.c",
    "host/memory/block.h",
    "host/memory/arena.h",
    "host/memory/arena.c",
    "host/memory/allocator.c",
    "host/ring/ring.h",
    "host/ring/ring.c",
    "host/ring/journal.h",
    "host/ring/journal.c",
    "host/ring/settlement.c",
    "host/worker/transaction.c",
    "host/worker/roll_forward.c",
]
COPIED = ["CMakeLists.txt", "cmake", "host", "sdk", "plugins", "tests", "examples", "bench"]
INCLUDES = ["sdk/include"] + sorted(str(f.parent.relative_to(ROOT)) for f in ROOT.glob("host/*/CMakeLists.txt"))
ENVIRONMENT = {
    "GLIBC_TUNABLES": "glibc.cpu.x86_rep_stosb_threshold=1000000:glibc.cpu.x86_rep_movsb_threshold=1000000",
}
FAST = ["--gtest_brief=1", "--gtest_fail_fast"]

# Programs, and which of their tests; each test is asked first which mutants it reaches, so what is slow here costs less
# than it seems. The sweep kills a worker at every store, and its successors too.
SCENARIOS = ":".join(f"Seeded/*/{name}" for name in (
    "Created", "Kept", "FullRings", "DropEdge", "Refused", "WaitsForItsTurn", "LittleMemory", "LargeFrames", "TwoPorts",
    "DeadLetters"))
# The unit tests are built with the address sanitizer, as in one of the test runs: it sees who looks behind an array.
UNIT = {
    "base_test": "*",
    "ring_test": "*",
    "memory_test": "-Backing.*",
    "worker_test": "*",
}
SWEEP = {"sweep_test": SCENARIOS}
# Programs that are no GoogleTest: each line of arguments is a test.
COMMANDS = {
    "simulate": ["--seeds 1 500", "--seeds 501 4000"],
    "races": ["--seeds 1 10"],
}
SWEEP_ENVIRONMENT = {"MICROPIPE_SWEEP_PAIRS": "15"}
QUICK_SECONDS = 0.3  # a test that takes no longer is run before all that do
LEAST_SECONDS, TIMES_AS_SLOW = 5, 4  # tests that take longer hang


def write_if_other(path, text):
    """So that what did not change is not built again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def find_all():
    found = []
    for name in FILES:
        if not (ROOT / name).exists():
            continue
        language = ["-x", "c"] if name.endswith(".h") else []
        arguments = language + ["-std=gnu11", "-D_GNU_SOURCE"] + [f"-I{ROOT / i}" for i in INCLUDES]
        file = mutants.File(str(ROOT / name), name, arguments, len(found) + 1)
        text = file.mutated()
        found += file.mutants
        yield name, text, file.mutants


def copy_tree():
    for old in (BUILD / "tree").rglob("*"):
        if old.is_file() and not (ROOT / old.relative_to(BUILD / "tree")).exists():
            old.unlink()  # gone since the last run, or renamed
    for name in COPIED:
        source = ROOT / name
        files = [source] if source.is_file() else [f for f in source.rglob("*") if f.is_file()]
        for file in files:
            relative = str(file.relative_to(ROOT))
            if relative in FILES or "__pycache__" in relative:
                continue
            target = BUILD / "tree" / relative
            if not target.exists() or target.stat().st_mtime < file.stat().st_mtime:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, target)


def build(jobs):
    flags = f"-O1 -w -D_GNU_SOURCE -include {ROOT / 'tests/mutate/mutant.h'}"
    log = open(BUILD / "build.log", "w")
    for out, targets, sanitize in (
        (PLAIN, [*SWEEP, *COMMANDS], ""),
        (SANITIZED, UNIT, "address,undefined"),
    ):
        for command in (
            ["cmake", "-S", str(BUILD / "tree"), "-B", str(out), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
             "-DMICROPIPE_BENCH=OFF", f"-DMICROPIPE_SANITIZE={sanitize}", f"-DCMAKE_C_FLAGS={flags}",
             f"-DCMAKE_CXX_FLAGS={flags}"],
            ["cmake", "--build", str(out), "-j", str(jobs), "--target", *targets],
        ):
            if subprocess.run(command, stdout=log, stderr=log).returncode != 0:
                sys.exit(f"mutate: the build failed: {BUILD / 'build.log'}")


def binary(program):
    return str((SANITIZED if program in UNIT else PLAIN) / "bin" / program)


@dataclasses.dataclass
class Test:
    program: str
    name: str
    seconds: float
    reached: bytes  # a byte a mutant


def run(program, filters, environment, seconds):
    """How the program ends; None: well."""
    words = filters[0].split() if program in COMMANDS else ["--gtest_filter=" + ":".join(filters)] + FAST
    process = subprocess.Popen(
        [binary(program)] + words,
        env={**os.environ, **ENVIRONMENT, **SWEEP_ENVIRONMENT, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        code = process.wait(timeout=seconds)
        how = "fails" if code == 1 else f"ends with {code}"
    except subprocess.TimeoutExpired:
        code, how = 1, "hangs"
    if code == 0:
        return None
    try:
        os.killpg(process.pid, 9)  # and what it has forked
    except ProcessLookupError:
        pass
    process.wait()
    return f"{program} {how}"


def names_of(program, filter):
    """The tests of a program, as a filter names them."""
    command = [binary(program), "--gtest_list_tests", f"--gtest_filter={filter}"]
    suite = ""
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[1:]:
        name = line.split("#")[0].strip()
        if line.startswith(" "):
            yield suite + name
        else:
            suite = name


def look(program, name):
    """Runs one test without any mutant, and notes which it reaches."""
    path = BUILD / "reached" / (program + "." + name.replace("/", "_").replace(" ", "_"))
    path.unlink(missing_ok=True)
    start = time.time()
    if found := run(program, [name], {"MUTANT": "0", "MUTANT_REACHED": str(path)}, 300):
        sys.exit(f"mutate: without any mutant, {found}: {name}")
    return Test(program, name, time.time() - start, path.read_bytes())


def look_at_all(programs, jobs):
    (BUILD / "reached").mkdir(exist_ok=True)
    names = [(program, name) for program, filter in programs.items()
             for name in (filter if program in COMMANDS else names_of(program, filter))]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(lambda n: look(*n), names))


def kill(number, tests):
    """Which program's tests killed the mutant, and how; None: none did. Only those that reach it are run, the quickest
    first; of the sweep, test by test."""
    groups = {}
    for test in tests:
        if test.reached[number]:
            quick = test.seconds <= QUICK_SECONDS
            alone = test.program in SWEEP or test.program in COMMANDS
            groups.setdefault(test.name if alone else (test.program, quick), []).append(test)
    for group in sorted(groups.values(), key=lambda g: sum(t.seconds for t in g)):
        seconds = LEAST_SECONDS + TIMES_AS_SLOW * sum(t.seconds for t in group)
        if found := run(group[0].program, [t.name for t in group], {"MUTANT": str(number)}, seconds):
            return found
    return None


def read_equivalents():
    """Key and reason of each."""
    found = {}
    for line in (ROOT / "tests/mutate/equivalent.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            key, _, reason = line.rpartition(" | ")  # a key may have one, too
            found[key.strip()] = reason.strip()
    return found


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0])
    parser.add_argument("--sample", type=int, metavar="N", help="only so many, chosen by the seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--quick", action="store_true", help="only the unit tests: more survive")
    parser.add_argument("--again", metavar="LOG", help="only those that survived a run whose output that is")
    parser.add_argument("--list", action="store_true", help="name the mutants, and run none")
    parser.add_argument("files", nargs="*", metavar="FILE")
    return parser.parse_args()


def choose(args):
    chosen = []
    for name, text, found in find_all():
        write_if_other(BUILD / "tree" / name, text)
        if not args.files or any(f in name for f in args.files):
            chosen += found
    if args.again:
        survived = {line.strip() for line in open(args.again) if ": SURVIVED: " in line}
        chosen = [m for m in chosen if line_of(m, None) in survived]
    if args.sample and args.sample < len(chosen):
        chosen = sorted(random.Random(args.seed).sample(chosen, args.sample), key=lambda m: m.number)
    return chosen


def line_of(mutant, killer):
    return f"{mutant.file}:{mutant.line}: {killer or 'SURVIVED'}: {mutant.what}: {mutant.text}"


def report(chosen, equivalent, survived, seconds):
    killed = len(chosen) - len(survived)
    for mutant in survived:
        print(f"{mutant.file}:{mutant.line}: survived: {mutant.what}: {mutant.text}")
    percent = 100 * killed / len(chosen) if chosen else 100
    print(
        f"mutate: {len(chosen)} mutants, {killed} killed ({percent:.1f} %), {len(survived)} survived; "
        f"{len(equivalent)} more are equivalent; {seconds:.0f} s"
    )
    return 0 if percent >= 95 else 1


def main():
    args = arguments()
    chosen = choose(args)
    reasons = read_equivalents()
    equivalent = [m for m in chosen if m.key() in reasons]
    chosen = [m for m in chosen if m.key() not in reasons]
    if args.list:
        for m in chosen:
            print(f"{m.number} {m.file}:{m.line}: {m.key()}")
        return 0
    copy_tree()
    build(args.jobs)
    start = time.time()
    tests = look_at_all(UNIT if args.quick else {**UNIT, **COMMANDS, **SWEEP}, args.jobs)
    survived = []
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for mutant, killer in zip(chosen, pool.map(lambda m: kill(m.number, tests), chosen)):
            print(line_of(mutant, killer), flush=True)
            if not killer:
                survived.append(mutant)
    return report(chosen, equivalent, survived, time.time() - start)


if __name__ == "__main__":
    sys.exit(main())
