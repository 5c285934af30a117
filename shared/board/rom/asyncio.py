# The asyncio of the build waits for the page's own loop, which does not turn while a program runs. This one sleeps with the board.
import sys
import time as _time

_queue = []
_current = None
_next = 0


class CancelledError(BaseException):
    pass


class TimeoutError(Exception):
    pass


class Task:
    def __init__(self, coroutine):
        self.coro = coroutine
        self.at = _time.ticks_ms()
        self.turn = 0
        self.finished = False
        self.result = None
        self.error = None
        self.throwing = None

    def done(self):
        return self.finished

    def cancel(self):
        if self.finished:
            return False
        if self is _current:
            raise RuntimeError("can't cancel self")
        self.throwing = CancelledError()
        self.at = _time.ticks_ms()
        return True

    def __iter__(self):
        while not self.finished:
            yield 1
        if self.error:
            raise self.error
        return self.result


def create_task(coroutine):
    if not hasattr(coroutine, 'send'):
        raise TypeError('coroutine expected')
    task = Task(coroutine)
    _queue.append(task)
    return task


def current_task():
    return _current


def sleep_ms(ms):
    yield int(ms)


def sleep(seconds):
    yield int(seconds * 1000)


def _soonest():
    best = None
    for task in _queue:
        if best is None:
            best = task
            continue
        before = _time.ticks_diff(task.at, best.at)
        # of those that are due together, the one that waited longest
        if before < 0 or (before == 0 and task.turn < best.turn):
            best = task
    return best


def _finish(task, result, error, main):
    task.finished = True
    task.result = result
    task.error = error
    if error and task is not main and not isinstance(error, CancelledError):
        print("Task exception wasn't retrieved")
        sys.print_exception(error)


def _run(main):
    global _current, _next
    while _queue and not (main and main.finished):
        task = _soonest()
        wait = _time.ticks_diff(task.at, _time.ticks_ms())
        if wait > 0:
            _time.sleep_ms(wait)
            continue
        _queue.remove(task)
        _current = task
        try:
            if task.throwing:
                throwing = task.throwing
                task.throwing = None
                delay = task.coro.throw(throwing)
            else:
                delay = task.coro.send(None)
            task.at = _time.ticks_add(_time.ticks_ms(), delay or 0)
            _next += 1
            task.turn = _next
            _queue.append(task)
        except StopIteration as end:
            _finish(task, end.value, None, main)
        except CancelledError as error:
            _finish(task, None, error, main)
        except Exception as error:
            _finish(task, None, error, main)
        finally:
            _current = None
    if main and main.error:
        raise main.error
    return main.result if main else None


def run(coroutine):
    _queue[:] = []
    return _run(create_task(coroutine))


def _task_of(awaitable):
    return awaitable if isinstance(awaitable, Task) else create_task(awaitable)


async def gather(*awaitables, return_exceptions=False):
    tasks = [_task_of(one) for one in awaitables]
    results = []
    for task in tasks:
        try:
            results.append(await task)
        except Exception as error:
            if not return_exceptions:
                raise
            results.append(error)
    return results


async def wait_for_ms(awaitable, ms):
    task = _task_of(awaitable)
    end = _time.ticks_add(_time.ticks_ms(), ms)
    while not task.finished:
        if _time.ticks_diff(end, _time.ticks_ms()) <= 0:
            task.cancel()
            raise TimeoutError
        await sleep_ms(1)
    if task.error:
        raise task.error
    return task.result


def wait_for(awaitable, seconds):
    return wait_for_ms(awaitable, int(seconds * 1000))


class Event:
    def __init__(self):
        self.flag = False

    def set(self):
        self.flag = True

    def clear(self):
        self.flag = False

    def is_set(self):
        return self.flag

    def wait(self):
        while not self.flag:
            yield 1
        return True


class ThreadSafeFlag(Event):
    def wait(self):
        while not self.flag:
            yield 1
        self.flag = False


class Lock:
    def __init__(self):
        self.held = False

    def locked(self):
        return self.held

    def acquire(self):
        while self.held:
            yield 1
        self.held = True
        return True

    def release(self):
        if not self.held:
            raise RuntimeError('Lock not acquired')
        self.held = False

    async def __aenter__(self):
        return await self.acquire()

    async def __aexit__(self, *_):
        self.release()


class Loop:
    def create_task(self, coroutine):
        return create_task(coroutine)

    def run_forever(self):
        _run(None)

    def run_until_complete(self, awaitable):
        return _run(_task_of(awaitable))

    def stop(self):
        _queue[:] = []

    def close(self):
        pass


def get_event_loop():
    return Loop()


def new_event_loop():
    _queue[:] = []
    return Loop()
