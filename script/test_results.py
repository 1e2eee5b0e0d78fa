"""What tests answered: reading JUnit-style XML (GTest, pytest and ctest write it) and counting it."""

import dataclasses
import xml.etree.ElementTree as xml


@dataclasses.dataclass
class Case:
    name: str
    failed: str | None = None   # why, else None
    skipped: str | None = None  # why, else None
    output: str = ""


def read_junit(file):
    """The cases of a file; a file that cannot be read is one failed case."""
    try:
        root = xml.parse(file).getroot()
    except (OSError, xml.ParseError) as error:
        return [Case(str(file), failed=f"no readable result: {error}")]
    return [read_case(node) for node in root.iter("testcase")]


def read_case(node):
    name = ".".join(filter(None, (node.get("classname"), node.get("name"))))
    wrong = [*node.findall("failure"), *node.findall("error")]
    case = Case(name, output=node.findtext("system-out") or "")
    if wrong:
        case.failed = "\n".join((part.text or part.get("message") or "failed").strip() for part in wrong)
    elif (skipped := node.find("skipped")) is not None:
        said = skipped.text or skipped.get("message") or "no reason given"
        case.skipped = " ".join(said.split())
    elif node.get("status") in ("notrun", "disabled"):
        case.skipped = "disabled in its source"
    return case


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []

    def total(self):
        return self.passed + len(self.failed) + len(self.skipped)

    def add(self, name, failed=None):
        self.add_case("", Case(name, failed=failed))

    def add_case(self, prefix, case):
        name = prefix + case.name
        if case.failed is not None:
            self.failed.append(name)
            print(f"\nFAILED {name}\n{case.failed}\n", flush=True)
        elif case.skipped is not None:
            self.skipped.append((case.skipped, name))
        else:
            self.passed += 1

    def finish(self):
        """Says what was skipped and what failed, ends with the line of counts; returns the exit status."""
        print()
        for reason in sorted({reason for reason, _ in self.skipped}):
            names = [name for why, name in self.skipped if why == reason]
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            print(f"skipped: {', '.join(names[:3])}{more}: {reason}")
        for name in self.failed:
            print(f"failed: {name}")
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {len(self.failed)} failed{skipped}", flush=True)
        return 1 if self.failed or not self.passed else 0
