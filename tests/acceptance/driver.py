"""Real processes and plain sockets for the acceptance rows.

A row is a function that drives a server from outside, as its user would, and
raises AssertionError (or any other error) when what the row promises does not
hold; what it returns is printed behind "ok".
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

# Longer than anything takes, for the machine may be busy.
PATIENCE = 20.0

LONG = os.environ.get("POLYMUX_LONG", "") == "1"


class Skip(Exception):
    """The row cannot be tried here; the text says why."""


class Refused(Exception):
    """A program ended before it listened."""

    def __init__(self, code, errors):
        super().__init__(f"exit {code}: {errors}")
        self.code = code
        self.errors = errors


def eventually(condition, within=PATIENCE):
    """Whether the condition comes true in time."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.005)
    return condition()


def attempts(measure, suffices, within=2 * PATIENCE):
    """The first measurement that suffices, for a machine that is busy spoils
    some of them; where what is wanted does not hold, none does."""
    found = []
    def once():
        found.append(measure())
        return suffices(found[-1])
    assert eventually(once, within), found
    return found[-1]


class Server:
    """A running server; a context manager that leaves no process behind."""

    def __init__(self, program, *flags, launcher=(), port=0):
        self._errors = tempfile.TemporaryFile()
        self.stats_path = tempfile.mktemp(suffix=".json")
        self.process = subprocess.Popen(
            [*launcher, program, "--port", str(port), *flags],
            stdout=subprocess.PIPE, stderr=self._errors, text=True)
        line = self.process.stdout.readline()
        match = re.fullmatch(
            r"listening (\S+):(\d+) backend=(\S+) reactors=(\d+)\n", line)
        if not match:
            raise Refused(self.process.wait(PATIENCE), self.errors())
        host = match[1].strip("[]")
        self.address = (host, int(match[2]))
        self.backend = match[3]
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self._errors.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.stats_path)

    def errors(self):
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def connect(self, receive_buffer=None):
        family = socket.AF_INET6 if ":" in self.address[0] else socket.AF_INET
        client = socket.socket(family)
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                              receive_buffer)
        client.settimeout(PATIENCE)
        client.connect(self.address)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def stop(self):
        """Ends it as its user does; the exit code."""
        self.signal()
        return self.process.wait(PATIENCE)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Echo(Server):
    """echo_server, with its counters."""

    def __init__(self, backend, *flags, **how):
        stats = tempfile.mktemp(suffix=".json")
        super().__init__("apps/echo_server", "--backend", backend,
                         "--stats-json", stats, *flags, **how)
        self.stats_path = stats

    def loops(self):
        """The counters of each loop, by loop; after the end."""
        with open(self.stats_path, encoding="utf-8") as file:
            last = file.read().splitlines()[-1]
        return {loop["name"]: loop["counters"]
                for loop in json.loads(last)["loops"]}

    def total(self, counter):
        return sum(counters[counter] for counters in self.loops().values())


def receive(client, count):
    """Exactly `count` bytes."""
    parts = []
    while count > 0:
        part = client.recv(min(count, 1 << 20))
        assert part, f"the stream ended {count} bytes early"
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def receive_to_end(client):
    parts = []
    while part := client.recv(1 << 20):
        parts.append(part)
    return b"".join(parts)


def echo(client, message=b"hello"):
    client.sendall(message)
    answer = receive(client, len(message))
    assert answer == message, f"{message[:40]!r} came back as {answer[:40]!r}"


def serves(server):
    """Whether a newcomer is served now."""
    try:
        with server.connect() as client:
            echo(client)
    except (AssertionError, ConnectionError):
        return False
    return True


def flood(client):
    """Sends until the server, which answers, takes no more; reads one byte."""
    chunk = b"x" * 65536
    client.sendall(chunk)
    receive(client, 1)
    client.settimeout(0.2)
    with contextlib.suppress(TimeoutError):
        while True:
            client.send(chunk)


def frame(payload):
    """The 4-byte length prefix and the payload."""
    return struct.pack(">I", len(payload)) + payload


def receive_frame(client):
    (size,) = struct.unpack(">I", receive(client, 4))
    return receive(client, size)


def pattern(size):
    """Bytes that tell where they are from."""
    block = bytes(i * 7 % 251 for i in range(251))
    return (block * (size // 251 + 1))[:size]


def sees_the_end(client):
    """Waits for the end of the stream or a reset."""
    try:
        while client.recv(1 << 16):
            pass
    except ConnectionError:
        pass
    return True


def need(program):
    if shutil.which(program) is None:
        raise Skip(f"{program} is not installed")
