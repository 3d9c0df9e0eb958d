"""Additive angular margin: each identity's vectors gather around a direction, the margin keeps others off.

J. Deng, J. Guo, N. Xue, S. Zafeiriou, "ArcFace: Additive Angular Margin Loss for Deep Face Recognition",
CVPR 2019. Only training needs it; what is deployed ends at the vector.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["ArcFace"]


class ArcFace(nn.Module):
    """Directions of all identities, and the loss of vectors against them."""

    def __init__(self, identities: int, dimensions: int, scale: float) -> None:
        super().__init__()
        self.directions = nn.Parameter(torch.randn(identities, dimensions) * 0.05)
        self.scale = scale

    def forward(self, vectors: Tensor, identities: Tensor, margin: float) -> Tensor:
        """Return the mean loss of (N, D) vectors of (N,) identities; `margin` is an angle in radians.

        Beyond pi - margin, where the cosine would rise again, the loss goes on along a straight line.
        """
        cosines = F.linear(F.normalize(vectors.float()), F.normalize(self.directions))
        own = cosines.gather(1, identities[:, None]).clamp(-1 + 1e-6, 1 - 1e-6)
        sine = torch.sqrt(1 - own * own)
        turned = own * math.cos(margin) - sine * math.sin(margin)
        straight = own - math.sin(margin) * margin
        marked = torch.where(own > -math.cos(margin), turned, straight)
        logits = cosines.scatter(1, identities[:, None], marked) * self.scale
        return F.cross_entropy(logits, identities)
