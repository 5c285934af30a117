# The robot, and its JSON protocol: one command a line, one answer a line (newline-delimited JSON at 115200 baud).
#
#   import robot
#   robot.drive(100, 100)      # power, -255 to 255; 100 is 1 m/s
#   robot.line()               # five sensors, left to right, 0 floor to 255 line
#   robot.distance()           # centimetres, see DISTANCES
#   robot.serve()              # answer JSON commands until Ctrl-C
import json
import sys
import time
import _vhw

_drive = _vhw.drive
_led = _vhw.led
_robot = _vhw.robot
_waiting = _vhw.waiting

DISTANCES = ('front', 'front_left', 'front_right', 'left', 'right', 'back', 'back_left', 'back_right')


def state():
    return json.loads(_robot())


def drive(left, right):
    _drive(left, right)


def stop():
    _drive(0, 0)


def led(r, g, b):
    _led(r, g, b)


def line():
    return state()['line']


def distance(name='front'):
    return state()['distance'][DISTANCES.index(name)]


def bumped():
    return state()['bump'] != 0


def pose():
    return state()['pose']


def reset_pose():
    _vhw.reset_pose()


# ---- the protocol ------------------------------------------------------------------------------------------------------------------

_pins = {}
_pwms = {}
_telemetry = 0


class _Wrong(Exception):
    pass


def _number(command, name, least, most, wrong):
    value = command.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise _Wrong(wrong)
    return value


def _pin(command):
    import machine

    try:
        return machine.Pin(_number(command, 'pin', 0, 48, 'Invalid pin number'))
    except ValueError:
        raise _Wrong('Invalid pin number')


def _get_info(_):
    import gc

    uptime = time.ticks_ms()
    return {
        'status': 'ok',
        'device': 'ESP32-S3',
        'chip': 'ESP32-S3',
        'firmware': 'MicroPython %d.%d.%d' % sys.implementation.version[:3],
        'uptime_ms': uptime,
        'uptime_s': uptime // 1000,
        'cpu_freq_mhz': 240,
        'free_heap': gc.mem_free(),
        'virtual': True,
    }


def _get_status(_):
    return {
        'status': 'ok',
        'connected': True,
        'sensors_active': ['ina219'],
        'gpio_states': {'pin%d' % pin: state for pin, state in _pins.items()},
    }


def _set_gpio(command):
    pin = _pin(command)
    value = command.get('state')
    if value not in (0, 1):
        raise _Wrong('State must be 0 or 1')
    pin.value(value)
    _pins[pin.id] = int(value)
    return {'status': 'ok', 'msg': 'GPIO set', 'pin': pin.id, 'state': int(value)}


def _read_gpio(command):
    pin = _pin(command)
    return {'status': 'ok', 'pin': pin.id, 'state': pin.value()}


def _read_adc(command):
    import machine

    pin = _number(command, 'pin', 1, 20, 'Invalid pin number')
    value = machine.ADC(pin).read()
    return {'status': 'ok', 'pin': pin, 'value': value, 'voltage': round(value * 3.3 / 4095, 3)}


def _read_i2c(command):
    if command.get('sensor') != 'ina219':
        raise _Wrong('Sensor not found')
    now = state()
    data = {
        'voltage_v': now['vbat'],
        'current_ma': now['current_ma'],
        'power_mw': round(now['vbat'] * now['current_ma'], 1),
    }
    answer = {'status': 'ok', 'sensor': 'ina219', 'data': data}
    answer.update(data)
    return answer


def _set_pwm(command):
    import machine

    pin = _pin(command)
    # both spellings are in use
    duty = command.get('duty', command.get('duty_cycle'))
    freq = command.get('freq', command.get('frequency', 5000))
    duty = _number({'duty': duty}, 'duty', 0, 255, 'Duty cycle must be 0-255')
    _pwms[pin.id] = machine.PWM(pin, freq=freq, duty_u16=int(duty) * 257)
    return {'status': 'ok', 'msg': 'PWM configured', 'pin': pin.id, 'duty': duty, 'freq': freq}


def _move(command):
    wrong = 'Motor speeds l and r must be numbers'
    left = _number(command, 'l', -1e9, 1e9, wrong)
    right = _number(command, 'r', -1e9, 1e9, wrong)
    drive(max(-255, min(255, round(left))), max(-255, min(255, round(right))))
    return {'status': 'ok', 'msg': 'motors set', 'motors': state()['motors']}


def _stop(_):
    stop()
    return {'status': 'ok', 'msg': 'motors stopped', 'motors': state()['motors']}


