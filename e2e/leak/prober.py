"""One user's programs on the guarded host: keep sending one of every kind, in turn, whatever becomes of it.

    prober.py '{"user": 65534, "kinds": {"tcp4": 1, …}, "device": "eth0", "own": …, "gateway": …, "internet": …,
                "internet6": …, "provider": …, "providerPort": 1194, "control": …, "controlPort": 80, "calm": 0}'

Every packet carries its kind's number as DSCP, which any user may set, so that the counters at the router know it
again. Says "ready" when its flows are open, and how often each kind was tried when its standard input ends. A kind
that is not named is not sent. What the kernel refuses to send was tried as well. With "calm", what could go through a
tunnel is sent only once in so many turns: for a provider that limits new connections.
"""
import collections, json, os, select, socket, struct, sys, time

task = json.loads(sys.argv[1])
if task["user"]:
    os.setgroups([])
    os.setgid(task["user"])
    os.setuid(task["user"])
kinds = task["kinds"]
tried = collections.Counter()
device = task["device"]
V4, V6 = socket.AF_INET, socket.AF_INET6


def opened(kind, family, type_, protocol=0, bound=False):
    sock = socket.socket(family, type_, protocol)
    sock.setblocking(False)
    mark(sock, kind)
    if bound:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    return sock


def mark(sock, kind):
    if sock.family == V4:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, kinds[kind] << 2)
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, kinds[kind] << 2)


def send(sock, kind, to, data=b"probe"):
    tried[kind] += 1
    try:
        sock.sendto(data, to)
    except OSError:
        pass


def datagrams(kind, family, to, port=9, type_=socket.SOCK_DGRAM, protocol=0, data=b"probe", bound=False):
    """From one port: to the kernels on the way it is one flow, open since the first."""
    sock = opened(kind, family, type_, protocol, bound)
    if to == "255.255.255.255":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    return lambda: send(sock, kind, (to, port), data)


def fresh(kind, family, to, port):
    """From a port of its own each time: a new flow."""

    def once():
        with opened(kind, family, socket.SOCK_DGRAM) as sock:
            send(sock, kind, (to, port))

    return once


waiting = collections.deque()
talking = collections.deque()


def connect(kind, family, to, port, bound=False):
    def once():
        tried[kind] += 1
        sock = opened(kind, family, socket.SOCK_STREAM, 0, bound)
        sock.connect_ex((to, port))
        waiting.append((sock, kind))
        if len(waiting) <= 12:
            return
        old, its = waiting.popleft()
        # What came about goes on as a flow that was open before whatever comes next.
        if its == "tcp4" and "talk" in kinds and is_connected(old):
            mark(old, "talk")
            talking.append(old)
            if len(talking) > 6:
                # The oldest stays: it was opened before the first block.
                talking[1].close()
                del talking[1]
        else:
            old.close()

    return once


def is_connected(sock):
    try:
        sock.getpeername()
        return True
    except OSError:
        return False


def talk():
    for sock in talking:
        tried["talk"] += 1
        try:
            sock.send(b"x")
        except OSError:
            pass


def segments(flow):
    """More of a TCP connection that is open, without waiting for its own clock (raw, so root only)."""
    sock = opened("segment", V4, socket.SOCK_RAW, socket.IPPROTO_TCP, True)
    port = flow.getsockname()[1]
    # ACK and PSH; with a checksum of nothing, which the counters do not mind.
    head = struct.pack("!HHIIBBHHH", port, 9, 1, 1, 5 << 4, 0x18, 1024, 0, 0)
    return lambda: send(sock, "segment", (task["internet"], 0), head + b"x")


def first_flow():
    sock = socket.create_connection((task["internet"], 9), 10)
    mark(sock, "talk")
    sock.setblocking(False)
    talking.append(sock)
    return sock


four, six = task["internet"], task["internet6"]
provider, port = task["provider"], task["providerPort"]
ECHO4 = struct.pack("!BBHHH", 8, 0, 0xF7FF, 0, 0)
ECHO6 = struct.pack("!BBHHH", 128, 0, 0, 0, 0)
flow = first_flow()
often = {
    "udp4": lambda kind: fresh(kind, V4, four, 9),
    "udp6": lambda kind: fresh(kind, V6, six, 9),
    "flow4": lambda kind: datagrams(kind, V4, four),
    "flow6": lambda kind: datagrams(kind, V6, six),
    "dns4": lambda kind: fresh(kind, V4, four, 53),
    "dns6": lambda kind: fresh(kind, V6, six, 53),
    "dns-near": lambda kind: fresh(kind, V4, task["gateway"], 53),
    "mdns": lambda kind: datagrams(kind, V4, "224.0.0.251", 5353, bound=True),
    "broadcast": lambda kind: datagrams(kind, V4, "255.255.255.255", 5000, bound=True),
    "bound4": lambda kind: datagrams(kind, V4, four, bound=True),
    "bound6": lambda kind: datagrams(kind, V6, six, bound=True),
    "icmp4": lambda kind: datagrams(kind, V4, four, 0, socket.SOCK_RAW, socket.IPPROTO_ICMP, ECHO4),
    "icmp6": lambda kind: datagrams(kind, V6, six, 0, socket.SOCK_RAW, socket.IPPROTO_ICMPV6, ECHO6),
    "raw4": lambda kind: datagrams(kind, V4, four, 0, socket.SOCK_RAW, 253),
    "raw6": lambda kind: datagrams(kind, V6, six, 0, socket.SOCK_RAW, 253),
    "raw-bound": lambda kind: datagrams(kind, V4, four, 0, socket.SOCK_RAW, 253, bound=True),
    "segment": lambda kind: segments(flow),
    "provider-udp": lambda kind: datagrams(kind, V4, provider, port),
    "provider-bound": lambda kind: datagrams(kind, V4, provider, port, bound=True),
}
# Each makes a connection, which lives on in many tables for a while: one of these at a time.
seldom = {
    "tcp4": lambda kind: connect(kind, V4, four, 9),
    "tcp6": lambda kind: connect(kind, V6, six, 9),
    "tcp-bound": lambda kind: connect(kind, V4, four, 9, True),
    "dns-tcp": lambda kind: connect(kind, V4, four, 53),
    "dot": lambda kind: connect(kind, V4, four, 853),
    "provider-tcp": lambda kind: connect(kind, V4, provider, port),
    "control": lambda kind: connect(kind, V4, task["control"], task["controlPort"]),
    "talk": lambda kind: talk,
}
rare = collections.deque(make(kind) for kind, make in seldom.items() if kind in kinds)
DEVICE_CHOSEN = {"mdns", "broadcast", "bound4", "bound6", "raw-bound", "segment", "provider-udp", "provider-bound"}
beside = [make(kind) for kind, make in often.items() if kind in kinds and kind in DEVICE_CHOSEN]
routed = [make(kind) for kind, make in often.items() if kind in kinds and kind not in DEVICE_CHOSEN]


def one_of_the_rare():
    rare.rotate(1)
    rare[0]()


routed += [one_of_the_rare]
everything = beside + routed
calm = task.get("calm", 0)
print("ready", flush=True)
turn = 0
while not select.select([sys.stdin], [], [], 0.002)[0]:
    for _ in range(3):
        turn += 1
        if not calm:
            everything[turn % len(everything)]()
        elif turn % calm == 0:
            routed[turn // calm % len(routed)]()
        else:
            beside[turn % len(beside)]()
print(json.dumps(tried), flush=True)
