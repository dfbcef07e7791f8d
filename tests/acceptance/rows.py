"""What a user may rely on, tried from outside.

Each function takes the backend's name. What cannot be seen from outside (the
callbacks, the thread rules) is held by the suites of tests/reactor.
"""

import os
import random
import re
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

from driver import (LONG, PATIENCE, Echo, Refused, Server, Skip, attempts,
                    echo, eventually, flood, frame, need, pattern, receive,
                    receive_frame, receive_to_end, sees_the_end, serves)

ROWS = []


def row(function):
    ROWS.append(function)
    return function


@row
def f01_addresses(backend):
    for wrong in ("foo", "999.1.1.1", "1.2.3", ""):
        try:
            with Echo(backend, "--bind", wrong):
                raise AssertionError(f"--bind '{wrong}' was taken")
        except Refused as refused:
            assert refused.code == 2, refused
            assert "--bind" in refused.errors, refused
    with Echo(backend, "--bind", "::1") as server:
        assert server.address[0] == "::1" and server.address[1] > 0
        with server.connect() as client:
            echo(client)
    return "wrong addresses exit 2, ::1 echoes"


@row
def f02_descriptors(backend):
    cycles = 10_000 if LONG else 1_000
    with Echo(backend) as server:
        with server.connect() as client:
            echo(client)
            for number in os.listdir(f"/proc/{server.pid}/fdinfo"):
                with open(f"/proc/{server.pid}/fdinfo/{number}",
                          encoding="ascii") as file:
                    flags = int(re.search(r"flags:\s*([0-7]+)", file.read())[1],
                                8)
                assert int(number) <= 2 or flags & os.O_CLOEXEC, number
        assert eventually(lambda: server.descriptors() > 0)
        time.sleep(0.1)
        before = server.descriptors()
        for _ in range(cycles):
            server.connect().close()
        assert eventually(lambda: server.descriptors() == before), (
            before, server.descriptors())
    return f"{cycles} connects, {before} descriptors before and after"


def calls_of_a_loop(backend, program, *flags):
    """The names of the system calls of the loop that echoes, by strace."""
    need("strace")
    with tempfile.TemporaryDirectory() as directory:
        trace = os.path.join(directory, "trace")
        try:
            server = Server(program[-1], "--backend", backend, *flags,
                            launcher=("strace", "-f", "-o", trace, "-e",
                                      "trace=all", *program[:-1]))
        except Refused as refused:
            raise Skip(f"strace may not trace: {refused}") from refused
        with server:
            assert server.backend == backend
            # strace passes no signal on: the server is its child.
            path = f"/proc/{server.pid}/task/{server.pid}/children"
            with open(path, encoding="ascii") as file:
                child = int(file.read().split()[0])
            with server.connect() as client:
                for _ in range(20):
                    echo(client)
            os.kill(child, signal.SIGTERM)
            server.process.wait(PATIENCE)
        with open(trace, encoding="utf-8") as file:
            lines = file.readlines()
    # The loop that says goodbye to the client last; io_uring may echo without
    # a call for each message.
    threads = [line.split()[0] for line in lines
               if re.search(r"recvfrom\(|io_uring_enter\(", line)]
    return [match[1] for line in lines if line.startswith(threads[-1] + " ")
            for match in [re.match(r"\d+ +(\w+)\(", line)] if match]


def waits_of_one_family(backend, calls):
    family = {"select": "select", "poll": "poll"}.get(
        backend, "uring" if "uring" in backend else "epoll")
    waits = {call for call in calls if re.search(r"select|poll|uring", call)}
    assert waits and all(family in call for call in waits), waits
    return " ".join(sorted(waits))


@row
def f03_backend_in_use(backend):
    calls = calls_of_a_loop(backend, ["apps/echo_server"])
    return waits_of_one_family(backend, calls)


