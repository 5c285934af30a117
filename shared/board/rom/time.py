# The time module of the build, but sleep lets the board live: Ctrl-C, timers, interrupts, the robot.
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
