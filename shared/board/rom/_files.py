# What tools ask of the files of a board, and the build for browsers does not know: how large each is, and how much room is left.
import os
import _vhw

_ilistdir = os.ilistdir
_stat = os.stat
_statvfs = os.statvfs
_flash_free = _vhw.flash_free
_flash_bytes = _vhw.flash_bytes()
_block = 4096
# what the build says of any folder; a file system that a tool mounts says something else
_nowhere = _statvfs('/')[2]


def ilistdir(path=''):
    found = _ilistdir(path)
    slash = b'/' if isinstance(path, bytes) else '/'
    folder = path if not path or path.endswith(slash) else path + slash
    return (_with_size(folder, entry) for entry in found)


def _with_size(folder, entry):
    if len(entry) > 3:
        return entry
    return entry + (0 if entry[1] & 0x4000 else _stat(folder + entry[0])[6],)


def statvfs(path):
    found = _statvfs(path)
    if found[2] != _nowhere:
        return found
    full = path if path.startswith('/') else os.getcwd().rstrip('/') + '/' + path
    if full == '/rom' or full.startswith('/rom/'):
        blocks, free = sum(-(-entry[3] // _block) for entry in ilistdir('/rom/lib')), 0
    else:
        blocks, free = _flash_bytes // _block, _flash_free() // _block
    return (_block, _block, blocks, free, free) + found[5:]


os.ilistdir = ilistdir
os.statvfs = statvfs
