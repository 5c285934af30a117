# Runs before boot.py: what the stock build for browsers lacks or does otherwise.
import builtins
import gc
import sys
import _files
import _vhw

gc.threshold(-1)  # as on an ESP32: when the heap is full


def _input(prompt=''):
    sys.stdout.write(prompt)
    text = ''
    while True:
        c = sys.stdin.read(1)
        if not c:
            raise EOFError('nothing can be typed into a running program here: this page has no shared memory')
        if c in '\r\n':
            sys.stdout.write('\n')
            return text
        if c in '\x7f\x08':
            if text:
                text = text[:-1]
                sys.stdout.write('\b \b')
        else:
            text += c
            sys.stdout.write(c)


builtins.input = _input

# A JSON command typed or sent at the prompt is answered too, as by robot.serve(): the safe stop after Ctrl-C relies on it.
_print = builtins.__repl_print__


def _repl_print(value):
    if isinstance(value, dict) and 'action' in value:
        import robot

        print(robot.answer(value))
    else:
        _print(value)


builtins.__repl_print__ = _repl_print
builtins.true = True
builtins.false = False
builtins.null = None
