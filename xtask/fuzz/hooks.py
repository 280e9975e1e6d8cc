"""What `cargo xtask fuzz` teaches the fuzzer: the share of one process, the exceptions, and the count.

The fuzzer imports this module. The environment says what to do:

    TABARD_FUZZ_DIALECT     the dialect whose document is fuzzed
    TABARD_FUZZ_SHARE       `0/2`: the first of two processes that share the operations
    TABARD_FUZZ_PATH        only operations whose path matches this regular expression
    TABARD_FUZZ_TWINS       `one`: of two operations that differ by a leading administration, take one
    TABARD_FUZZ_EXCEPTIONS  the table of exceptions
    TABARD_FUZZ_COUNTS      the file that the counts are written to, as JSON
"""

import atexit
import json
import os
import re
import threading
import urllib.parse

import schemathesis
import schemathesis.specs.openapi.converter as converter

try:
    import tomllib
except ImportError:  # before Python 3.11
    import tomli as tomllib

DIALECT = os.environ["TABARD_FUZZ_DIALECT"]
SHARE, SHARES = (int(number) for number in os.environ["TABARD_FUZZ_SHARE"].split("/"))
METHODS = ("get", "post", "put", "patch", "delete")
BELOW = "/administrations/{administration_id}"
# So many calls lie between two times that the counts are written.
CALLS_PER_COUNT = 100


class Exceptions:
    """The table of exceptions, and which of them were needed."""

    def __init__(self, path):
        with open(path, "rb") as file:
            rows = tomllib.load(file)["exception"]
        self.rows = [row for row in rows if row["dialect"] in ("*", DIALECT)]
        self.needed = {}

    def allow(self, check, operation, failure, response):
        """Whether a rule of the dialect explains this failure."""
        error = first_error(response)
        query = urllib.parse.urlsplit(response.request.url).query
        for row in self.rows:
            if not fits(row, check, operation, response.status_code, error):
                continue
            if says(row, "message", failure.message) and says(row, "query", query):
                self.needed[row["rule"]] = self.needed.get(row["rule"], 0) + 1
                return True
        return False


def says(row, key, text):
    return re.search(row.get(key, ""), text) is not None


def fits(row, check, operation, status, error):
    source = error.get("source") or {}
    place = source.get("pointer") or source.get("parameter") or source.get("header") or ""
    return (
        re.fullmatch(row["check"], check) is not None
        and status in (row["status"] if isinstance(row["status"], list) else [row["status"]])
        and says(row, "operations", operation)
        and re.fullmatch(row.get("code", ".*"), str(error.get("code", ""))) is not None
        and says(row, "place", place)
        and says(row, "detail", str(error.get("detail", "")))
    )


def first_error(response):
    """The first of the errors of an answer; an empty one if it has none."""
    try:
        errors = json.loads(response.content).get("errors")
        return errors[0] if errors else {}
    except (ValueError, AttributeError, TypeError, IndexError, KeyError):
        return {}


class Counts:
    """What has been done so far, for whoever waits."""

    def __init__(self, path):
        self.path = path
        self.examples = {}
        self.calls = 0
        self.failures = {}
        self.lock = threading.Lock()

    def add_call(self, label):
        with self.lock:
            self.examples[label] = self.examples.get(label, 0) + 1
            self.calls += 1
        if self.calls % CALLS_PER_COUNT == 0:
            self.write()

    def add_failure(self, label, check):
        with self.lock:
            checks = self.failures.setdefault(label, {})
            checks[check] = checks.get(check, 0) + 1

    def write(self):
        counts = {
            "operations": len(self.examples),
            "examples": sum(self.examples.values()),
            "failures": self.failures,
            "exceptions": EXCEPTIONS.needed,
        }
        unfinished = self.path + ".new"
        with open(unfinished, "w", encoding="utf-8") as file:
            json.dump(counts, file)
        os.replace(unfinished, self.path)


EXCEPTIONS = Exceptions(os.environ["TABARD_FUZZ_EXCEPTIONS"])
COUNTS = Counts(os.environ["TABARD_FUZZ_COUNTS"])
atexit.register(COUNTS.write)


def keep_bounds_as_they_are(schema):
    """Leaves the lengths of a text beside its pattern.

    The fuzzer writes them into the pattern, and a class repeated some thousand times takes its engine 100 times
    as long to compile, again for every wrong example. It writes them in once more where it draws a text.
    """


# The version is fixed in requirements.txt; where the name has gone, no time is to be lost in silence.
assert callable(converter.update_pattern_in_schema)
converter.update_pattern_in_schema = keep_bounds_as_they_are


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Marks this process's share of the operations, dealt like cards; `--include-by` picks the marked ones."""
    operations = [
        (path, method)
        for path, item in sorted(raw_schema["paths"].items())
        for method in METHODS
        if method in item
    ]
    wanted = re.compile(os.environ.get("TABARD_FUZZ_PATH", ""))
    operations = [(path, method) for path, method in operations if wanted.search(path)]
    if os.environ.get("TABARD_FUZZ_TWINS") == "one":
        known = set(operations)
        operations = [
            (path, method)
            for path, method in operations
            if not (path.startswith(BELOW) and (path[len(BELOW) :], method) in known)
        ]
    for path, method in operations[SHARE::SHARES]:
        raw_schema["paths"][path][method]["x-share"] = True


@schemathesis.hook
def after_call(context, case, response):
    COUNTS.add_call(case.operation.label)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    label = case.operation.label
    checks = type(failure).checks or ("another",)
    if any(EXCEPTIONS.allow(check, label, failure, response) for check in checks):
        return False
    COUNTS.add_failure(label, checks[0])
    return True
