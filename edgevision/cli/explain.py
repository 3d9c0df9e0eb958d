"""`edgevision explain`: why a picture is judged as it is, as a picture."""

from pathlib import Path
from typing import Annotated

import typer

from edgevision.cli.engine import EngineName, Precision

__all__ = ["explain"]


def explain(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="As the camera took it.")],
    recipe: Annotated[Path, typer.Option(metavar="FILE", help="What to inspect and how to judge.")],
    out: Annotated[Path, typer.Option(metavar="OUT.png", help="Where to write the picture.")],
    engine: EngineName = "auto",
    precision: Precision = "auto",
) -> None:
    """Write the picture with a heat map of what the models saw: scores, class activation, boxes."""
    import cv2

    from edgevision.cli.outputs import keep_apart
    from edgevision.config.document import load_recipe
    from edgevision.config.station import EngineSettings
    from edgevision.errors import OutputError
    from edgevision.explain import explain as run
    from edgevision.host.logs import set_up_logs

    set_up_logs("warning")
    keep_apart([image, recipe], [out])
    settings = EngineSettings(name=engine, precision=precision)
    picture, inspection = run(load_recipe(recipe), image, settings)
    data = cv2.imencode(".png", picture)[1].tobytes()
    try:
        out.write_bytes(data)
    except OSError as error:
        raise OutputError(
            f"{out}: cannot write the picture: {error}; check the folder and its space"
        ) from error
    verdict = inspection.verdict
    print(" ".join([verdict.judgement.value, *(reason.text for reason in verdict.reasons[:1])]))
