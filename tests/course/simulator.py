#!/usr/bin/env python3
"""A stand-in for the course's simulator, written from a description of it (README.md here) and from nothing else.

It starts real replicas, passes their JSON datagrams on or loses them, plays the clients, kills and partitions, and
judges as the course does: seven checks of correctness, then a tier for messages, failures, duplicates and median
latency (0 bonus, 1 full, 2 partial, 3 none). One eighth check is our own: a replica prints nothing.

Real time decides: on a loaded machine latencies are worse, and so may be the number of messages.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import random
import select
import signal
import socket
import statistics
import string
import subprocess
import sys
import time

EVERYBODY = NOBODY = "FFFF"
CLIENTS = 8
IDLE_TURN = 0.1  # seconds the loop sleeps at most
NEW_KEY_CHANCE = 0.5
ORDER = ["simple", "unreliable", "crash", "partition", "advanced"]
METRICS = ["total_msgs", "failures", "duplicates", "median_latency"]


def identity(number):
    return f"{number:04X}"


def is_identity(text):
    return isinstance(text, str) and len(text) == 4 and all(c in string.hexdigits for c in text)


def random_text(size):
    return "".join(random.choices(string.ascii_uppercase + string.digits, k=size))


class Replica:
    """One process, and the simulator's socket for it."""

    def __init__(self, number, program, ids):
        self.id = identity(number)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)
        self.address = None  # known from its hello on
        self.alive = True
        self.died = False  # not killed on purpose
        peers = [other for other in ids if other != self.id]
        random.shuffle(peers)
        self.process = subprocess.Popen(
            [program, str(self.socket.getsockname()[1]), self.id, *peers],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        os.set_blocking(self.process.stdout.fileno(), False)

    def kill(self):
        self.alive = False
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait()

    def printed(self):
        return self.process.stdout.read() or b""


class Request:
    def __init__(self, client, is_get, key, value):
        self.client, self.is_get, self.key, self.value = client, is_get, key, value
        self.sent_at = 0.0
        self.mid = ""


class Client:
    """It believes that a get returns the value of its last put whose ok has arrived."""

    def __init__(self, simulator, client_id):
        self.simulator, self.id = simulator, client_id
        self.leader = NOBODY
        self.acknowledged = {}
        self.open = {}  # requests by MID
        self.closed = {}  # the type of the answer by MID

    def generate(self):
        counts = self.simulator.counts
        is_get = random.random() < self.simulator.mix
        if is_get and not self.acknowledged:
            counts["gets_not_generated"] += 1
            is_get = False
        keys = list(self.acknowledged)
        if is_get:
            request = Request(self, True, random.choice(keys), None)
        elif keys and random.random() >= NEW_KEY_CHANCE:
            key = random.choice(keys)
            request = Request(self, False, key, md5(self.acknowledged[key]))
        else:
            key = random_text(32)
            request = Request(self, False, key, md5(key))
        counts["gets" if is_get else "puts"] += 1
        self.send(request)

    def send(self, request):
        living = self.simulator.living()
        if not living:
            self.open[random_text(16)] = request  # for ever unanswered
            return
        target = self.leader if any(r.id == self.leader for r in living) else random.choice(living).id
        request.mid = random_text(16)
        request.sent_at = time.monotonic()
        self.open[request.mid] = request
        message = {"src": self.id, "dst": target, "leader": self.leader,
                   "type": "get" if request.is_get else "put", "MID": request.mid, "key": request.key}
        if not request.is_get:
            message["value"] = request.value
        self.simulator.deliver(target, json.dumps(message).encode())

    def on_answer(self, message):
        simulator, counts = self.simulator, self.simulator.counts
        kind, mid = message["type"], message.get("MID")
        if kind not in ("ok", "fail", "redirect") or not isinstance(mid, str):
            return simulator.incorrect(f"{self.id} is told {message}")
        self.leader = message["leader"]
        request = self.open.pop(mid, None)
        if request is None:
            if self.closed.get(mid) == "ok":
                counts["duplicates"] += 1
                return None
            return simulator.incorrect(f"{kind} after {self.closed.get(mid, 'nothing')} for {mid} of {self.id}")
        self.closed[mid] = kind
        simulator.latencies.append(time.monotonic() - request.sent_at)
        if kind != "ok":
            counts["redirects" if kind == "redirect" else "fails"] += 1
            return self.send(request)
        if request.is_get:
            if message.get("value") != self.acknowledged[request.key]:
                return simulator.incorrect(f"get by {self.id}, MID {mid}: {message.get('value')!r}, "
                                           f"should be {self.acknowledged[request.key]!r}")
            counts["gets_answered"] += 1
        else:
            self.acknowledged[request.key] = request.value
            counts["puts_answered"] += 1
        return None


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class Simulator:
    def __init__(self, config, program):
        self.config, self.program = config, program
        self.mix = config.get("mix", 0.8)
        self.drops = config.get("drops", 0)
        self.leader = NOBODY
        self.quorum = None  # the ids of the chosen side of a partition
        self.counts = dict.fromkeys(
            ["total_msgs", "dropped", "blocked", "gets", "puts", "gets_answered", "puts_answered",
             "gets_not_generated", "redirects", "fails", "duplicates", "incorrect", "killed"], 0)
        self.latencies = []
        self.notes = []
        self.replicas = {}
        self.clients = {}

    def living(self):
        return [replica for replica in self.replicas.values() if replica.alive]

    def incorrect(self, what):
        self.counts["incorrect"] += 1
        self.note(f"incorrect: {what}")

    def note(self, what):
        self.notes.append(f"{time.monotonic() - self.first_request:7.3f} {what}")

    # Messages.

    def deliver(self, replica_id, data):
        replica = self.replicas[replica_id]
        if replica.process.poll() is not None:
            return
        if replica.address is None:  # taken for dead, for good
            if replica.alive:
                replica.alive, replica.died = False, True
                self.note(f"{replica_id} was sent a message before its hello")
            return
        try:
            replica.socket.sendto(data, replica.address)
        except OSError:
            pass

    def receive(self, replica):
        try:
            data, address = replica.socket.recvfrom(65535)
        except OSError:
            return
        try:
            text = data.decode()
        except UnicodeDecodeError:
            replica.kill()
            replica.died = True
            self.note(f"{replica.id} sent bytes that are no text")
            return
        try:
            message = json.loads(text)
            well_formed = (isinstance(message, dict) and isinstance(message.get("type"), str)
                           and all(is_identity(message.get(name)) for name in ("src", "dst", "leader")))
        except ValueError:
            well_formed = False
        if not well_formed:
            self.incorrect(f"{replica.id} sent {text[:200]!r}")
        elif message["type"] == "hello":
            replica.address = address
        else:
            self.route(message, data)

    def route(self, message, data):
        if self.quorum is None or message["src"] in self.quorum:
            self.leader = message["leader"]
        destination = message["dst"]
        if destination in self.clients:
            return self.clients[destination].on_answer(message)
        if destination == EVERYBODY:
            recipients = [other for other in self.replicas if other != message["src"]]
        elif destination in self.replicas:
            recipients = [destination]
        else:
            return self.incorrect(f"{message['src']} wrote to {destination}, who is nobody")
        for recipient in recipients:
            self.pass_on(message["src"], recipient, data)
        return None

    def pass_on(self, source, destination, data):
        self.counts["total_msgs"] += 1
        if random.random() < self.drops:
            self.counts["dropped"] += 1
        elif self.quorum is not None and (source in self.quorum) != (destination in self.quorum):
            self.counts["blocked"] += 1
        else:
            self.deliver(destination, data)

    # Events.

    def happen(self, kind):
        others = [replica for replica in self.living() if replica.id != self.leader]
        if kind == "kill_leader":
            leader = self.replicas.get(self.leader)
            if leader is None or not leader.alive:
                self.note("kill_leader: none is known")
                return
            self.kill(leader)
            self.forget_leader()
        elif kind == "kill_non_leader":
            if others:
                self.kill(random.choice(others))
        elif kind in ("part_easy", "part_hard"):
            ids = list(self.replicas)
            if kind == "part_easy" and self.leader in ids:
                ids.remove(self.leader)
                self.quorum = {self.leader, *random.sample(ids, len(self.replicas) // 2)}
            else:
                self.quorum = set(random.sample(ids, len(ids) // 2 + 1))
                self.forget_leader()
                self.leader = NOBODY
            self.note(f"{kind}: {sorted(self.quorum)} of the quorum")
        elif kind == "part_end":
            self.quorum = None
            self.note("healed")
        else:
            raise ValueError(f"event {kind!r} is not known")

    def kill(self, replica):
        self.note(f"{replica.id} killed")
        self.counts["killed"] += 1
        replica.kill()

    def forget_leader(self):
        for client in self.clients.values():
            client.leader = NOBODY

    # The run.

    def run(self):
        count = self.config["replicas"]
        random.seed(self.config.get("seed"))
        ids = [identity(number) for number in range(count)]
        start = time.monotonic()
        self.first_request = start + self.config.get("start_wait", 5.0)
        try:
            for number in range(count):
                self.replicas[identity(number)] = Replica(number, self.program, ids)
            for number in range(CLIENTS):
                self.clients[identity(count + 16 + number)] = Client(self, identity(count + 16 + number))
            self.loop()
        finally:
            for replica in self.replicas.values():
                if replica.process.poll() is not None and replica.alive:
                    replica.died = True
                    self.note(f"{replica.id} ended by itself with {replica.process.returncode}")
                replica.kill()
                replica.socket.close()
        return self.judge()

    def loop(self):
        config = self.config
        events = sorted(config.get("events", []), key=lambda event: event["time"])
        spacing = config["lifetime"] / config["requests"]
        end = self.first_request + config["lifetime"] + config.get("end_wait", 2.0)
        sockets = {replica.socket: replica for replica in self.replicas.values()}
        clients = list(self.clients.values())
        generated = 0
        while (now := time.monotonic()) < end:
            if self.counts["total_msgs"] >= config.get("max_packets", 20000):
                self.note("max_packets reached: the run stops early")
                break
            while events and now >= self.first_request + events[0]["time"]:
                self.happen(events.pop(0)["type"])
            while generated < config["requests"] and now >= self.first_request + generated * spacing:
                generated += 1
                random.choice(clients).generate()
            ready, _, _ = select.select(list(sockets), [], [], min(IDLE_TURN, max(0, end - now)))
            ready = set(ready)
            for each, replica in sockets.items():
                if each in ready:
                    self.receive(replica)

    # The verdict.

    def judge(self):
        counts, tests = self.counts, self.config["tests"]
        requests, replicas = self.config["requests"], self.config["replicas"]
        batched = tests.get("maximum_appends_batched_fraction", 0.5)
        died = sum(replica.died for replica in self.replicas.values())
        printed = sum(len(replica.printed()) for replica in self.replicas.values())
        unanswered_gets = counts["gets"] - counts["gets_answered"]
        unanswered_puts = counts["puts"] - counts["puts_answered"]
        checks = {
            "no incorrect answer": counts["incorrect"] == 0,
            "no replica died": died == 0,
            "a put was acknowledged": counts["puts_answered"] > 0,
            "gets answered": unanswered_gets <= tests.get("maximum_get_fail_fraction", 0.5) * counts["gets"],
            "puts answered": unanswered_puts <= tests.get("maximum_put_fail_fraction", 0.5) * counts["puts"],
            "gets generated": counts["gets_not_generated"]
            <= tests.get("maximum_get_generation_fail_fraction", 0.1) * counts["gets"],
            "enough messages": counts["total_msgs"] >= requests * replicas * (1 - self.mix) * (1 - batched),
            "silence": printed == 0,
        }
        metrics = {
            "total_msgs": counts["total_msgs"],
            "failures": counts["fails"] + unanswered_gets + unanswered_puts,
            "duplicates": counts["duplicates"],
            "median_latency": statistics.median_high(self.latencies) if self.latencies else float("inf"),
        }
        tiers = [sum(metrics[name] >= limit for limit in tests["benchmarks"][name]) for name in METRICS]
        return {"failed": [name for name, holds in checks.items() if not holds], "tiers": tiers,
                "metrics": metrics, "counts": dict(counts), "notes": self.notes}


def shorten(config, share):
    """The same in a share of the time: fewer requests, events earlier, limits to match. (How many gets find nothing
    acknowledged depends on the number of clients, not of requests.)"""
    config["lifetime"] *= share
    config["requests"] = int(config["requests"] * share)
    for event in config.get("events", []):
        event["time"] *= share
    limits = config["tests"]["benchmarks"]["total_msgs"]
    config["tests"]["benchmarks"]["total_msgs"] = [limit * share for limit in limits]
    config["tests"]["maximum_get_generation_fail_fraction"] = 0.1 / share


def run_one(path, program, share):
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    if share != 1:
        shorten(config, share)
    return Simulator(config, program).run()


def place(path):
    name = os.path.basename(path)
    group = name.split("-")[0]
    return (ORDER.index(group) if group in ORDER else len(ORDER), name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("configs", nargs="+", metavar="CONFIG", help="configurations of the course's simulator")
    parser.add_argument("--replica", required=True, help="the program to start as each replica")
    parser.add_argument("--jobs", type=int, default=1, help="how many configurations run at once (1)")
    parser.add_argument("--repeat", type=int, default=1, help="how often each runs (1)")
    parser.add_argument("--shorten", type=float, default=1, metavar="SHARE", help="of each one's time (1: whole)")
    parser.add_argument("--credit", type=int, default=3, metavar="TIER",
                        help="fail when messages, failures or duplicates are in a worse tier than this (3: never)")
    parser.add_argument("--notes", action="store_true", help="what happened in each run, and all counts")
    options = parser.parse_args()

    paths = sorted(options.configs, key=place) * options.repeat
    paths.sort(key=place)
    failed = 0
    print(f"{'':14}      tiers  messages failures duplicates median (ms)")
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        runs = [pool.submit(run_one, path, os.path.abspath(options.replica), options.shorten) for path in paths]
        for path, run in zip(paths, runs):
            result = run.result()
            name = os.path.basename(path).removesuffix(".json")
            passed = not result["failed"]
            failed += not passed or max(result["tiers"][:3]) > options.credit
            metrics = result["metrics"]
            print(f"{name:14} {'PASS' if passed else 'FAIL'} {' '.join(map(str, result['tiers'])):>7}"
                  f" {metrics['total_msgs']:8} {metrics['failures']:8} {metrics['duplicates']:10}"
                  f" {1000 * metrics['median_latency']:11.3f}"
                  f"{'  ' if result['failed'] else ''}{', '.join(result['failed'])}", flush=True)
            if options.notes or not passed:
                for note in result["notes"]:
                    print("   ", note)
                print("   ", result["counts"], flush=True)
    print(f"passed {len(paths) - failed} out of {len(paths)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
