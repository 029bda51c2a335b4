#!/usr/bin/env python3
"""Times the commands on files that are as large as the limits allow, or that hold as much: largest-files.py COMMANDS MODEL.xcw

COMMANDS is the folder of the release commands. Each line gives the file's size, the processor's time until there is an
answer or an error, and the peak of resident memory. Needs Pillow, h5py and NumPy; takes a quarter of an hour. With names
of kinds after MODEL.xcw it makes only those.
"""
import json
import os
import pickle
import struct
import sys
import tempfile
import zipfile
from pathlib import Path

import h5py
import numpy
from PIL import Image

Image.MAX_IMAGE_PIXELS = None
KINDS = {}


def kind(function):
    KINDS[function.__name__.replace("_", " ")] = function
    return function


# MARK: Pictures, of 200 million pixels or 512 MiB


def photo(width=20_000, height=10_000):
    """Slopes with noise in them: as much to decode as a photo of this size."""
    noise = numpy.random.default_rng(1).integers(0, 16, (1000, width, 3), dtype=numpy.uint8)
    slope = (numpy.arange(width) * 200 // width).astype(numpy.uint8)
    picture = numpy.empty((height, width, 3), numpy.uint8)
    for top in range(0, height, 1000):
        picture[top:top + 1000] = slope[None, :, None] + noise[:height - top] + numpy.uint8(top * 40 // height)
    return Image.fromarray(picture)


@kind
def jpeg(file):
    photo().save(file, "JPEG", quality=90)


@kind
def progressive_jpeg(file):
    photo().save(file, "JPEG", quality=90, progressive=True)


@kind
def png(file):
    photo().save(file, "PNG", compress_level=1)


@kind
def webp(file):
    photo(16_000, 12_500).save(file, "WEBP", quality=80, method=0)


@kind
def gif(file):
    photo().quantize(64, Image.Quantize.FASTOCTREE).save(file, "GIF")


@kind
def tiff(file):
    photo(20_000, 8_000).save(file, "TIFF", compression="tiff_adobe_deflate")


@kind
def bmp(file):
    photo(17_000, 10_000).save(file, "BMP")


@kind
def ppm(file):
    photo(17_000, 10_000).save(file, "PPM")


# MARK: Models


@kind
def configuration(file):
    """64 MiB of JSON, of small layers that are not known."""
    layer = {"class_name": "Activation", "config": {"name": "a", "activation": "relu"}, "inbound_nodes": []}
    layers = [layer] * ((1 << 26) // len(json.dumps(layer) + ", ") - 1)
    text = json.dumps({"class_name": "Sequential", "config": {"layers": layers}})
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.10.0"}')
        archive.writestr("config.json", text)
        archive.writestr("model.weights.h5", b"")


@kind
def hdf5_objects(file):
    """As many groups as there may be, in the old form, with B-trees of names."""
    with h5py.File(file, "w") as contents:
        contents.attrs["layer_names"] = numpy.array([b"dense"])
        for number in range((1 << 18) - 16):
            contents.create_group(f"{number // 512}/{number}")


@kind
def hdf5_values(file):
    """2^30 weights, which deflate to a thousandth."""
    with h5py.File(file, "w") as contents:
        contents.attrs["layer_names"] = numpy.array([b"dense"])
        group = contents.create_group("dense")
        group.attrs["weight_names"] = numpy.array([b"dense/kernel:0"])
        group.create_dataset(
            "dense/kernel:0", shape=(1 << 15, 1 << 15), dtype="f4", chunks=(1 << 10, 1 << 10), compression=9, fillvalue=0)
        for row in range(0, 1 << 15, 1 << 10):
            group["dense/kernel:0"][row:row + (1 << 10)] = numpy.zeros((1 << 10, 1 << 15), "f4")


@kind
def pickle_instructions(file):
    """Two million numbers in a dictionary, 4 million instructions."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps([{"a": 1.5}] * 2 + [float(n) for n in range(2_000_000)], 2))
        archive.writestr("archive/version", "3\n")


@kind
def safetensors_header(file):
    """A header of 66 MB, of 840,000 empty tensors."""
    header = json.dumps({f"layer.{n}.weight": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for n in range(840_000)})
    file.write_bytes(struct.pack("<Q", len(header)) + header.encode())


def field(number, contents):
    """A field of a protobuf message."""
    count, length = len(contents), b""
    while count > 127:
        length, count = length + bytes([count & 127 | 128]), count >> 7
    return bytes([number << 3 | 2]) + length + bytes([count]) + contents


@kind
def onnx_nodes(file):
    """As many nodes as a network may have."""
    nodes = b"".join(
        field(1, field(1, b"v%d" % n) + field(2, b"v%d" % (n + 1)) + field(4, b"Relu")) for n in range((1 << 16) - 2))
    dimensions = b"".join(field(1, b"\x08" + bytes([size])) for size in (1, 3, 32, 32))
    shape = field(2, field(1, b"\x08\x01" + field(2, dimensions)))
    graph = nodes + field(2, b"g") + field(11, field(1, b"v0") + shape) + field(12, field(1, b"v%d" % ((1 << 16) - 2)) + shape)
    file.write_bytes(b"\x08\x08" + field(7, graph) + field(8, b"\x10\x0d"))


@kind
def labels(file):
    """8 MiB of short lines."""
    file.write_text("".join(f"{n}\n" for n in range(1_180_000)))


# MARK: Running


def measure(command):
    """The processor's seconds, the peak of resident memory in MB, and the last line of what was said."""
    with tempfile.TemporaryFile() as said:
        process = os.posix_spawn(
            command[0], command, os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, said.fileno(), 1), (os.POSIX_SPAWN_DUP2, said.fileno(), 2)])
        _, status, usage = os.wait4(process, 0)
        said.seek(0)
        text = said.read().decode(errors="replace").strip().splitlines()
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1):
        sys.exit(f"largest-files: {' '.join(command)} ended with {code}: {text}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000, text[-1] if text else ""


PICTURES = {"jpeg", "progressive jpeg", "png", "webp", "gif", "tiff", "bmp", "ppm"}


def main():
    commands, model, wanted = Path(sys.argv[1]), sys.argv[2], sys.argv[3:] or list(KINDS)
    with tempfile.TemporaryDirectory() as folder:
        tiny = Path(folder) / "tiny.ppm"
        tiny.write_bytes(b"P6 8 8 255\n" + bytes(192))
        run = [str(commands / "xception-run"), "--model", model, "--top", "1"]
        seconds, memory, _ = measure(run + [str(tiny)])
        print(f"a picture of 8 x 8 pixels: {seconds:.2f} s, {memory:.0f} MB")
        for name in wanted:
            suffixes = {"configuration": ".keras", "hdf5": ".h5", "pickle": ".pt", "safetensors": ".safetensors", "onnx": ".onnx"}
            file = Path(folder) / ("file" + suffixes.get(name.split()[0], ""))
            # In a process of its own: the peak of a process is that of its parent, to begin with.
            if (maker := os.fork()) == 0:
                KINDS[name](file)
                os._exit(0)
            os.waitpid(maker, 0)
            if name in PICTURES:
                command = run + [str(file)]
            elif name == "labels":
                command = [str(commands / "xception-convert"), model, f"{folder}/out.xcw", "--labels", str(file)]
            else:
                command = [str(commands / "xception-convert"), str(file), f"{folder}/out.xcw"]
            size = file.stat().st_size
            seconds, memory, said = measure(command)
            print(f"{name:20} {size / 1e6:8.1f} MB  {seconds:7.2f} s  {memory:7.0f} MB  {said[-110:]}", flush=True)
            file.unlink()


main()
