"""Cells that attack whoever runs them: each ends in a check of 05.htu, and must not be right."""

from __future__ import annotations

from collections.abc import Mapping

EXERCISE = "05.htu"
RIGHT = """
def htu_of(url):
    return url.partition('#')[0].partition('?')[0]
lesson.check("05.htu", htu_of)
"""
_CHECK = '\nlesson.check("05.htu", htu_of)\n'
_SOCKET = (
    "import socket, os\n"
    "line = next(s for s in (socket.socket(fileno=os.dup(n)) for n in range(3, 20)"
    " if os.path.exists(f'/proc/self/fd/{n}') and 'socket' in os.readlink(f'/proc/self/fd/{n}')))\n"
)

# name: the cell, and what the verdict has to say
ENDS: Mapping[str, tuple[str, str]] = {
    "fork bomb": (
        "import os\ndef htu_of(url):\n    while True:\n        os.fork()\n",
        r"raised PermissionError",
    ),
    "patient fork bomb": (
        "import os\ndef htu_of(url):\n    while True:\n        try:\n            os.fork()\n"
        "        except OSError:\n            pass\n",
        r"had not returned",
    ),
    "another program": (
        "import subprocess\ndef htu_of(url):\n    return subprocess.check_output(['id'])\n",
        r"raised \w*Error",
    ),
    "endless loop": ("def htu_of(url):\n    while True:\n        pass\n", r"had not returned"),
    "endless loop that catches all": (
        "def htu_of(url):\n    while True:\n        try:\n            while True: pass\n"
        "        except BaseException:\n            pass\n",
        r"had not returned",
    ),
    "endless cell": ("while True:\n    pass\n", r"too long"),
    "memory hog": ("def htu_of(url):\n    return 'x' * (1 << 33)\n", r"raised MemoryError"),
    "memory hog in pieces": (
        "kept = []\ndef htu_of(url):\n    while True:\n        kept.append(bytearray(1 << 24))\n",
        r"raised MemoryError|ended before",
    ),
    "thread bomb": (
        "import threading, time\ndef htu_of(url):\n    while True:\n"
        "        threading.Thread(target=time.sleep, args=(99,)).start()\n",
        r"raised (RuntimeError|MemoryError)|had not returned|ended before",
    ),
    "huge value": ("def htu_of(url):\n    return 'x' * (1 << 22)\n", r"too large"),
    "huge file": (
        "def htu_of(url):\n    with open('/tmp/big', 'wb') as f:\n        while True:\n"
        "            f.write(bytes(1 << 20))\n",
        r"raised OSError: .*too large|ended before",
    ),
    "many files": (
        "def htu_of(url):\n    for n in range(10**9):\n"
        "        open(f'/tmp/{n}', 'wb').write(bytes(1 << 23))\n",
        r"raised OSError: .*No space",
    ),
    "deep value": (
        "def htu_of(url):\n    deep = []\n    for _ in range(100000):\n        deep = [deep]\n"
        "    return deep\n",
        r"should be a string",
    ),
    "exits": ("import os\ndef htu_of(url):\n    os._exit(0)\n", r"ended before"),
    "exits in the cell": ("import os\nos._exit(0)\n", r"ended before"),
    "leaves politely": ("def htu_of(url):\n    raise SystemExit\n", r"raised SystemExit"),
    "interrupts": ("def htu_of(url):\n    raise KeyboardInterrupt\n", r"raised KeyboardInterrupt"),
    "kills the others": (
        "import os, signal\ndef htu_of(url):\n    os.kill(-1, signal.SIGKILL)\n    os.kill(1, 9)\n"
        "    os.kill(os.getpid(), 9)\n",
        r"ended before|raised \w+",
    ),
    "closes the line": (
        f"{_SOCKET}def htu_of(url):\n    line.shutdown(socket.SHUT_RDWR)\n    return url\n",
        r"ended before",
    ),
    "output flood": (
        "def htu_of(url):\n    while True:\n        print('x' * 10000)\n",
        r"had not returned",
    ),
    "output flood past Python": (
        "import os\ndef htu_of(url):\n    while True:\n        os.write(1, bytes(65536))\n",
        r"had not returned",
    ),
    "no messages": (
        f"{_SOCKET}def htu_of(url):\n    line.sendall(b'?' * 99 + b'\\n')\n",
        "isn't a message",
    ),
    "message without an end": (
        f"{_SOCKET}def htu_of(url):\n    while True:\n        line.sendall(bytes(65536))\n",
        r"without an end|isn't a message",
    ),
    "a verdict of its own": (
        _SOCKET
        + "import json\ndef htu_of(url):\n"
        + "    for do in ('verdict', 'right', 'stop'):\n"
        + "        told = {'c': 0, 'do': do, 'outcome': 'right', 'value': True}\n"
        + "        line.sendall(json.dumps(told).encode() + b'\\n')\n    return url\n",
        r"raised Stopped|isn't a message|never given|broke the check",
    ),
    "asks for what it was not given": (
        f"{_SOCKET}import json\ndef htu_of(url):\n"
        "    line.sendall(json.dumps({'c': 0, 'do': 'call', 'on': 7777}).encode() + b'\\n')\n",
        r"never given",
    ),
    "raises a verdict": (
        "from dialtone_kit.lesson.exercises import Wrong\n"
        "class Right(Wrong): pass\ndef htu_of(url):\n    raise Right('right')\n",
        r"raised Right",
    ),
    "patches the checker": (
        "import builtins, sys, dialtone_kit.lesson.exercises.asking as asking\n"
        "import dialtone_kit.lesson.exercises.checking as checking\n"
        "asking.same = lambda *_: True\nchecking.check = lambda *_: None\n"
        "builtins.isinstance = lambda *_: True\n"
        "for name in [n for n in sys.modules if 'checks' in n]: del sys.modules[name]\n"
        "def htu_of(url):\n    return 'anything'\n",
        r"htu of|ended|raised|not run",
    ),
    "equals everything": (
        "class Text(str):\n    def __eq__(self, other): return True\n"
        "    def __ne__(self, other): return False\n    __hash__ = str.__hash__\n"
        "def htu_of(url):\n    return Text('anything')\n",
        r"htu of|Too much",
    ),
    "pickles": (
        "class Loaded:\n    def __reduce__(self): return (print, ('run outside',))\n"
        "def htu_of(url):\n    return Loaded()\n",
        r"should be a string",
    ),
    "looks up its frames": (
        "import gc, sys\nfrom dialtone_kit.lesson.exercises.definition import Exercise\n"
        "def htu_of(url):\n    frame, seen = sys._getframe(), ''\n    while frame:\n"
        "        seen += str({k: v for k, v in frame.f_locals.items() if k == 'expected'})\n"
        "        frame = frame.f_back\n"
        "    return seen + str([o for o in gc.get_objects() if isinstance(o, Exercise)][:1])\n",
        r"htu",
    ),
}

