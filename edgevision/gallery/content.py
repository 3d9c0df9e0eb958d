"""What a gallery holds: embeddings with names, of one embedder. Pure; immutable."""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from edgevision.errors import GalleryError
from edgevision.ops.embed import Matcher

__all__ = ["Enrolled", "Gallery"]

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """One enrolled example, but for its embedding."""

    name: str
    added: str
    """When, ISO-8601 UTC."""
    image_png: bytes | None = None
    """The aligned crop; only when it was asked to be kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """The enrolled examples of one embedder, row by row."""

    embedder_sha256: str
    """Of the bundle that made the embeddings; those of another mean nothing to it."""
    entries: tuple[Enrolled, ...]
    embeddings: Vectors
    """(n, D), normalised."""

    @classmethod
    def empty(cls, embedder_sha256: str, dimensions: int) -> "Gallery":
        """Return a gallery of nobody."""
        return cls(embedder_sha256, (), np.zeros((0, dimensions), np.float32))

    @property
    def counts(self) -> dict[str, int]:
        """Return how many examples each name has, in the order of names."""
        return dict(sorted(Counter(entry.name for entry in self.entries).items()))

    def matcher(self) -> Matcher:
        """Return what finds the nearest example."""
        return Matcher([entry.name for entry in self.entries], self.embeddings)

    def added(self, entries: tuple[Enrolled, ...], embeddings: Vectors) -> "Gallery":
        """Return the gallery with (m, D) more examples."""
        return replace(
            self,
            entries=self.entries + entries,
            embeddings=np.concatenate((self.embeddings, embeddings)).astype(np.float32),
        )

    def only(self, name: str) -> "Gallery":
        """Return the examples of one name; raises GalleryError where there is none."""
        return self._picked([entry.name == name for entry in self.entries], name)

    def without(self, name: str) -> "Gallery":
        """Return the gallery without any example of a name; raises GalleryError where there is none."""
        self.only(name)
        return self._picked([entry.name != name for entry in self.entries], name)

    def require_embedder(self, sha256: str, dimensions: int) -> None:
        """Raise GalleryError unless the embeddings are those of this bundle."""
        if (self.embedder_sha256, self.embeddings.shape[1]) != (sha256, dimensions):
            raise GalleryError(
                f"gallery: expected embeddings of the bundle {sha256[:12]}… with {dimensions} dimensions, "
                f"got those of {self.embedder_sha256[:12]}… with {self.embeddings.shape[1]}; enrol again "
                "with this bundle under another gallery name, or install the other bundle"
            )

    def _picked(self, stays: list[bool], name: str) -> "Gallery":
        if name not in {entry.name for entry in self.entries}:
            raise GalleryError(f"gallery: nobody is enrolled as {name!r}; see `edgevision gallery list`")
        kept = tuple(entry for entry, is_kept in zip(self.entries, stays, strict=True) if is_kept)
        return replace(self, entries=kept, embeddings=self.embeddings[np.array(stays, np.bool_)])