@row
def f05_threads(backend):
    seen = []
    for reactors in (0, 1, 3):
        with Echo(backend, "--reactors", str(reactors)) as server:
            with server.connect() as client:
                echo(client)
            # The main loop's and the log's.
            assert server.threads() == 2 + reactors, server.threads()
            seen.append(f"{reactors}+2")
    with Echo(backend, "--reactors", "2", "--workers", "3") as server:
        with server.connect() as client:
            echo(client)
        assert server.threads() == 7, server.threads()
        seen.append("2+3+2")
    return "threads " + ", ".join(seen)


@row
def f06_start_and_stop(backend):
    with Echo(backend) as server:
        with server.connect() as client:
            echo(client)
        assert server.stop() == 0
        try:
            server.connect()
            raise AssertionError("a stopped server takes connections")
        except ConnectionRefusedError:
            pass
    return "exit 0, then refused"


@row
def f07_connects_at_once(backend):
    with Echo(backend) as server:
        clients = []
        for _ in range(500):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(server.address)
            clients.append(client)
        for client in clients:
            client.settimeout(PATIENCE)
            while True:
                try:
                    client.send(b"x")
                    break
                except (BlockingIOError, OSError):
                    time.sleep(0.001)
        for client in clients:
            assert receive(client, 1) == b"x"
            client.close()
    return "500 of 500 served"


@row
def f08_burst(backend):
    data = pattern(1 << 20)
    with Echo(backend) as server, server.connect() as client:
        sender = threading.Thread(target=client.sendall, args=(data,))
        sender.start()
        answer = receive(client, len(data))
        sender.join()
        assert answer == data
        assert server.stop() == 0
        assert server.total("bytes_read") == len(data)
    return "1 MiB byte for byte"


@row
def f09_no_growth(backend):
    cycles = 100_000 if LONG else 2_000
    with Echo(backend) as server:
        def cycle(count):
            for _ in range(count):
                with server.connect() as client:
                    echo(client, b"x")
        cycle(500)
        before = server.memory()
        cycle(cycles)
        grown = server.memory() - before
        assert grown < 512 * 1024, grown
        assert server.stop() == 0
        assert server.total("opened") == cycles + 500
        assert server.total("closed") == cycles + 500
    return f"{cycles} connections, {grown // 1024} KiB more"


@row
def f10_reassembly(backend):
    message = b"".join(frame(part) for part in (b"abc", b"", b"x" * 300))
    with Echo(backend, "--codec=length") as server, server.connect() as client:
        for split in range(1, len(message)):
            client.sendall(message[:split])
            client.sendall(message[split:])
            assert receive(client, len(message)) == message, split
    return f"{len(message) - 1} split points"


def round_trips(client, count):
    """How long they took, in order."""
    times = []
    for _ in range(count):
        start = time.monotonic()
        echo(client)
        times.append(time.monotonic() - start)
    return sorted(times)


