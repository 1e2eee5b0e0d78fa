"""Runs the parts of script/test one after the other, goes on past failures, and counts every case."""

import argparse
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from test_results import Tally, read_junit

ROOT = Path(__file__).resolve().parent.parent
JOBS = os.cpu_count() or 2
TSAN_TESTS = ("base", "policy", "store", "store_sql", "app", "mqtt", "net", "stream", "hints", "run")
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


def run(command, **options):
    """Runs to the end; returns the exit status and what was said, in one text."""
    env = {**os.environ, **SANITIZER_OPTIONS, **options.pop("env", {})}
    try:
        done = subprocess.run([str(word) for word in command], cwd=ROOT, env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", check=False, **options)
    except subprocess.TimeoutExpired as late:
        return 124, f"{late.stdout or ''}\nstopped after {late.timeout} seconds"
    return done.returncode, done.stdout


def tail(text, lines=60):
    kept = text.rstrip().splitlines()
    return "\n".join((["…"] if len(kept) > lines else []) + kept[-lines:])


def crash(said):
    """The case that ran last and the head of a sanitizer's report, else the end of what was said."""
    head = r"^.*(?:ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:).*\n(?:.*\n){0,24}"
    report = re.search(head, said, re.M)
    if report is None:
        return tail(said)
    running = re.findall(r"^\[ RUN .*", said[:report.start()], re.M)
    return "\n".join([*running[-1:], report[0]])


def build_errors(said):
    """What failed in Ninja's output, without the long command lines and what went well."""
    failed = re.findall(r"^FAILED: .*\n.*\n((?:(?!\[\d+/\d+\]|FAILED: ).*\n)*)", said, re.M)
    return tail("\n".join(failed), 150) or tail(said)


def check(tally, name, *command):
    status, said = run(command)
    tally.add(f"check: {name}", failed=tail(said) if status else None)


def build(tally, preset, *targets):
    """Builds as much as can be built; true if that was everything."""
    if not (ROOT / "build" / preset / "build.ninja").exists():
        status, said = run(["cmake", "--preset", preset])
        if status:
            tally.add(f"build: {preset}", failed=tail(said))
            return False
    status, said = run(["cmake", "--build", "--preset", preset, *(["--target", *targets] if targets else []),
                        "--", "-k", "0"])
    tally.add(f"build: {preset}", failed=build_errors(said) if status else None)
    return status == 0


def programs(tally, preset, only=None, env=None):
    """All test programs that ctest knows, each case of theirs counted."""
    folder = ROOT / "build" / preset
    results = folder / "results"
    shutil.rmtree(results, ignore_errors=True)
    results.mkdir(parents=True)
    choice = ["-R", f"^({'|'.join(only)})$"] if only else []
    _, listed = run(["ctest", "--test-dir", folder, "--show-only=json-v1", *choice])
    commands = {test["name"]: test.get("command") for test in json.loads(listed)["tests"]}
    if not commands:
        tally.add(f"{preset}: test programs", failed="ctest knows none")
        return
    summary = results / "ctest.junit"
    run(["ctest", "--test-dir", folder, "-j", JOBS, "--timeout", 900, "--output-junit", summary, *choice],
        env={"GTEST_OUTPUT": f"xml:{results}/", **(env or {})})
    ended = {case.name.split(".")[0]: case for case in read_junit(summary)}
    for name, command in commands.items():
        program = Path(command[0]).name if command else name
        cases = [case for file in results.glob(f"{program}.xml") for case in read_junit(file)]
        whole = ended.get(name)
        for case in cases:
            tally.add_case(f"{name}: ", case)
        if whole is None or whole.skipped is not None:
            tally.add(f"{preset}: program {name}", failed="it was not built")
        elif whole.failed is not None and not any(case.failed for case in cases):
            # It crashed, leaked or timed out: no case can say so.
            tally.add(f"{preset}: program {name}", failed=crash(whole.output or whole.failed))
        elif not cases:
            tally.add(f"{preset}: program {name}")


def fuzz_targets(preset):
    _, listed = run(["ninja", "-C", ROOT / "build" / preset, "-t", "targets", "all"])
    found = re.findall(r"^(\S*/fuzz_\w+): CXX_EXECUTABLE_LINKER", listed, re.M)
    return sorted(ROOT / "build" / preset / path for path in found)


def fuzz(tally, preset, seconds):
    """Each target for some seconds. Of `fuzz_x`, seeds and known crashers lie in fuzz/x/, words in fuzz/x.dict."""
    artifacts = ROOT / "build" / preset / "fuzz-findings"
    artifacts.mkdir(parents=True, exist_ok=True)

    def one(target):
        name = target.name.removeprefix("fuzz_")
        if not target.exists():
            return f"fuzz: {name}", "it was not built"
        seeds = ROOT / "fuzz" / name
        words = seeds.with_suffix(".dict")
        with tempfile.TemporaryDirectory() as corpus:
            status, said = run([target, corpus, *([seeds] if seeds.is_dir() else []), "-seed=1", "-timeout=10",
                                "-rss_limit_mb=2048", f"-max_total_time={seconds}", "-verbosity=0",
                                *([f"-dict={words}"] if words.is_file() else []),
                                f"-artifact_prefix={artifacts}/{name}-"], timeout=seconds + 120)
        return f"fuzz: {name}", tail(said) if status else None

    targets = fuzz_targets(preset)
    if not targets:
        tally.add("fuzz: targets", failed="the build has none")
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for name, failed in pool.map(one, targets):
            tally.add(name, failed=failed)


def journeys(tally, env):
    results = ROOT / "build/release/journeys.xml"
    results.unlink(missing_ok=True)
    status, said = run(["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", JOBS, "--dist", "loadfile",
                        "tests/journeys", f"--junitxml={results}"], env=env)
    cases = read_junit(results) if results.exists() else []
    for case in cases:
        tally.add_case("journey: ", case)
    if not cases or (status and not any(case.failed for case in cases)):
        tally.add("journeys", failed=tail(said) or "none ran")


def quick_checks(tally):
    check(tally, "words", "script/check-tree", "words")
    check(tally, "file sizes", "script/check-tree", "sizes")
    check(tally, "the pages of proofs name tests that exist", "script/check-tree", "proofs")
    check(tally, "layers", "script/check-layers")
    check(tally, "planted violations of the layers are found", "script/check-layers", "--self-test")
    check(tally, "format", "script/format", "check")


def checks_with_build(tally, everything):
    check(tally, "each header compiles alone", "script/check-headers", *(["--bare"] if everything else []), "build/asan")
    check(tally, "clang-tidy", "script/tidy", "--build", "build/asan")


def release(tally, env):
    if not build(tally, "release"):
        tally.add("journeys", failed="the release build failed")
        return
    check(tally, "docs/configuration.md is current", "script/config-reference", "check")
    check(tally, "docs/cli.md is current", "script/cli-reference", "check")
    check(tally, "the examples of docs/api.md and docs/policy.md work", "script/check-examples")
    check(tally, "script/demo", "script/demo")
    journeys(tally, env)


def main():
    parser = argparse.ArgumentParser(prog="script/test")
    parser.add_argument("--all", action="store_true",
                        help="add the thread sanitizer, long fuzz runs, many kills, larger models")
    options = parser.parse_args()
    more = {"ALLAUTH_KILLS": "100", "ALLAUTH_EXPLORE": "all", "ALLAUTH_REQUESTS": "100",
            "ALLAUTH_SCHEMATHESIS": "300"} if options.all else {}
    steps = [("Checks of the tree", quick_checks),
             ("Build with sanitizers (some minutes the first time)", lambda tally: build(tally, "asan")),
             ("Test programs", lambda tally: programs(tally, "asan", env=more)),
             ("Headers and clang-tidy", lambda tally: checks_with_build(tally, options.all)),
             ("Fuzz targets", lambda tally: fuzz(tally, "asan", 120 if options.all else 8)),
             ("Release build and journeys", lambda tally: release(tally, more))]
    if options.all:
        steps += [("Build with the thread sanitizer",
                   lambda tally: build(tally, "tsan", *(f"{name}_test" for name in TSAN_TESTS))),
                  ("Test programs, threads", lambda tally: programs(tally, "tsan", TSAN_TESTS))]
    tally = Tally()
    for title, step in steps:
        print(f"== {title}", flush=True)
        started, before = time.monotonic(), tally.total()
        try:
            step(tally)
        except Exception:  # a mistake in here must not hide what else there is to say
            tally.add(title, failed=traceback.format_exc())
        print(f"   {tally.total() - before} counted, {time.monotonic() - started:.0f} s", flush=True)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
