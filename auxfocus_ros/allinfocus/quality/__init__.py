"""How good a fused picture is: against the truth where there is one, else by what it kept of the frames it was made of.

All measures take pictures (H, W) or (H, W, 3) of uint8 or uint16 and give a float; colour is judged on its luma, except by
`psnr_db`. They read strips, so that memory does not grow with the picture, and the measures of a fusion read aligned frames
that are in memory (a sequence of arrays) or elsewhere (`fusion.frames.Frames`).
"""

from auxfocus_ros.allinfocus.quality.gradient_transfer import q_abf
from auxfocus_ros.allinfocus.quality.mutual_information import q_mi
from auxfocus_ros.allinfocus.quality.truth import psnr_db, ssim
from auxfocus_ros.allinfocus.quality.window_similarity import q_y

__all__ = ["psnr_db", "q_abf", "q_mi", "q_y", "ssim"]
