"""Breaks the core in every small way, one at a time, and looks whether a test notices.

usage: mutate.py [--sample N] [--seed N] [--jobs N] [--quick] [--list] [FILE...]

A FILE is a part of a name under host/, as "ring" or "roll_forward.c"; without one: all. All mutants are in one build,
under build/mutate; the environment wakes one of them. A mutant is killed if a test fails, crashes or hangs. Those of
equivalent.txt change nothing that anybody could notice; they are not run, and counted apart.
"""
import argparse
import concurrent.futures
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

# By the folder of the mutant; quickest first. Each is given so many seconds.
UNIT = {
    "host/base": ["base_test", "--gtest_filter=-*EitherTheSleeperSees*"],
    "host/memory": ["memory_test", "--gtest_filter=-Backing.*"],
    "host/ring": ["ring_test"],
}
SCENARIOS = ":".join(f"Seeded/*/{name}" for name in (
    "Created", "Kept", "FullRings", "DropEdge", "Refused", "WaitsForItsTurn", "LittleMemory", "LargeFrames", "TwoPorts",
    "DeadLetters"))
TESTS = [
    (["worker_test"], {}, 30),
    (["sweep_test", f"--gtest_filter={SCENARIOS}"], {"MICROPIPE_SWEEP_PAIRS": "15"}, 60),
]
THOROUGH = [
    (["kill_test"], {}, 180),
    (["sweep_test", "--gtest_filter=Seeded/*"], {}, 240),
]
TARGETS = ["base_test", "memory_test", "ring_test", "worker_test", "sweep_test", "kill_test"]


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
    flags = f"-O1 -w -include {ROOT / 'tests/mutate/mutant.h'}"
    tree, out = str(BUILD / "tree"), str(BUILD / "out")
    log = open(BUILD / "build.log", "w")
    configure = ["cmake", "-S", tree, "-B", out, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DMICROPIPE_BENCH=OFF"]
    for command in (
        configure + [f"-DCMAKE_C_FLAGS={flags}", f"-DCMAKE_CXX_FLAGS={flags}"],
        ["cmake", "--build", out, "-j", str(jobs), "--target"] + TARGETS,
    ):
        if subprocess.run(command, stdout=log, stderr=log).returncode != 0:
            sys.exit(f"mutate: the build failed: {BUILD / 'build.log'}")


def tests_of(file, quick):
    unit = UNIT.get(os.path.dirname(file))
    return ([(unit, {}, 30)] if unit else []) + TESTS + ([] if quick else THOROUGH)


def run_tests(number, tests):
    """Which test killed the mutant, and how; None: none did."""
    for command, extra, seconds in tests:
        environment = {**os.environ, **ENVIRONMENT, **extra, "MUTANT": str(number)}
        process = subprocess.Popen(
            [str(BUILD / "out/bin" / command[0])] + command[1:] + FAST,
            env=environment,
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
        if code != 0:
            try:
                os.killpg(process.pid, 9)  # and what it has forked
            except ProcessLookupError:
                pass
            process.wait()
            return f"{command[0]} {how}"
    return None


def read_equivalents():
    """Key and reason of each."""
    found = {}
    for line in (ROOT / "tests/mutate/equivalent.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            key, _, reason = line.partition(" | ")
            found[key.strip()] = reason.strip()
    return found


def arguments():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0])
    parser.add_argument("--sample", type=int, metavar="N", help="only so many, chosen by the seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--quick", action="store_true", help="leave out the slow tests: more survive")
    parser.add_argument("--list", action="store_true", help="name the mutants, and run none")
    parser.add_argument("files", nargs="*", metavar="FILE")
    return parser.parse_args()


def choose(args):
    chosen = []
    for name, text, found in find_all():
        write_if_other(BUILD / "tree" / name, text)
        if not args.files or any(f in name for f in args.files):
            chosen += found
    if args.sample and args.sample < len(chosen):
        chosen = sorted(random.Random(args.seed).sample(chosen, args.sample), key=lambda m: m.number)
    return chosen


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
    everything = [(unit, {}, 60) for unit in UNIT.values()] + TESTS
    if found := run_tests(0, everything):
        sys.exit(f"mutate: without any mutant, {found}")
    start = time.time()
    survived = []
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for mutant, killer in zip(chosen, pool.map(lambda m: run_tests(m.number, tests_of(m.file, args.quick)), chosen)):
            print(f"{mutant.file}:{mutant.line}: {killer or 'SURVIVED'}: {mutant.what}: {mutant.text}", flush=True)
            if not killer:
                survived.append(mutant)
    return report(chosen, equivalent, survived, time.time() - start)


if __name__ == "__main__":
    sys.exit(main())
