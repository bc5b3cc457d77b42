"""What every client script shares: the addresses, the expected answer, and a count of checks."""
import os
import sys

import numpy as np

HTTP = os.environ["SERVER_HTTP"]
GRPC = os.environ["SERVER_GRPC"]

ROWS = np.array([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]], dtype=np.float32)
LABELS = [0, 2]

_checks = {"passed": 0, "failed": 0}


def check(what, condition):
    """Counts one check and names it when it fails."""
    _checks["passed" if condition else "failed"] += 1
    if not condition:
        print(f"FAILED: {what}")


def finish(name):
    """Prints the count and ends the script with it."""
    print(f"{name}: {_checks['passed']} passed, {_checks['failed']} failed")
    sys.exit(1 if _checks["failed"] or not _checks["passed"] else 0)


def raises(call, text):
    """Whether the call raises an exception whose message holds the text."""
    try:
        call()
    except Exception as error:  # noqa: BLE001, each client has classes of its own
        return text.lower() in str(error).lower()
    return False


async def fails(awaitable, text):
    """The same of what is awaited."""
    try:
        await awaitable
    except Exception as error:  # noqa: BLE001
        return text.lower() in str(error).lower()
    return False
