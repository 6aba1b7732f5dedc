"""One reel at a time in worker processes that may be killed: untrusted media crash, hang and eat memory."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from queue import Empty, Queue
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from common.processes import CONTEXT
from common.program import UserError, die_with_parent, log
from common.stage import Work
from common.states import Outcome, ReelError, unexpected

Task = TypeVar("Task")
NO_WORKERS = (
    "the worker processes were killed, ended before they had anything to do, or cannot be started: the system kills "
    "them where memory runs out, and starts no more than it allows (ulimit -u, -v). Mend that, or take fewer workers, "
    "and give the same command again: what was finished is kept"
)
# How a worker ends that the kernel, a user or a cluster ended; the last is how pebble obeys SIGTERM.
KILLED = {-signal.SIGKILL, -signal.SIGTERM, int(signal.SIGTERM)}


def run_isolated(
    function: Callable[..., Outcome],
    tasks: Iterable[Task],
    *arguments: Any,
    workers: int,
    timeout_s: float,
    memory_mb: int,
) -> Iterator[tuple[Task, Outcome]]:
    """Call ``function(task, *arguments)`` for each task in worker processes; yield outcomes as they come.

    A task that raises ReelError, hangs, crashes its process or takes too much memory fails alone. One whose process is
    killed from outside has one more try: such a death says nothing of the task.

    Args:
        function: importable by name; returns an Outcome.
        tasks: picklable.
        arguments: passed on to each call.
        workers: processes at a time.
        timeout_s: seconds one task may take before its process is killed.
        memory_mb: address space of a worker process.

    Raises:
        UserError: of a task; or workers cannot be started, end before they have a task, or are killed twice over one.
        OSError: a disk is full, failing or read-only.
    """
    tasks = list(tasks)
    done: Queue[Future[Outcome]] = Queue()
    futures: dict[Future[Outcome], int] = {}
    killed: set[int] = set()
    with ProcessPool(
        max_workers=max(1, min(workers, len(tasks))), max_tasks=100, initializer=_limit,
        initargs=[memory_mb, os.getpid()], context=CONTEXT,
    ) as pool:  # fmt: skip

        def begin(number: int) -> None:
            try:
                future = pool.schedule(function, args=[tasks[number], *arguments], timeout=timeout_s)
            except RuntimeError as error:  # the pool has ended
                raise UserError(NO_WORKERS) from error
            futures[future] = number
            future.add_done_callback(done.put)

        try:
            for number in range(len(tasks)):
                begin(number)
            while futures:
                future = _next(done, pool)
                number = futures.pop(future)
                task = tasks[number]
                if not _was_killed(future):
                    yield task, _outcome(future, timeout_s, memory_mb)
                    continue
                if number in killed:
                    raise UserError(f"{_name(task)}: {NO_WORKERS}")
                log.warning("%s: its worker process was killed from outside; another one tries again", _name(task))
                killed.add(number)
                if isinstance(task, Work):
                    task.clear()
                begin(number)
        except BaseException:
            pool.stop()  # type: ignore[no-untyped-call]
            raise


def _next(done: Queue[Future[Outcome]], pool: ProcessPool) -> Future[Outcome]:
    """The next task that has ended; raises UserError where none ever will."""
    while True:
        try:
            return done.get(timeout=1)
        except Empty:
            if not pool.active:
                raise UserError(NO_WORKERS) from None


def _was_killed(future: Future[Outcome]) -> bool:
    error = future.exception()
    return isinstance(error, ProcessExpired) and error.exitcode in KILLED


def _name(task: object) -> str:
    return f"reel {task.reel_id}" if isinstance(task, Work) else str(task)


def _limit(memory_mb: int, parent: int) -> None:
    die_with_parent(parent)
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
    except BrokenProcessPool as error:
        raise UserError(NO_WORKERS) from error
    except ProcessExpired as error:
        return Outcome("failed", "crashed", f"exit code {error.exitcode}")
    except Exception as error:
        return unexpected(error)


def in_threads(
    function: Callable[[Task], Outcome], tasks: Iterable[Task], threads: int
) -> Iterator[tuple[Task, Outcome]]:
    """A core of one reel at a time in threads of this process, for stages whose reels share a model.

    Several reels with one thread each are as fast as one reel with several threads, do not suffer when the machine is
    busy with other things, and give the same digits whatever the number of threads.
    """
    with ThreadPoolExecutor(threads) as pool:
        futures = {pool.submit(function, task): task for task in tasks}
        for future in as_completed(futures):
            task = futures[future]
            try:
                yield task, future.result()
            except UserError:
                raise
            except ReelError as error:
                yield task, Outcome("failed", error.reason, error.detail or None)
            except Exception as error:
                yield task, unexpected(error)
