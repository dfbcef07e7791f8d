"""Tries what Polymux promises from outside, one line for each row and backend.

    acceptance.py [ROW | BACKEND]...    like f11, or f34 poll epoll-et

POLYMUX_LONG=1 makes the rows that profit from it long. Exit code 1 when a row
failed; a row that cannot be tried here is skipped with its reason.
"""

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


def main(arguments):
    outcomes = {"ok": 0, "skipped": 0, "FAILED": 0}
    backends = rows.backends()
    chosen = [name for name in arguments if name not in backends]
    if len(chosen) < len(arguments):
        backends = {name: unavailable for name, unavailable in backends.items()
                    if name in arguments}
    for function in rows.ROWS:
        row, title = function.__name__.split("_", 1)
        if chosen and row not in chosen:
            continue
        for backend, unavailable in backends.items():
            start = time.monotonic()
            if unavailable:
                outcome, detail = "skipped", unavailable
            else:
                outcome, detail = attempt(function, backend)
            outcomes[outcome] += 1
            print(f"{row.upper()} {title.replace('_', ' '):32.32} "
                  f"{backend:9} {outcome:7} {time.monotonic() - start:5.1f} s"
                  f"  {detail}", flush=True)
    print(", ".join(f"{count} {outcome}"
                    for outcome, count in outcomes.items()))
    return 1 if outcomes["FAILED"] or not outcomes["ok"] else 0


if __name__ == "__main__":
    sys.exit(main([name.lower() for name in sys.argv[1:]]))
