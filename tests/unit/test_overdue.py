from edgevision.overdue import CallClock


def test_a_call_is_overdue_from_its_limit_until_it_returns() -> None:
    now = [0.0]
    call = CallClock(lambda: now[0])
    seen = [call.is_overdue]
    with call.within(2.0):
        for now[0] in (0.0, 2.0, 2.1):
            seen.append(call.is_overdue)
    seen.append(call.is_overdue)

    assert seen == [False, False, False, True, False]
