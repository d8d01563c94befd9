"""Run a program that is killed when the process that started it ends (Linux), by becoming it.

Run as a file, before any import of the package: `python -I -S leash.py PARENT PROGRAM ARGUMENTS…`.
`PARENT` is the process id of the starter. The kernel ties the signal to the thread that started the
program, so start it from a thread that lives as long as the program is to.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2)


def main(arguments: list[str]) -> None:
    """Ask for the signal, and become the program unless the starter has ended meanwhile."""
    parent, program = int(arguments[0]), arguments[1:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() == parent:
        os.execv(program[0], program)  # noqa: S606 - becoming the program is the point


if __name__ == "__main__":
    main(sys.argv[1:])
