# The machine module of an ESP32, as far as this board has parts for it.
import time
import _vhw

# looked up once: each look at _vhw makes an object that lives until the program ends
_pin_read = _vhw.pin_read
_pin_write = _vhw.pin_write
_pin_irq = _vhw.pin_irq
_pwm = _vhw.pwm
_adc = _vhw.adc
_i2c_read = _vhw.i2c_read
_has_i2c = _vhw.has_i2c
_timer = _vhw.timer
_sleep_ms = _vhw.sleep_ms
_clock_ahead = _vhw.clock_ahead
_set_clock_ahead = _vhw.set_clock_ahead

PWRON_RESET = 1
HARD_RESET = 2
SOFT_RESET = 5


class Pin:
    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2
    _handlers = {}

    def __init__(self, id, mode=-1, pull=-1, *, value=None):
        if not isinstance(id, int) or not 0 <= id <= 48 or 22 <= id <= 25:
            raise ValueError('invalid pin')
        self.id = id
        self.init(mode, pull, value=value)

    def init(self, mode=-1, pull=-1, *, value=None):
        if value is not None:
            self.value(value)

    def value(self, value=None):
        if value is None:
            return _pin_read(self.id)
        _pin_write(self.id, 1 if value else 0)

    __call__ = value

    def on(self):
        _pin_write(self.id, 1)

    def off(self):
        _pin_write(self.id, 0)

    def toggle(self):
        self.value(not self.value())

    def irq(self, handler=None, trigger=3, *, hard=False):
        Pin._handlers[self.id] = (handler, self)
        _pin_irq(self.id, trigger if handler else 0)
        return self

    def __repr__(self):
        return 'Pin(%d)' % self.id


class PWM:
    def __init__(self, dest, freq=5000, duty_u16=None, duty=None):
        self.id = dest.id if isinstance(dest, Pin) else dest
        self._freq = freq
        self._duty = 0
        if duty_u16 is not None:
            self.duty_u16(duty_u16)
        elif duty is not None:
            self.duty(duty)

    def init(self, freq=None, duty_u16=None, duty=None):
        if freq is not None:
            self._freq = freq
        if duty_u16 is not None:
            self.duty_u16(duty_u16)
        elif duty is not None:
            self.duty(duty)

    def freq(self, freq=None):
        if freq is None:
            return self._freq
        self._freq = freq

    def duty_u16(self, duty=None):
        if duty is None:
            return self._duty
        if not 0 <= duty <= 65535:
            raise ValueError('duty_u16 must be from 0 to 65535')
        self._duty = duty
        _pwm(self.id, duty)

    def duty(self, duty=None):
        if duty is None:
            return self._duty >> 6
        if not 0 <= duty <= 1023:
            raise ValueError('duty must be from 0 to 1023')
        self.duty_u16(65535 if duty == 1023 else duty << 6)

    def deinit(self):
        self._duty = 0
        _pwm(self.id, 0)


class ADC:
    ATTN_0DB = 0
    ATTN_2_5DB = 1
    ATTN_6DB = 2
    ATTN_11DB = 3

    def __init__(self, pin, *, atten=3):
        self.id = pin.id if isinstance(pin, Pin) else pin
        if not 1 <= self.id <= 20:
            raise ValueError('invalid pin')

    def atten(self, atten):
        pass

    def width(self, bits):
        pass

    def read_u16(self):
        return _adc(self.id)

    def read(self):
        return _adc(self.id) >> 4

    def read_uv(self):
        return _adc(self.id) * 3300000 // 65535


class I2C:
    def __init__(self, id=0, *, scl=None, sda=None, freq=400000, timeout=50000):
        pass

    def scan(self):
        return [int(address) for address in _vhw.i2c_scan().split(',')]

    def readfrom_mem(self, address, register, count, *, addrsize=8):
        answer = _i2c_read(address, register, count)
        if answer is None:
            raise OSError(19)
        return bytes([int(byte) for byte in answer.split(',')]) if count else b''

    def readfrom_mem_into(self, address, register, buffer, *, addrsize=8):
        buffer[:] = self.readfrom_mem(address, register, len(buffer))

    def writeto_mem(self, address, register, data, *, addrsize=8):
        if not _has_i2c(address):
            raise OSError(19)

    def writeto(self, address, data, stop=True):
        self.writeto_mem(address, 0, data)
        return len(data)


SoftI2C = I2C


class Timer:
    ONE_SHOT = 0
    PERIODIC = 1
    _all = {}

    def __init__(self, id=-1, **options):
        self.id = id
        if options:
            self.init(**options)

    def init(self, *, mode=PERIODIC, period=-1, freq=-1, callback=None):
        if freq > 0:
            period = 1000 / freq
        if period <= 0:
            raise ValueError('period or freq is needed')
        Timer._all[self.id] = (callback, self)
        _timer(self.id, mode, period)

    def deinit(self):
        _timer(self.id, 0, 0)
        Timer._all.pop(self.id, None)


class RTC:
    def __init__(self, id=0):
        pass

    # year, month, day, weekday (Monday is 0), hour, minute, second, microsecond
    def datetime(self, when=None):
        if when is None:
            ns = time.time_ns()
            year, month, day, hour, minute, second, weekday, _ = time.gmtime(ns // 1000000000)
            return (year, month, day, weekday, hour, minute, second, ns % 1000000000 // 1000)
        year, month, day, _, hour, minute, second, _ = when
        wanted = time.mktime((year, month, day, hour, minute, second, 0, 0))
        _set_clock_ahead(wanted - int(time.time() - _clock_ahead()))

    init = datetime


def _dispatch(kind, id):
    found = Pin._handlers.get(id) if kind == 0 else Timer._all.get(id)
    if found and found[0]:
        try:
            found[0](found[1])
        except Exception as error:
            import sys

            sys.print_exception(error)


_vhw.set_dispatch(_dispatch)


def reset():
    _vhw.reset(1)
    raise SystemExit


def soft_reset():
    _vhw.reset(0)
    raise SystemExit


def reset_cause():
    return _vhw.cause()


def unique_id():
    return bytes([int(byte) for byte in _vhw.uid().split(',')])


def freq(hz=None):
    return 240000000


def idle():
    _sleep_ms(1)


def lightsleep(ms=0):
    _sleep_ms(ms)
