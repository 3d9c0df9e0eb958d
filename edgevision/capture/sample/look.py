"""How sample parts may look: materials, shapes, light, flaws, as plain ranges.

`LINE` is what the sample line shows; `WIDE` goes well beyond it and is meant for training
models that must also cope with surfaces the line never shows. `PITTED` is for training, too: pits are
rare on the line, and rarer still beside a hole or a dot of the mark, with which they can be confused.
"""

from dataclasses import dataclass

__all__ = ["LINE", "PITTED", "WIDE", "Look", "Material", "Range"]

Range = tuple[float, float]
"""Lowest and highest value; drawn uniformly."""

Tint = tuple[float, float, float]
"""Factors for blue, green, red."""

_STEEL: tuple[Tint, ...] = ((1.03, 1.0, 0.97), (1.0, 1.0, 1.0), (0.97, 0.99, 1.02))
_NON_FERROUS: tuple[Tint, ...] = ((0.62, 0.95, 1.08), (0.70, 0.88, 1.12), (1.06, 1.0, 0.96))
_GLAZES: tuple[Tint, ...] = (
    (1.0, 1.0, 1.0),
    (0.86, 0.97, 1.03),
    (0.68, 0.82, 1.12),
    (1.15, 0.98, 0.78),
    (0.95, 1.04, 0.86),
)


@dataclass(frozen=True, slots=True)
class Material:
    """A surface: grey level, colours and the strength of each texture (share of the grey level)."""

    albedo: Range
    tints: tuple[Tint, ...]
    grain: Range = (0.0, 0.0)
    mottle: Range = (0.0, 0.0)
    brush: Range = (0.0, 0.0)
    rings: Range = (0.0, 0.0)
    arcs: Range = (0.0, 0.0)
    """Rings around a far centre, as face milling leaves them."""
    sheen: Range = (0.0, 0.2)
    """Strength of the broad reflection."""
    specks: int = 6
    """Most harmless specks, each under 3 px."""
    patches: int = 0
    """Most harmless flat patches, a little darker or brighter than the rest."""
    blotch: Tint | None = None
    """Second colour into which the first one fades in patches."""


_LINE_MATERIALS = (
    Material((135, 195), _STEEL + _NON_FERROUS, grain=(0.01, 0.03), brush=(0.04, 0.11), sheen=(0.08, 0.3)),
    Material((130, 190), _STEEL + _NON_FERROUS, grain=(0.01, 0.03), rings=(0.04, 0.10), sheen=(0.05, 0.2)),
    Material((130, 190), _STEEL, grain=(0.01, 0.03), arcs=(0.03, 0.08), mottle=(0.01, 0.03)),
    Material((85, 140), _STEEL, grain=(0.05, 0.11), mottle=(0.03, 0.07), specks=14, sheen=(0.0, 0.1)),
    Material((130, 185), _GLAZES, grain=(0.004, 0.012), mottle=(0.01, 0.04), specks=24, sheen=(0.1, 0.3)),
    Material((110, 165), _GLAZES, grain=(0.02, 0.05), mottle=(0.02, 0.05), specks=16, sheen=(0.0, 0.12)),
)

_EARTHS: tuple[Tint, ...] = ((0.80, 0.92, 1.05), (0.92, 0.98, 1.03), (1.0, 1.0, 1.0), (0.70, 0.85, 1.10))
_BAKED: tuple[Tint, ...] = ((0.45, 0.75, 1.10), (0.55, 0.85, 1.12), (0.35, 0.62, 1.0))

_ROUGH_CONCRETE = Material(
    (90, 190), _EARTHS, grain=(0.04, 0.14), mottle=(0.04, 0.14), specks=30, sheen=(0.0, 0.05), patches=12
)
_FAIR_CONCRETE = Material(
    (130, 215), _EARTHS, grain=(0.01, 0.06), mottle=(0.01, 0.06), brush=(0.0, 0.06), specks=60, patches=60
)
_STONE = Material((100, 180), _EARTHS, grain=(0.02, 0.09), mottle=(0.02, 0.10), brush=(0.0, 0.08), specks=20)
_BAKED_GOODS = Material(
    (110, 190),
    _BAKED,
    grain=(0.02, 0.09),
    mottle=(0.03, 0.12),
    specks=40,
    patches=20,
    blotch=(0.25, 0.5, 0.85),
)
_PAINT = Material(
    (80, 200), _GLAZES + _EARTHS, grain=(0.01, 0.12), mottle=(0.02, 0.12), blotch=(0.8, 0.8, 0.8)
)
_WIDE_MATERIALS = (_ROUGH_CONCRETE, _FAIR_CONCRETE, _STONE, _BAKED_GOODS, _PAINT)


@dataclass(frozen=True, slots=True)
class Look:
    """Ranges from which every part is drawn. Widths and lengths in pixels of the frame."""

    materials: tuple[Material, ...] = _LINE_MATERIALS
    variants: int = 6
    """How many printed marks there are."""
    defect_rate: float = 0.4
    flaw_classes: tuple[int, ...] = (1, 1, 2, 3, 3)
    """Class ids from which each flaw of a defective part is drawn."""
    flaw_counts: tuple[int, ...] = (1, 1, 1, 2, 2, 3)
    """From which the number of flaws is drawn."""
    full_frame_rate: float = 0.0
    """Share of frames filled by a surface without outline, belt or mark."""
    irregular_rate: float = 0.0
    """Share of parts with a wavy outline and no holes, like baked goods."""
    marked_rate: float = 1.0
    engraved_rate: float = 0.25
    plank_rate: float = 0.0
    """Share of full frames with harmless straight lines from border to border."""
    exposure: Range = (0.88, 1.12)
    gradient: float = 0.16
    """Largest relative change of light from the centre to a border."""
    hot_spot: float = 0.18
    belt_gain: Range = (0.9, 1.1)
    blur_sigma_px: Range = (0.45, 0.75)
    noise_levels: Range = (1.2, 3.0)
    """Standard deviation of the sensor's noise at mid grey."""
    crack_width_px: Range = (1.6, 4.2)
    crack_length_px: Range = (36, 190)
    scratch_width_px: Range = (1.5, 2.6)
    scratch_length_px: Range = (42, 200)
    pit_diameter_px: Range = (6.5, 17)
    contrast_levels: Range = (36, 90)
    """Least grey-level step of a flaw; deeper on bright surfaces."""

    @classmethod
    def line(cls) -> "Look":
        """Return what the sample line shows."""
        return cls()

    @classmethod
    def pitted(cls) -> "Look":
        """Return a look for training: the line's own, with many small pits on every part."""
        return cls(defect_rate=1.0, flaw_classes=(2,), flaw_counts=(4, 6, 8), pit_diameter_px=(6.5, 13))

    @classmethod
    def wide(cls) -> "Look":
        """Return a look for training: more surfaces, harder light, thinner and fainter flaws."""
        return cls(
            materials=_LINE_MATERIALS + _WIDE_MATERIALS,
            defect_rate=0.6,
            full_frame_rate=0.35,
            irregular_rate=0.2,
            marked_rate=0.75,
            plank_rate=0.4,
            exposure=(0.65, 1.3),
            gradient=0.4,
            hot_spot=0.35,
            belt_gain=(0.6, 2.8),
            blur_sigma_px=(0.3, 1.2),
            noise_levels=(0.5, 6.0),
            crack_width_px=(1.1, 9.0),
            crack_length_px=(36, 560),
            scratch_width_px=(1.2, 3.2),
            contrast_levels=(26, 90),
        )


LINE = Look.line()
PITTED = Look.pitted()
WIDE = Look.wide()
