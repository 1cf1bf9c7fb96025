"""Cut the sharp planes that autofocus is tried on from the test photographs: samples/autofocus_planes/.

    python tools/make_autofocus_planes.py --data ../shared/data -o samples/autofocus_planes

A plane must be sharp to the pixel all over the patch in its middle, or the blur that is simulated on it is not the blur that is
there. How sharp a tile is, the re-blur ratio says: the energy of its gradients over what a further Gaussian blur leaves of it.
Noise has a high ratio, too: a tile counts as textured by what is left after the blur. A picture is taken at half its resolution
or below (but for one), where the lens and the demosaicing have left no blur of their own, and the plane's middle is where most
tiles are textured and sharp at once. In some photographs only a part is sharp; PARTS names it, chosen by eye and by the ratios,
and nothing else of the photograph is taken. What lies outside the photograph or its part is its mirror image. The same
photographs give the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from auxfocus_ros.errors import AuxfocusError, InputError
from auxfocus_ros.rig.picture_files import load_picture

PLANE_PX, PATCH_PX, TILE_PX = 960, 512, 32
SCALES = (0.5, 0.4, 1 / 3)
ENOUGH = 0.75
"""Share of a patch's tiles that is sharp and textured; the first scale with so much is taken, else the best."""
PARTS = {
    "Jonas_Nilsson_Lee.jpg": (0.5, 0, 386, 450, 62),  # the boards between the blurred ones and the sea
    "beacon-street-sunset.jpg": (0.5, 900, 560, 620, 520),
    "budgie-branch.jpg": (0.5, 640, 400, 340, 400),
    "canyon-wren.jpg": (1.0, 1420, 600, 180, 300),  # the bird's body; its fine ratio there is as high as others' at half scale
    "cave-opening.jpg": (0.5, 190, 890, 320, 450),
    "kitten-on-lawn.jpg": (0.5, 690, 450, 330, 300),
    "singaporean-cityscape.jpg": (0.5, 1024, 216, 640, 400),
    "sunset-beach.jpg": (1 / 3, 300, 850, 600, 260),
}
"""Photograph -> scale, and of the reduced picture x, y, width and height of the part that is sharp and at one depth."""
FINE_RATIO, COARSE_RATIO, TEXTURE = 2.0, 1.9, 6.0
"""Of gradient energy: as it is over after sigma 1, that over after sigma 2, and after sigma 1 (grey levels squared)."""
JPEG_QUALITY = 93
LIMIT_BYTES = 6_800_000
COLUMNS = ("file", "origin", "scale", "x", "y", "width", "height", "mirrored", "sharp_tiles", "fine_ratio", "coarse_ratio")


@dataclass(frozen=True)
class Part:
    """What a plane is made of: a rectangle of the reduced picture, pixels."""

    scale: float
    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> tuple[int, int]:
        """Of the rectangle, (x, y)."""
        return self.x + self.width // 2, self.y + self.height // 2


