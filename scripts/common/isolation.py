"""One reel at a time in worker processes that may be killed: untrusted media crash, hang and eat memory."""

from __future__ import annotations

import multiprocessing
import os
import resource
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, as_completed
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from common.program import UserError, die_with_parent
from common.states import Outcome, ReelError, unexpected

Task = TypeVar("Task")


def run_isolated(
    function: Callable[..., Outcome],
    tasks: Iterable[Task],
    *arguments: Any,
    workers: int,
    timeout_s: float,
    memory_mb: int,
) -> Iterator[tuple[Task, Outcome]]:
    """Call ``function(task, *arguments)`` for each task in worker processes; yield outcomes as they come.

    A task that raises ReelError, hangs, crashes its process or takes too much memory fails alone.

    Args:
        function: importable by name; returns an Outcome.
        tasks: picklable.
        arguments: passed on to each call.
        workers: processes at a time.
        timeout_s: seconds one task may take before its process is killed.
        memory_mb: address space of a worker process.
    """
    # A fork server keeps the workers free of this process's threads, so that one killed at any moment cannot leave
    # a lock behind for the next.
    context = multiprocessing.get_context("forkserver")
    with ProcessPool(
        max_workers=workers, max_tasks=100, initializer=_limit, initargs=[memory_mb], context=context
    ) as pool:
        futures: dict[Future[Outcome], Task] = {
            pool.schedule(function, args=[task, *arguments], timeout=timeout_s): task for task in tasks
        }
        try:
            for future in as_completed(futures):
                yield futures[future], _outcome(future, timeout_s, memory_mb)
        except BaseException:
            pool.stop()  # type: ignore[no-untyped-call]
            raise


def _limit(memory_mb: int) -> None:
    die_with_parent()
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(1)  # the program that publishes results comes first


def _outcome(future: Future[Outcome], timeout_s: float, memory_mb: int) -> Outcome:
    try:
        return future.result()
    except UserError:  # something is wrong with the study, not with this reel
        raise
    except ReelError as error:
        return Outcome("failed", error.reason, error.detail or None)
    except TimeoutError:
        return Outcome("failed", "timeout", f"more than {timeout_s:g} s")
    except MemoryError:
        return Outcome("failed", "out_of_memory", f"more than {memory_mb} MB")
    except ProcessExpired as error:
        return Outcome("failed", "crashed", f"exit code {error.exitcode}")
    except Exception as error:
        return unexpected(error)