def _get_pose(_):
    now = state()
    return {
        'status': 'telemetry',
        'pose': now['pose'],
        'motors': now['motors'],
        'encoders': now['encoders'],
        'timestamp_ms': time.ticks_ms(),
    }


def _reset_pose(_):
    reset_pose()
    return {'status': 'ok', 'msg': 'pose reset', 'pose': pose()}


def _set_led(command):
    wrong = 'LED values r, g, b must be numbers (0-255)'
    colours = [max(0, min(255, round(_number(command, name, -1e9, 1e9, wrong)))) for name in 'rgb']
    led(*colours)
    return {'status': 'ok', 'msg': 'LED color set', 'led': state()['led']}


def _get_camera_status(_):
    return {'status': 'ok', 'cam_status': 'ready', 'resolution': '160x120'}


def _get_robot_telemetry(_):
    now = state()
    return {
        'status': 'ok',
        'pose': now['pose'],
        'motors': now['motors'],
        'encoders': now['encoders'],
        'led': now['led'],
        'vbat': now['vbat'],
        'cam_status': 'ready',
        'uptime_ms': time.ticks_ms(),
        'timestamp_ms': time.ticks_ms(),
    }


def _read_sensors(_):
    now = state()
    return {
        'status': 'ok',
        'distance': {name: now['distance'][i] for i, name in enumerate(DISTANCES)},
        'line': now['line'],
        'bumper': {'front': bool(now['bump'] & 1), 'back': bool(now['bump'] & 8)},
        'battery': {'voltage': now['vbat'], 'percentage': now['battery']},
        'pose': now['pose'],
        'sensors': {'ina219': {'voltage_v': now['vbat'], 'current_ma': now['current_ma']}},
    }


def _r4_get_sensors(_):
    now = state()
    return {'status': 'ok', 'distance': now['distance'], 'line': now['line'], 'buttons': now['bump']}


def _set_telemetry(command):
    global _telemetry
    _telemetry = 100 if command.get('enabled', True) else 0
    return {'status': 'ok', 'msg': 'telemetry on' if _telemetry else 'telemetry off', 'interval_ms': _telemetry}


ACTIONS = {
    'get_info': _get_info,
    'get_status': _get_status,
    'set_gpio': _set_gpio,
    'read_gpio': _read_gpio,
    'read_adc': _read_adc,
    'read_i2c': _read_i2c,
    'set_pwm': _set_pwm,
    'drive': _move,
    'stop': _stop,
    'get_pose': _get_pose,
    'reset_pose': _reset_pose,
    'set_led': _set_led,
    'get_camera_status': _get_camera_status,
    'get_robot_telemetry': _get_robot_telemetry,
    'read_sensors': _read_sensors,
    'r4_get_sensors': _r4_get_sensors,
    'set_telemetry': _set_telemetry,
}


def answer(command):
    """A command as a dict or as text; its answer as a line of JSON. Never raises."""
    try:
        if isinstance(command, str):
            try:
                command = json.loads(command)
            except ValueError:
                raise _Wrong('JSON parse error')
        if not isinstance(command, dict):
            raise _Wrong('JSON parse error')
        action = ACTIONS.get(command.get('action'))
        if not action:
            raise _Wrong('Unknown action')
        result = action(command)
    except _Wrong as error:
        result = {'status': 'error', 'msg': error.args[0]}
    except Exception as error:
        result = {'status': 'error', 'msg': '%s: %s' % (type(error).__name__, error)}
    return json.dumps(result)


def _line_told():
    now = state()
    return json.dumps({
        'status': 'telemetry',
        'vbat': now['vbat'],
        'enc_l': now['encoders']['left'],
        'enc_r': now['encoders']['right'],
        'pose': now['pose'],
        'cam_status': 'ready',
    })


def serve():
    """Answers commands until Ctrl-C, and then stops the motors. Nothing is echoed."""
    print('{"status": "ok", "msg": "protocol ready", "baud": 115200}')
    told = time.ticks_ms()
    text = ''
    try:
        while True:
            while _waiting():
                c = sys.stdin.read(1)
                if c not in '\r\n':
                    text += c
                    # a line without an end must not fill the memory
                    if len(text) > 4096:
                        text = ''
                        print('{"status": "error", "msg": "JSON parse error"}')
                elif text:
                    print(answer(text))
                    text = ''
            if _telemetry and time.ticks_diff(time.ticks_ms(), told) >= _telemetry:
                told = time.ticks_ms()
                print(_line_told())
            time.sleep_ms(5)
    finally:
        stop()
