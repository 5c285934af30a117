# The time module of the build, but sleep lets the board live (Ctrl-C, timers, interrupts, the robot), and the time of day is the one that a
# program may have set (machine.RTC).
import sys
import _vhw

_path = sys.path[:]
sys.path[:] = []
from time import *

sys.path[:] = _path
del _path

_sleep = _vhw.sleep_ms


def sleep_ms(ms):
    _sleep(ms)


def sleep(seconds):
    _sleep(seconds * 1000)


def sleep_us(us):
    _sleep(us / 1000)


_ahead = _vhw.clock_ahead
_time = time
_time_ns = time_ns
_gmtime = gmtime


def time():
    return _time() + _ahead()


def time_ns():
    return _time_ns() + _ahead() * 1000000000


def gmtime(seconds=None):
    return _gmtime(time() if seconds is None else seconds)


localtime = gmtime
