# Follows the line, in MicroPython: upload it as main.py, or run it from here. The same program steers a real robot whose `robot`
# module has the same four functions.
import robot
import time

SPEED = 90
STEERING = 45

last = 0
robot.led(0, 255, 0)
try:
    while True:
        line = robot.line()
        dark = sum(line)
        if robot.distance('front') < 15:
            robot.stop()
            robot.led(255, 0, 0)
        elif dark < 40:
            # search where it was last seen
            robot.led(255, 180, 0)
            robot.drive(-40 if last < 0 else 40, 40 if last < 0 else -40)
        else:
            last = sum(value * (i - 2) for i, value in enumerate(line)) / dark
            robot.led(0, 255, 0)
            robot.drive(SPEED + STEERING * last, SPEED - STEERING * last)
        # for the plot
        print('where:%.2f dark:%d' % (last, dark))
        time.sleep_ms(20)
finally:
    robot.stop()
