"""Two kinds of failure: `Retry` when the world failed, `Stop` when the input or the code is wrong.

A message says what happened and what to do next, and never carries a row's value.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable

EXIT_RETRY = 75  # EX_TEMPFAIL of sysexits.h: a scheduler may run the command again
EXIT_STOP = 65  # EX_DATAERR: running it again changes nothing until somebody acts
EXIT_FAULT = 70  # EX_SOFTWARE: a fault in the program
EXIT_INTERRUPTED = 130


class HouseError(Exception):
    """An error whose message is shown to a person as it is, without a traceback."""

    exit_code = 1


class Retry(HouseError):
    """The world failed (a server is away, a lock is held): the same call may succeed later."""

    exit_code = EXIT_RETRY


class Stop(HouseError):
    """The input, the state or the code is wrong: somebody has to act before it is tried again."""

    exit_code = EXIT_STOP


def run_command(command: Callable[[], int | None]) -> int:
    """Run a command line's body and turn its outcome into an exit code and at most one line on stderr."""
    try:
        return command() or 0
    except HouseError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted. Nothing is half done: run the same command again to go on.\n")
        return EXIT_INTERRUPTED
    except OSError as error:
        if error.errno == 28:  # ENOSPC
            sys.stderr.write("The disk is full. Free some space, then run the same command again.\n")
            return EXIT_RETRY
        return _unexpected(error)
    except Exception as error:  # noqa: BLE001 - the edge of a process: the text of an error may quote a row
        return _unexpected(error)


def _unexpected(error: Exception) -> int:
    """Say what kind of error it was and where, with the code's lines and without the error's own text."""
    frames = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
    sys.stderr.write(
        f"{frames}{type(error).__name__}: a fault in the program; its text may hold a row, so it is not shown.\n"
    )
    return EXIT_FAULT
