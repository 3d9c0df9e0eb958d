"""`edgevision doctor`: says why a station does not work, one line each, with a remedy."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edgevision.doctor.findings import Finding

__all__ = ["doctor"]

_COLOURS = {"OK": typer.colors.GREEN, "WARN": typer.colors.YELLOW, "FAIL": typer.colors.RED}


def doctor(
    config: Annotated[Path, typer.Option("--config", "-c", metavar="STATION.yaml", help="The station.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of lines.")] = False,
) -> None:
    """Examine a station: settings, models, cameras, every step to the broker, clock, disk, rights, ledger.

    Run it as the user that the station runs as. Exits with 10 when anything failed.
    """
    from edgevision.doctor.examine import examine
    from edgevision.doctor.findings import Grade
    from edgevision.errors import StationUnfit
    from edgevision.host.logs import set_up_logs

    set_up_logs("error")
    findings = []
    for finding in examine(config):
        findings.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        json.dump({"findings": [asdict(finding) for finding in findings]}, sys.stdout, ensure_ascii=False)
        print()
    failures = [finding.name for finding in findings if finding.verdict is Grade.FAIL]
    if failures:
        raise StationUnfit(f"the station cannot work like this: {', '.join(failures)}; see the remedies")


def _show(finding: "Finding") -> None:
    verdict = typer.style(f"{finding.verdict:<4}", fg=_COLOURS[finding.verdict])
    remedy = f" -> {finding.remedy}" if finding.remedy else ""
    typer.echo(f"{verdict}  {finding.name}: {finding.text}{remedy}")
