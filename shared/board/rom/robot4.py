# Robot4 programs: WebAssembly that reads and writes the robot's memory map, 60 times a second.
#
#   import robot4
#   robot4.run('follow.wasm')  # until Ctrl-C
import _vhw


def run(path):
    wrong = _vhw.run_program(path)
    if wrong:
        raise RuntimeError(wrong)
