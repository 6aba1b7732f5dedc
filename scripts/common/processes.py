"""Computations in several processes at a time."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from common.program import UserError, die_with_parent

Result = TypeVar("Result")
# Each worker is a new program: free of this process's threads and locks, and its child, so that the kernel ends it with
# this process (a fork server would live on as long as one of its workers does).
CONTEXT = multiprocessing.get_context("spawn")


def in_processes(function: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], processes: int) -> Iterator[Result]:
    """The results of ``function(*task)``, in the order of the tasks.

    Args:
        function: importable by name.
        tasks: picklable arguments.
        processes: at a time; with one, everything is computed in this process.

    Raises:
        UserError: a process was killed.
    """
    if processes == 1 or len(tasks) < 2:
        yield from (function(*task) for task in tasks)
        return
    number = min(processes, len(tasks))
    with ProcessPoolExecutor(number, CONTEXT, initializer=die_with_parent, initargs=(os.getpid(),)) as pool:
        futures = [pool.submit(function, *task) for task in tasks]
        try:
            for future in futures:
                yield future.result()
        except BrokenProcessPool as error:
            raise UserError(
                "a worker process was killed, as the system does where memory runs out; give the job more memory or "
                "fewer cores (--processes), and run the same command again"
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