# name: an expression, which has to be falsy or raise
REACHES: Mapping[str, str] = {
    "root's home": "[n for n in os.listdir('/root') if not n.startswith('.pyenv')]",
    "homes": "os.listdir('/home')",
    "passwords": "open('/etc/shadow').read()",
    "users": "open('/etc/passwd').read()",
    "the lessons": "os.listdir(HERE + '/notebooks/solutions')",
    "the tests": "os.listdir(HERE + '/tests')",
    "the class": "os.listdir(CLASS)",
    "writing the kit": "open(KIT + '/planted.py', 'w') if os.getuid() == 65534 else False",
    "writing the system": "open('/usr/planted', 'w') if os.getuid() == 65534 else False",
    "writing /dev": "open('/dev/shm/planted', 'w') if os.getuid() == 65534 else False",
    "writing the root": "open('/planted', 'w') if os.getuid() == 65534 else False",
    "other processes": "[p for p in os.listdir('/proc') if p.isdecimal() and int(p) > 9]",
    "the environment": "[n for n in os.environ if 'SECRET' in n]",
    "the judge's environment": "b'SECRET' in open('/proc/1/environ', 'rb').read()",
    "the trainer's loopback": "socket.create_connection(('127.0.0.1', PORT), 2)",
    "the network": "socket.create_connection(('192.0.2.1', 80), 2)",
    "names": "socket.getaddrinfo('example.com', 80)",
    "abstract sockets": "socket.socket(socket.AF_UNIX).connect('\\0planted')",
    "ptrace": "ctypes.CDLL(None).ptrace(0, 0, 0, 0) == 0",
    "a new namespace": "ctypes.CDLL(None).unshare(0x10000000) == 0",
    "a mount": "os.getuid() == 65534 and ctypes.CDLL(None).mount(b'', b'/tmp', b'', 4096, 0) == 0",
    "a higher limit": "resource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 40)) or True",
    "root": "os.getuid() == 0 or os.setuid(0) or True",
}
LOOKS = """
import ctypes, os, resource, socket
HERE, KIT, CLASS, PORT = {here!r}, {kit!r}, {folder!r}, {port}
def reached(expression):
    try:
        return eval(expression)
    except (OSError, ValueError):
        return False
def htu_of(url):
    return "reached: " + ", ".join(n for n, e in {expressions!r}.items() if reached(e))
lesson.check("05.htu", htu_of)
"""


def cell(name: str) -> str:
    """The cell called `name`."""
    return ENDS[name][0] + _CHECK
