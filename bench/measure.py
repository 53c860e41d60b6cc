"""measure.py STDOUT STDERR PROGRAM [ARGUMENT...]: run a program, and print its seconds, its processor seconds, its peak memory in
KiB and how it ended, as os.waitpid() says.

A process of its own, because Linux counts the memory of who starts a program into that program's peak: the harness may have
held hundreds of megabytes at some time, this never does. posix_spawn keeps what is left of that small and the same for all."""

import os
import signal
import sys
import time

FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


def main():
    out, err, *argv = sys.argv[1:]
    # Ended from outside, it leaves nothing running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    started = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, out, FLAGS, 0o600),
        (os.POSIX_SPAWN_OPEN, 2, err, FLAGS, 0o600)])
    try:
        _, status, usage = os.wait4(pid, 0)
    except (KeyboardInterrupt, SystemExit):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        sys.exit(130)
    print(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, status)


main()
