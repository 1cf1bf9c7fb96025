"""A sequence: pictures that one camera took one after another, and what is known of them. In memory, or in a folder of arrays."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.camera import CameraModel

DESCRIPTION = "sequence.json"
FORMAT = "auxfocus sequence 1"
PLANES = ("pictures", "stamps_s", "world_from_camera", "depth_m", "classes", "moved_px", "things", "world_from_thing")


@dataclass(frozen=True, eq=False)
class Sequence:
    """Pictures of one camera, oldest first; of what is None nothing is known.

    name: for a person. pictures: (F, H, W, 3) uint8 BGR. camera: intrinsics of those pictures, without distortion.
    stamps_s: (F,) float64, rising. world_from_camera: (F, 4, 4) float64, p_world = M p_camera. depth_m: (F, H, W) float16 or
    float32, z; +inf sky, 0 or NaN no reading. classes: (F, H, W) uint8, numbers in the class table. moved_px: (F, H, W)
    float16, how far from where it would lie had it stood still the surface point lies in the next frame; of the last frame 0.
    things: (F, H, W) uint8, which movable thing, 0: none. world_from_thing: (F, T, 4, 4) float64, where each of them stands;
    the first one's number is 1.
    """

    name: str
    pictures: NDArray[np.uint8]
    camera: CameraModel
    stamps_s: NDArray[np.float64]
    world_from_camera: NDArray[np.float64] | None = None
    depth_m: NDArray[Any] | None = None
    classes: NDArray[np.uint8] | None = None
    moved_px: NDArray[np.float16] | None = None
    things: NDArray[np.uint8] | None = None
    world_from_thing: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        """Raise InputError where the parts do not fit each other."""
        shape = self.pictures.shape
        if len(shape) != 4 or shape[3] != 3 or self.pictures.dtype != np.uint8:
            raise InputError(f"sequence '{self.name}': wanted pictures (frames, height, width, 3) of 8 bits, found {shape}")
        if (self.camera.height_px, self.camera.width_px) != shape[1:3]:
            raise InputError(
                f"sequence '{self.name}': the intrinsics are of {self.camera.width_px} x {self.camera.height_px} px, "
                f"the pictures have {shape[2]} x {shape[1]}"
            )
        wanted: dict[str, tuple[int, ...]] = {"stamps_s": shape[:1], "world_from_camera": (shape[0], 4, 4)}
        if self.world_from_thing is not None:
            wanted["world_from_thing"] = (shape[0], *self.world_from_thing.shape[1:2], 4, 4)
        for name in PLANES[1:]:
            array = getattr(self, name)
            if array is not None and array.shape != wanted.get(name, shape[:3]):
                raise InputError(f"sequence '{self.name}': {name} must be {wanted.get(name, shape[:3])}, found {array.shape}")

    def __len__(self) -> int:
        """How many pictures."""
        return len(self.pictures)

    def motion(self, first: int, second: int) -> NDArray[np.float64] | None:
        """(4, 4) from one frame's camera to another's; None where the poses are not known."""
        if self.world_from_camera is None:
            return None
        return np.asarray(np.linalg.solve(self.world_from_camera[second], self.world_from_camera[first]))


def write_sequence(sequence: Sequence, folder: Path) -> None:
    """Write a sequence into a folder, made if need be; the description comes last, so that what is cut short is no sequence."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DESCRIPTION).unlink(missing_ok=True)
    for name in PLANES:
        array = getattr(sequence, name)
        if array is None:
            (folder / f"{name}.npy").unlink(missing_ok=True)
        else:
            np.save(folder / f"{name}.npy", array)
    said = {"format": FORMAT, "name": sequence.name, "frames": len(sequence), "camera": asdict(sequence.camera)}
    (folder / DESCRIPTION).write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def read_sequence(folder: Path) -> Sequence:
    """A sequence that `write_sequence` wrote; its arrays are memory maps.

    Raises:
        InputError: no such folder, another format, or arrays that do not fit.
    """
    path = folder / DESCRIPTION
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(said, dict) or said.get("format") != FORMAT:
            raise InputError(f"{path}: wanted the format '{FORMAT}'")
        camera = said["camera"]
        camera = CameraModel(**{**camera, "distortion": tuple(camera["distortion"])})
        arrays = {
            name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            for name in PLANES
            if (folder / f"{name}.npy").is_file()
        }
        return Sequence(name=str(said["name"]), camera=camera, **arrays)
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise InputError(f"{path}: no sequence can be read: {' '.join(str(error).split())}") from error