@row
def f11_slow_reader(backend):
    chunk = pattern(251 << 12)  # a whole number of patterns
    chunks = (1 << 30) // len(chunk) if LONG else 8
    with Echo(backend) as server, server.connect() as other:
        before = round_trips(other, 2000 if LONG else 200)
        memory = server.memory()
        slow = server.connect(receive_buffer=4096)
        def send():
            for _ in range(chunks):
                slow.sendall(chunk)
        sender = threading.Thread(target=send)
        sender.start()
        time.sleep(0.3)
        during = round_trips(other, len(before))
        p99 = [times[len(times) * 99 // 100] for times in (before, during)]
        # Where the slow one holds up the loop they wait for ever.
        if LONG:
            assert p99[1] < 2 * p99[0] + 100e-6, p99
        # Its output up to the high-water mark and a read budget beyond it, in
        # buffers that grow by doubling, besides the input.
        grown = server.memory() - memory
        assert grown < 4 << 20, grown
        cpu = server.cpu_seconds()
        time.sleep(0.5)
        spin = server.cpu_seconds() - cpu
        assert spin < 0.1, spin
        for _ in range(chunks):
            assert receive(slow, len(chunk)) == chunk
        sender.join()
        slow.close()
    return (f"{chunks * len(chunk) >> 20} MiB cost {grown >> 10} KiB, p99 of "
            f"others {p99[0] * 1e6:.0f} us before and {p99[1] * 1e6:.0f} us")


@row
def f12_all_sent_before_the_end(backend):
    data = pattern(3 << 20)
    with Echo(backend) as server, server.connect() as client:
        def send():
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
        sender = threading.Thread(target=send)
        sender.start()
        time.sleep(0.1)
        assert receive_to_end(client) == data
        sender.join()
    return "3 MiB and then the end of the stream"


@row
def f13_interrupted_waits(backend):
    """What can be seen of F13: an interrupted wait is no time-out, no error."""
    interruptions = 20
    with Echo(backend, "--codec=length", "--idle-timeout=1min") as server:
        with server.connect() as client:
            for _ in range(interruptions):
                server.signal(signal.SIGSTOP)
                server.signal(signal.SIGCONT)
                time.sleep(0.002)
            client.sendall(frame(b"still here"))
            assert receive_frame(client) == b"still here"
        assert server.stop() == 0, server.errors()
        assert server.total("closed_idle") == 0
        # Each loop may have been interrupted each time; none went on spinning.
        waits = server.total("waits")
        assert waits < 4 * interruptions + 50, waits
    return f"{interruptions} interruptions, {waits} waits, nothing closed"


@row
def f16_reactors(backend):
    spread = []
    strategies = ("round-robin", "least-connections", "reuseport")
    for strategy in strategies:
        with Echo(backend, "--reactors", "4", "--strategy", strategy) as server:
            clients = [server.connect() for _ in range(400)]
            for client in clients:
                echo(client)
            for client in clients:
                client.close()
            assert server.stop() == 0
            opened = [counters["opened"]
                      for counters in server.loops().values()
                      if counters["opened"] > 0]
            assert len(opened) == 4 and sum(opened) == 400, opened
            assert max(opened) <= 2 * min(opened), opened
            spread.append(f"{min(opened)}..{max(opened)}")
    return "connections of a loop: " + ", ".join(
        f"{name} {range_}" for name, range_ in zip(strategies, spread))


@row
def f17_a_slow_job(backend):
    """A job of 500 ms delays what its loop does only when it runs there."""
    def farewells(server, until):
        """How long the loop takes to close with one that closes, in order."""
        times = []
        while not until.is_set() or not times:
            with server.connect() as client:
                start = time.monotonic()
                client.shutdown(socket.SHUT_WR)
                assert receive_to_end(client) == b""
                times.append(time.monotonic() - start)
        return sorted(times)

    def worst(workers):
        """The 99th percentile of the others' times, during one job."""
        with Echo(backend, "--reactors=1", f"--workers={workers}",
                  "--work-us=500000") as server:
            busy = server.connect()
            answered = threading.Event()
            def wait_for_answer():
                assert receive(busy, 1) == b"x"
                answered.set()
            busy.sendall(b"x")
            waiter = threading.Thread(target=wait_for_answer)
            waiter.start()
            time.sleep(0.05)
            times = farewells(server, answered)
            waiter.join()
            busy.close()
            assert server.stop() == 0
            return times[len(times) * 99 // 100]

    # No attempt succeeds when the job runs elsewhere than it should; a machine
    # that stalls spoils a few.
    quick = attempts(lambda: worst(2), lambda p99: p99 < 0.020)
    slow = attempts(lambda: worst(0), lambda p99: p99 > 0.300)
    return (f"p99 of others {quick * 1e3:.1f} ms with workers, "
            f"{slow * 1e3:.0f} ms without")


@row
def f18_client_leaves_early(backend):
    with Echo(backend, "--workers", "2", "--work-us", "100000") as server:
        for _ in range(20):
            client = server.connect()
            client.sendall(b"hello")
            client.close()
        with server.connect() as client:
            echo(client)
        # What nobody is there to take is dropped, not lost.
        assert server.stop() == 0
    return "20 clients gone before their replies, server alive"


@row
def f20_wake_up(backend):
    with Echo(backend, "--workers", "1") as server, server.connect() as client:
        median = attempts(lambda: round_trips(client, 50)[25],
                          lambda median: median < 0.005)
    return f"reply of a worker after {median * 1e3:.2f} ms (median)"


@row
def f21_order(backend):
    count = 1000
    with Echo(backend, "--workers", "4", "--codec=length") as server:
        with server.connect() as client:
            requests = b"".join(frame(struct.pack(">I", number))
                                for number in range(count))
            sender = threading.Thread(target=client.sendall, args=(requests,))
            sender.start()
            for number in range(count):
                answer = receive_frame(client)
                assert answer == struct.pack(">I", number), (number, answer)
            sender.join()
    return f"{count} pipelined requests, 4 workers, replies in order"


@row
def f22_passive_close(backend):
    with Echo(backend) as server:
        with server.connect() as warm:
            echo(warm)
        time.sleep(0.1)
        before = server.descriptors()
        client = server.connect()
        echo(client)
        assert server.descriptors() == before + 1
        start = time.monotonic()
        client.close()
        assert eventually(lambda: server.descriptors() == before)
        took = time.monotonic() - start
    return f"descriptor released after {took * 1000:.0f} ms"


@row
def f23_stop_with_work_in_flight(backend):
    with Echo(backend, "--codec=length", "--workers", "2", "--work-us",
              "20000") as server:
        client = server.connect()
        client.sendall(b"".join(frame(b"%d" % i) for i in range(20)))
        assert receive_frame(client) == b"0"
        code = None
        def stop():
            nonlocal code
            code = server.stop()
        stopping = threading.Thread(target=stop)
        stopping.start()
        answers = 1
        try:
            while receive_frame(client) == b"%d" % answers:
                answers += 1
        except (AssertionError, ConnectionError):
            pass
        stopping.join()
        assert code == 0 or answers < 20, code
        assert answers == 20 or code == 1, (answers, code)
    return f"{answers} of 20 answered, exit {code}"


@row
def f25_idle_timeout(backend):
    # Long against what may keep the active one from talking.
    with Echo(backend, "--idle-timeout", "1s") as server:
        active, idle = server.connect(), server.connect()
        echo(active)
        start = time.monotonic()
        echo(idle)
        closed = threading.Event()
        def keep_alive():
            while not closed.is_set():
                echo(active)
                time.sleep(0.05)
        keeper = threading.Thread(target=keep_alive)
        keeper.start()
        sees_the_end(idle)
        took = time.monotonic() - start
        closed.set()
        keeper.join()
        echo(active)
        assert took >= 1.0, took
    return f"idle closed after {took * 1000:.0f} ms, active alive"


@row
def f26_a_drip_is_idle(backend):
    with Echo(backend, "--codec=length", "--idle-timeout", "400ms",
              "--frame-timeout", "10s") as server:
        client = server.connect()
        client.sendall(frame(b"one"))
        receive_frame(client)
        start = time.monotonic()
        try:
            for byte in frame(b"x" * 1000):
                client.sendall(bytes([byte]))
                time.sleep(0.05)
            raise AssertionError("all of it was taken")
        except ConnectionError:
            pass
        took = time.monotonic() - start
    return f"closed after {took * 1000:.0f} ms of dripping"


@row
def f27_second_signal(backend):
    with Echo(backend, "--drain-timeout", "60s") as server:
        slow = server.connect(receive_buffer=4096)
        flood(slow)
        server.signal(signal.SIGINT)
        assert eventually(lambda: "stopping" in server.errors())
        time.sleep(0.3)
        assert server.process.poll() is None, "the first one does not wait"
        server.signal(signal.SIGTERM)
        code = server.process.wait(PATIENCE)
        assert code == -signal.SIGTERM, code
        slow.close()
    return "the first drains, the second ends"


@row
def f28_codecs(backend):
    generator = random.Random(28)
    payloads = [generator.randbytes(generator.randrange(200))
                for _ in range(200)]
    streams = {
        "fixed:16": b"".join(p[:16].ljust(16, b".") for p in payloads),
        "length": b"".join(frame(p) for p in payloads),
        "delimiter": b"".join(p.replace(b"\n", b" ") + b"\n"
                              for p in payloads)}
    for codec, stream in streams.items():
        with Echo(backend, f"--codec={codec}") as server:
            with server.connect() as client:
                at = 0
                while at < len(stream):
                    size = generator.randrange(1, 100)
                    client.sendall(stream[at:at + size])
                    at += size
                assert receive(client, len(stream)) == stream, codec
    with Echo(backend, "--codec=length", "--max-frame=1k") as server:
        client = server.connect()
        client.sendall(struct.pack(">I", 1025))
        sees_the_end(client)
        with server.connect() as other:
            other.sendall(frame(b"alive"))
            assert receive_frame(other) == b"alive"
    return "200 messages each; a frame too long is closed"


@row
def f29_socket_options(backend):
    with Echo(backend) as server, server.connect() as client:
        def write_write_read():
            """The mean of 50, of which Nagle's delay makes 40 ms each."""
            start = time.monotonic()
            for _ in range(50):
                client.sendall(b"a")
                client.sendall(b"b")
                assert receive(client, 2) == b"ab"
            return (time.monotonic() - start) / 50
        took = attempts(write_write_read, lambda mean: mean < 0.020)
        port = server.address[1]
        client.close()
        assert server.stop() == 0
    # The first one's connections are in TIME_WAIT or gone.
    with Echo(backend, "--strategy=reuseport", port=port) as first:
        with Echo(backend, "--strategy=reuseport", port=port) as second:
            for _ in range(20):
                with first.connect() as client:
                    echo(client)
            assert first.stop() == 0 and second.stop() == 0
            assert first.total("opened") + second.total("opened") == 20
    return f"write-write-read in {took * 1e3:.2f} ms; restart; shared port"


@row
def f30_connecting(backend):
    def probe(port, *flags):
        return subprocess.Popen(
            ["tests/acceptance/connect_probe", "--backend", backend, "--port",
             str(port), *flags], stdout=subprocess.PIPE, text=True)

    # Held, so that nobody else comes to listen there.
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        with probe(silent.getsockname()[1], "--attempts=5",
                   "--first-pause=10ms", "--max-pause=40ms") as refused:
            lines = refused.stdout.read().split("\n")[:-1]
            assert refused.wait(PATIENCE) == 1
    told = "Connection refused"
    assert lines == [f"{told}, again in 10ms", f"{told}, again in 20ms",
                     f"{told}, again in 40ms", f"{told}, again in 40ms",
                     told], lines

    # A queue that is full answers nobody.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as hole:
        port = hole.getsockname()[1]
        crowd = []
        for _ in range(4):
            crowd.append(socket.socket())
            crowd[-1].setblocking(False)
            crowd[-1].connect_ex(("127.0.0.1", port))
        with probe(port, "--attempts=1", "--timeout=200ms") as timed_out:
            lines = timed_out.stdout.read().split("\n")[:-1]
            assert timed_out.wait(PATIENCE) == 1
        assert lines == ["Connection timed out"], lines
        for client in crowd:
            client.close()

    with Echo(backend) as server:
        port = server.address[1]
        assert server.stop() == 0
        with probe(port, "--attempts=1000", "--first-pause=10ms",
                   "--max-pause=10ms") as patient:
            assert patient.stdout.readline().startswith(told)
            with Echo(backend, port=port):
                assert patient.wait(PATIENCE) == 0
            assert patient.stdout.read().endswith("connected\n")
    return "refused, timed out, found again; pauses 10, 20, 40, 40 ms"


@row
def f34_capacity(backend):
    want = 1_100 if not LONG else 10_000
    with Echo(backend, "--max-connections", str(want + 100)) as server:
        clients = []
        refused = 0
        for _ in range(want):
            client = server.connect()
            client.sendall(b"x")
            clients.append(client)
        held = []
        for client in clients:
            try:
                if client.recv(1) == b"x":
                    held.append(client)
                else:
                    refused += 1
            except ConnectionError:
                refused += 1
        # All at the same time, and each still echoes.
        for client in held:
            client.sendall(b"again")
        for client in held:
            assert receive(client, 5) == b"again"
        if backend == "select":
            assert refused > 0, "select took more than FD_SETSIZE"
        else:
            assert refused == 0, refused
        for client in clients:
            client.close()
        # The next one may come before the server has seen all of that, and
        # where it is full then it turns it away.
        assert eventually(lambda: serves(server))
        assert server.stop() == 0
        assert server.total("opened") == want - refused + 1
    return f"{want - refused} held, {refused} refused and told"


@row
def x01_any_mechanism_in_one_program(backend):
    plan = polymux("compare", "--dry-run", "--arms", backend)
    assert backend in plan, plan
    calls = calls_of_a_loop(backend, ["bench/polymux", "serve"])
    return "polymux compare has it; " + waits_of_one_family(backend, calls)


@row
def x02_counters(backend):
    messages = 500
    with Echo(backend) as server:
        with server.connect() as client:
            for _ in range(messages):
                echo(client)
        assert server.stop() == 0
        assert server.total("writes") == messages
        reads = server.total("reads")
        # The end of the stream is a read too, unless the signal comes before it.
        assert messages <= reads <= messages * 1.02, reads
    return f"{messages} messages: {messages} writes, {reads} reads"


@row
def lim_rejections_by_cause(backend):
    """Each limit of SECURITY.md, what it does and where it is counted."""
    # Long against what may lie between a connect and a send here.
    with Echo(backend, "--codec=length", "--max-frame=1k",
              "--first-byte-timeout=1s", "--frame-timeout=1s",
              "--idle-timeout=1500ms") as server:
        silent = server.connect()
        half = server.connect()
        half.sendall(b"\0\0")
        idle = server.connect()
        idle.sendall(frame(b"x"))
        bad = server.connect()
        bad.sendall(struct.pack(">I", 1025))
        receive_frame(idle)
        for client in (bad, silent, half, idle):
            sees_the_end(client)
            client.close()
        assert server.stop() == 0
        for cause in ("malformed", "first_byte", "frame_timeout", "idle"):
            assert server.total(f"closed_{cause}") == 1, cause

    for flag, cause in (("--write-timeout=200ms", "closed_write_timeout"),
                        ("--max-output=64k", "closed_output_limit")):
        with Echo(backend, "--high-water=64k", "--low-water=64k",
                  flag) as server:
            before = server.descriptors()
            with server.connect(receive_buffer=4096) as greedy:
                try:
                    greedy.sendall(pattern(64 << 20))
                    raise AssertionError(f"{flag} has let 64 MiB in")
                except ConnectionError:
                    pass
            assert eventually(lambda: server.descriptors() == before)
            server.stop()
            assert server.total(cause) == 1, cause

    with Echo(backend, "--max-connections=2", "--max-per-ip=1",
              "--accepts-per-event=1") as server:
        def arrive(host):
            client = socket.socket()
            client.settimeout(PATIENCE)
            client.bind((host, 0))
            client.connect(server.address)
            return client
        first, second = arrive("127.0.0.2"), arrive("127.0.0.3")
        echo(first)
        echo(second)
        sees_the_end(arrive("127.0.0.2"))
        sees_the_end(arrive("127.0.0.4"))
        first.close()
        before = 0
        def taken():
            nonlocal before
            try:
                with arrive("127.0.0.2") as again:
                    echo(again)
                    return True
            except (AssertionError, ConnectionError):
                before += 1
                return False
        assert eventually(taken), "a place that is free is not given"
        echo(second)
        second.close()
        assert server.stop() == 0
        assert server.total("rejected_limit") == 1
        assert server.total("rejected_peer_limit") == 1 + before
        assert "1 over the limit" in server.errors(), server.errors()
    return "8 causes, each counted as itself"


def polymux(*arguments):
    return subprocess.run(["bench/polymux", *arguments], text=True, check=True,
                          capture_output=True).stdout


def backends():
    """Each backend and, when it cannot be used here, why."""
    found = {}
    for line in polymux("list").splitlines()[1:]:
        if not line.strip():
            break
        name = line.split()[0]
        usable = line.rstrip().endswith(" available")
        found[name] = "" if usable else line.split(None, 1)[1]
    return found
