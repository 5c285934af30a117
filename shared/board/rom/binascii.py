# The binascii of the build is Python and takes bytes alone; on a board it takes text as well.
import sys

_path = sys.path[:]
sys.path[:] = ['.frozen']
_own = sys.modules.pop('binascii', None)
import binascii as _frozen

sys.path[:] = _path
if _own:
    sys.modules['binascii'] = _own

hexlify = _frozen.hexlify
b2a_base64 = _frozen.b2a_base64


def _bytes(data):
    return data.encode() if isinstance(data, str) else data


def a2b_base64(data):
    return _frozen.a2b_base64(_bytes(data))


def unhexlify(data):
    return _frozen.unhexlify(_bytes(data))
