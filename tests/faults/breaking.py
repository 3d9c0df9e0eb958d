"""What breaks around a running station, and mends again: broker, camera, disk, whoever commands it."""

import os
import random
import resource
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from edgevision.messages import Topics, Verb
from tests.bundles import dark_part
from tests.faults.cameras import NetworkCamera, Picture, jpeg
from tests.faults.process import Process
from tests.mosquitto import Mosquitto, Subscriber

__all__ = ["FAULTS", "World", "break_things", "warm_up"]

TRIGGERS = 20
ANSWERS_KEPT = 1024
FRAME_S = 0.04


@dataclass(frozen=True)
class World:
    """What may be broken, and for how long at most."""

    station: Process
    topics: Topics
    broker: Mosquitto
    client: Subscriber
    camera: NetworkCamera
    picture: Picture
    recipe: Path
    fault_max_s: float
    rng: random.Random
    fault_min_s: float = 0.05

    def pause(self) -> None:
        time.sleep(self.rng.uniform(self.fault_min_s, self.fault_max_s))


def trigger(world: World) -> None:
    for _ in range(TRIGGERS):
        command = b'{"id":"%s","part_id":"P"}' % world.rng.randbytes(8).hex().encode()
        world.client.publish(world.topics.command(Verb.TRIGGER), command)


def broker_restarts(world: World) -> None:
    world.broker.stop()
    world.pause()
    world.broker.start()


def broker_hangs(world: World) -> None:
    world.broker.signal(signal.SIGSTOP)
    try:
        world.pause()
    finally:
        world.broker.signal(signal.SIGCONT)


def camera_goes(world: World) -> None:
    world.rng.choice([world.camera.hang_up, world.camera.fall_silent, world.camera.be_busy])()
    world.pause()
    world.camera.switch_on()


def camera_sends_rubbish(world: World) -> None:
    world.camera.picture = lambda number: world.rng.randbytes(number % 5000)
    world.pause()
    world.camera.picture = world.picture


def camera_changes_its_size(world: World) -> None:
    large = jpeg(dark_part((128, 96), defective=False))
    world.camera.picture = lambda _: large
    world.pause()
    world.camera.picture = world.picture


def disk_takes_nothing(world: World) -> None:
    usual = resource.prlimit(world.station.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(world.station.pid, resource.RLIMIT_FSIZE, (1, usual[1]))
    world.pause()
    resource.prlimit(world.station.pid, resource.RLIMIT_FSIZE, usual)


def commands_are_junk(world: World) -> None:
    for verb in Verb:
        junk = world.rng.choice([b"", b"\xff\xfe", b"[" * 3000, b"{}", b"x" * 9000, world.rng.randbytes(50)])
        world.client.publish(world.topics.command(verb), junk, retain=world.rng.random() < 0.5)
    world.pause()


def parts_come_in_a_burst(world: World) -> None:
    trigger(world)
    world.pause()


def recipe_changes(world: World) -> None:
    recipe = yaml.safe_load(world.recipe.read_text())
    world.recipe.write_text(yaml.safe_dump(recipe | {"version": f"1.0.{world.rng.randrange(1000)}"}))
    os.kill(world.station.pid, signal.SIGHUP)
    world.pause()


FAULTS: tuple[Callable[[World], None], ...] = (
    broker_restarts,
    broker_hangs,
    camera_goes,
    camera_sends_rubbish,
    camera_changes_its_size,
    disk_takes_nothing,
    commands_are_junk,
    parts_come_in_a_burst,
    recipe_changes,
)
"""Each breaks or asks something, and all is well when it returns; what else can be broken is added here."""


def break_things(world: World, until_s: float) -> int:
    """Break one thing after another, each once before any again, until a time of the monotonic clock.

    Returns how many.
    """
    count = 0
    while time.monotonic() < until_s:
        for fault in world.rng.sample(FAULTS, len(FAULTS)):
            fault(world)
            world.pause()
            count += 1
    return count


def warm_up(world: World, until_s: float) -> None:
    """Let the station need as much memory as ever: every fault lasts longest, and what it keeps is full.

    It keeps so many answers to commands, to give them again.
    """
    for _ in range(ANSWERS_KEPT // TRIGGERS + 1):
        trigger(world)
        time.sleep(TRIGGERS * FRAME_S)
    break_things(replace(world, fault_min_s=world.fault_max_s), until_s)
