import gc

from edgevision.host.heap import limit_heaps, settle


def test_what_a_program_is_made_of_is_not_looked_at_again() -> None:
    try:
        settle()
        assert gc.get_freeze_count() > 1000
        assert len(gc.get_objects()) < 1000
    finally:
        gc.unfreeze()


def test_heaps_can_be_limited_on_every_system() -> None:
    limit_heaps()
