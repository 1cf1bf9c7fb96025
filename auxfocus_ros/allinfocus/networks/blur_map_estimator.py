"""The blur map network in use: a picture in, a blur map out."""

from __future__ import annotations

import numpy as np
import torch

from auxfocus_ros.allinfocus.blur_map import BlurMap, CellGrid
from auxfocus_ros.allinfocus.networks.blur_map_features import CELLS_PX, features
from auxfocus_ros.allinfocus.networks.blur_map_network import BlurMapNetwork
from auxfocus_ros.allinfocus.networks.blur_map_statistics import statistics
from auxfocus_ros.errors import InputError


class NetworkBlurMapEstimator:
    """Maps blur by the trained network. It is a `BlurMapEstimator`.

    Large pictures are measured in as many threads as PyTorch may use.
    """

    def __init__(self, network: BlurMapNetwork) -> None:
        """Take a trained network."""
        self._network = network.eval()

    def estimate(self, picture: np.ndarray, cell_px: int) -> BlurMap:
        """Of a picture (H, W) or (H, W, 3) uint8 BGR, at least 64 px each way, on cells of 16, 32 or 64 px. Raises InputError."""
        if cell_px not in CELLS_PX:
            raise InputError(f"cells of {cell_px} px: blur is mapped on cells of 16, 32 or 64 px")
        threads = torch.get_num_threads()
        found = features(statistics(picture, threads), cell_px, threads)
        if threads != 1:  # the network is so little work that a second thread costs more than it brings
            torch.set_num_threads(1)
        try:
            with torch.inference_mode():
                logits = self._network(torch.from_numpy(found)[None], torch.tensor(cell_px))[0]
                probability = torch.softmax(logits, dim=0).permute(1, 2, 0).contiguous().numpy()
        finally:
            if threads != 1:
                torch.set_num_threads(threads)
        return BlurMap(probability, CellGrid(picture.shape[1], picture.shape[0], cell_px))
