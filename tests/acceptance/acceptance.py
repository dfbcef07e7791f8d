"""Tries what Polymux promises from outside, one line for each row and backend.

    acceptance.py [ROW | BACKEND]...    like f11, or f34 poll epoll-et

POLYMUX_LONG=1 makes the rows that profit from it long. Exit code 1 when a row
failed; a row that cannot be tried here is skipped with its reason.
"""

import os
import signal
import sys
import time
import traceback

import rows
from driver import Skip

# Longer than any row in its long mode.
ROW_SECONDS = 300


def attempt(function, *arguments):
    signal.alarm(ROW_SECONDS)
    try:
        return "ok", function(*arguments)
    except Skip as skip:
        return "skipped", str(skip)
    except Exception as error:  # pylint: disable=broad-except
        traceback.print_exc()
        return "FAILED", f"{type(error).__name__}: {error}"
    finally:
        signal.alarm(0)


def shard_of(pairs):
    """The share of them that Bazel wants from this process."""
    shards = int(os.environ.get("TEST_TOTAL_SHARDS", "1"))
    if "TEST_SHARD_STATUS_FILE" in os.environ:
        with open(os.environ["TEST_SHARD_STATUS_FILE"], "w", encoding="ascii"):
            pass  # that it is there says that we know of shards
    return pairs[int(os.environ.get("TEST_SHARD_INDEX", "0"))::shards]


def main(arguments):
    outcomes = {"ok": 0, "skipped": 0, "FAILED": 0}
    backends = rows.backends()
    chosen = [name for name in arguments if name not in backends]
    if len(chosen) < len(arguments):
        backends = {name: unavailable for name, unavailable in backends.items()
                    if name in arguments}
    pairs = [(function, backend) for function in rows.ROWS
             if not chosen or function.__name__.split("_", 1)[0] in chosen
             for backend in backends]
    for function, backend in shard_of(pairs):
        row, title = function.__name__.split("_", 1)
        start = time.monotonic()
        if backends[backend]:
            outcome, detail = "skipped", backends[backend]
        else:
            outcome, detail = attempt(function, backend)
        outcomes[outcome] += 1
        print(f"{row.upper()} {title.replace('_', ' '):32.32} "
              f"{backend:9} {outcome:7} {time.monotonic() - start:5.1f} s"
              f"  {detail}", flush=True)
    print(", ".join(f"{count} {outcome}"
                    for outcome, count in outcomes.items()))
    return 1 if outcomes["FAILED"] or not pairs else 0


if __name__ == "__main__":
    sys.exit(main([name.lower() for name in sys.argv[1:]]))