def gradient_energy(grey: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean squared gradient of each tile, (rows, columns), grey levels squared."""
    right, down = grey[:-1, 1:] - grey[:-1, :-1], grey[1:, :-1] - grey[:-1, :-1]
    energy = right * right + down * down
    rows, columns = energy.shape[0] // TILE_PX, energy.shape[1] // TILE_PX
    tiles = energy[: rows * TILE_PX, : columns * TILE_PX].reshape(rows, TILE_PX, columns, TILE_PX)
    return np.asarray(tiles.mean(axis=(1, 3), dtype=np.float64))


def ratios(picture: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Fine ratio, coarse ratio and texture of each tile."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
    plain = gradient_energy(grey)
    once, twice = (gradient_energy(np.asarray(cv2.GaussianBlur(grey, (0, 0), s), np.float32)) for s in (1, 2))
    return plain / np.maximum(once, 1e-3), once / np.maximum(twice, 1e-3), once


def reduced(photo: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """The photograph at a lower resolution, averaged over the pixels' areas."""
    if scale == 1.0:
        return photo
    return np.asarray(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def sharp_tiles(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """1 for each tile that is sharp and textured, a little more the sharper it is, else 0."""
    fine, coarse, texture = ratios(picture)
    good = (fine >= FINE_RATIO) & (coarse >= COARSE_RATIO) & (texture >= TEXTURE)
    return np.asarray(good * (1.0 + 1e-3 * np.clip(coarse, 0.0, 5.0)))


def best_patch(picture: NDArray[np.uint8], scale: float) -> tuple[float, Part]:
    """The square of PATCH_PX with the most sharp and textured tiles, and their share; the picture is at least as large."""
    worth, span = sharp_tiles(picture), PATCH_PX // TILE_PX
    summed = np.pad(worth, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    total = summed[span:, span:] - summed[:-span, span:] - summed[span:, :-span] + summed[:-span, :-span]
    row, column = (int(index) for index in np.unravel_index(np.argmax(total), total.shape))
    return float(total.max()) / span**2, Part(scale, column * TILE_PX, row * TILE_PX, PATCH_PX, PATCH_PX)


def choose_part(photo: NDArray[np.uint8]) -> Part:
    """As much of the photograph as goes into a plane about the best patch."""
    candidates = []
    for scale in SCALES:
        picture = reduced(photo, scale)
        if min(picture.shape[:2]) > PATCH_PX:
            candidates.append(best_patch(picture, scale))
            if candidates[-1][0] >= ENOUGH:
                break
    patch = max(candidates, key=lambda candidate: candidate[0])[1]
    height, width = reduced(photo, patch.scale).shape[:2]
    # as far to one side of the patch's middle as to the other, which is then the plane's middle
    half_x = min(PLANE_PX // 2, patch.middle[0], width - patch.middle[0])
    half_y = min(PLANE_PX // 2, patch.middle[1], height - patch.middle[1])
    return Part(patch.scale, patch.middle[0] - half_x, patch.middle[1] - half_y, 2 * half_x, 2 * half_y)


def plane_of(picture: NDArray[np.uint8], part: Part) -> NDArray[np.uint8]:
    """The part of a picture, continued by reflection to PLANE_PX each way."""
    cut = picture[part.y : part.y + part.height, part.x : part.x + part.width]
    if cut.shape[:2] != (part.height, part.width):
        raise InputError(f"the picture is {picture.shape[1]} x {picture.shape[0]} px: it has no part {part}")
    before_y, before_x = (PLANE_PX - part.height) // 2, (PLANE_PX - part.width) // 2
    after_y, after_x = PLANE_PX - part.height - before_y, PLANE_PX - part.width - before_x
    return np.pad(cut, ((before_y, after_y), (before_x, after_x), (0, 0)), mode="symmetric")


def make_plane(photo_file: Path, output: Path) -> dict[str, object]:
    """Make one plane; gives its row of the table."""
    photo, _ = load_picture(photo_file, upright=True)
    part = Part(*PARTS[photo_file.name]) if photo_file.name in PARTS else choose_part(photo)
    plane = plane_of(reduced(photo, part.scale), part)
    done, data = cv2.imencode(".jpg", plane, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise InputError(f"{photo_file}: OpenCV cannot write JPEG files here")
    (output / photo_file.name).write_bytes(data.tobytes())
    inner = slice((PLANE_PX - PATCH_PX) // 2, (PLANE_PX + PATCH_PX) // 2)
    fine, coarse, _ = (float(np.median(values)) for values in ratios(plane[inner, inner]))
    share = float((sharp_tiles(plane[inner, inner]) > 0).mean())
    place = (f"{part.scale:.4g}", part.x, part.y, part.width, part.height)
    mirrored = "yes" if min(part.width, part.height) < PLANE_PX else "no"
    figures = (mirrored, f"{share:.2f}", f"{fine:.2f}", f"{coarse:.2f}")
    return dict(zip(COLUMNS, (photo_file.name, f"photos_cc0/{photo_file.name}", *place, *figures), strict=True))


def test_photos(split: Path) -> list[str]:
    """The photographs that nothing is trained on."""
    with split.open(newline="", encoding="utf-8") as file:
        return [row["file"] for row in csv.DictReader(file) if row["part"] == "test"]


def main() -> int:
    """The command; see the module's text."""
    parser = argparse.ArgumentParser(description="Cut the sharp planes that autofocus is tried on.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the collection (default: %(default)s)")
    parser.add_argument("-o", "--output", type=Path, default=Path("samples/autofocus_planes"), help="(default: %(default)s)")
    parser.add_argument("--split", type=Path, default=Path("config/autofocus/photos_split.csv"), help="(default: %(default)s)")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    output: Path = arguments.output
    try:
        photos = arguments.data / "photos_cc0"
        if not photos.is_dir():
            raise InputError(f"there is no folder {photos}: name the collection of real data with --data")
        shutil.rmtree(output, ignore_errors=True)
        output.mkdir(parents=True)
        rows = []
        for name in test_photos(arguments.split):
            rows.append(make_plane(photos / name, output))
            print(" ".join(f"{value}" for value in rows[-1].values()))
        with (output / "planes.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        shutil.copyfile(photos / "LICENSE", output / "LICENSE")
        total = sum(path.stat().st_size for path in output.iterdir())
        if total > LIMIT_BYTES:
            raise InputError(f"{output} is {total / 1e6:.1f} MB: at most {LIMIT_BYTES / 1e6:.1f} MB may be bundled")
    except (AuxfocusError, OSError) as error:
        print(f"make_autofocus_planes: {error}", file=sys.stderr)
        return 2
    print(f"{output}: {len(rows)} planes, {total / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
