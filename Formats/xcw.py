#!/usr/bin/env python3
"""Reads .xcw files: an independent reader, written from xcw.md.

    python3 xcw.py FILE             what is in the file
    python3 xcw.py FILE --sha256    name, type, dimensions and SHA-256 of the elements of each tensor, tab-separated
    python3 xcw.py FILE --dump DIR  each tensor's values, scaled, as DIR/<number>.npy

It exits with 1 and one line on standard error where a file is not valid. As a module: `File(bytes)`, then `.metadata`,
`.nodes`, `.tensors`, and `.elements(tensor)` or `.values(tensor)`, which give NumPy arrays. It keeps to the standard
limits and checks all that the specification demands. What activations there are, it reads in xcw.md, which lies beside it.
"""

import argparse
import hashlib
import math
import pathlib
import struct
import sys
import unicodedata
import zlib

import numpy

SIGNATURE = bytes.fromhex("895843570d0a1a0a")
KINDS = ["META", "GRPH", "TNSR", "BLCK", "DATA"]
ASSUMPTIONS = "ASSM"
COMPACT, OPTIMIZED = 1, 2
BLOCK = 524288
QUARTERED = 16384
OUTPUTS = ["class logits", "class probabilities", "label logits", "label probabilities"]
CLIP, LOGARITHM = 15, 19
TYPES = [("fp32", 4), ("fp16", 2), ("bf16", 2), ("int8", 1), ("int32", 4)]
ELEMENTS = 1 << 30
INFLATED = 1 << 33


def activation_parameters():
    """The number of parameters of each activation, by its kind: from the table of the specification."""
    page = (pathlib.Path(__file__).resolve().parent / "xcw.md").read_text(encoding="utf-8")
    table = page.split("\n**activation**")[1].split("\n**epilogue**")[0]
    rows = [[cell.strip() for cell in line.split("|")] for line in table.splitlines() if line.startswith("| ")]
    kinds = [(int(kind), parameters) for _, kind, _, parameters, *_ in rows if kind.isdigit()]
    assert [kind for kind, _ in kinds] == list(range(len(kinds)))
    return [len(parameters.split(",")) if parameters else 0 for _, parameters in kinds]


PARAMETERS = activation_parameters()


class Invalid(Exception):
    """A file that breaks a rule of the specification."""


def require(condition, message):
    if not condition:
        raise Invalid(message)


def aligned(offset):
    return (offset + 63) // 64 * 64


def product(dimensions, what):
    require(all(d > 0 for d in dimensions), f"{what}: dimensions {dimensions}")
    count = math.prod(dimensions)
    require(count <= ELEMENTS, f"{what}: {count} elements")
    return count


class Fields:
    """The fields of a section, in order."""

    def __init__(self, data, name):
        self.data, self.name, self.at = data, name, 0

    def take(self, count):
        require(count <= len(self.data) - self.at, f"{self.name}: {count} bytes at {self.at} do not fit")
        self.at += count
        return self.data[self.at - count : self.at]

    def u32(self, below=1 << 32):
        (value,) = struct.unpack("<I", self.take(4))
        require(value < below, f"{self.name}: {value} at {self.at - 4}, expected below {below}")
        return value

    def u64(self):
        return struct.unpack("<Q", self.take(8))[0]

    def flag(self):
        return self.u32(2) == 1

    def f32(self):
        (value,) = struct.unpack("<f", self.take(4))
        require(math.isfinite(value), f"{self.name}: {value} at {self.at - 4}")
        return value

    def floats(self, count):
        require(count <= (len(self.data) - self.at) // 4, f"{self.name}: {count} numbers at {self.at} do not fit")
        return [self.f32() for _ in range(count)]

    def list(self, read, limit=1 << 26):
        count = self.u32()
        require(count <= min(limit, (len(self.data) - self.at) // 4), f"{self.name}: a count of {count} at {self.at - 4}")
        return [read() for _ in range(count)]

    def text(self, lines=False):
        length = self.u32((1 << 16) + 1)
        raw = self.take(length)
        require(not any(self.take(-length % 4)), f"{self.name}: padding before {self.at}")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Invalid(f"{self.name}: text before {self.at} is not UTF-8") from error
        allowed = "\t\n" if lines else ""
        bad = [c for c in text if (ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0) and c not in allowed]
        require(not bad, f"{self.name}: control characters in the text before {self.at}")
        return text

    def end(self):
        require(self.at == len(self.data), f"{self.name}: {len(self.data) - self.at} bytes after the last field")


class Node:
    """A node of the graph; its attributes are those of its operation."""


class File:
    def __init__(self, data):
        self.data = memoryview(data)
        self.read_header()
        self.read_directory()
        self.metadata = self.read_metadata(self.fields("META"))
        if ASSUMPTIONS in self.sections:
            self.metadata["assumptions"] = self.read_assumptions(self.fields(ASSUMPTIONS))
        self.nodes = self.read_nodes(self.fields("GRPH"))
        self.tensors = self.read_tensors(self.fields("TNSR"))
        self.read_blocks(self.fields("BLCK"))
        self.check_graph()
        self.check_metadata()

    def read_header(self):
        data = self.data
        require(bytes(data[:8]) == SIGNATURE, "the signature is missing")
        require(len(data) >= 64, "the header is cut")
        order, version, required, _, length, count, directory, = struct.unpack_from("<IIIIQII", data, 8)
        require(order == 0x04030201, f"byte order {order:#x}")
        require(version == 1, f"version {version}")
        require(zlib.crc32(data[:60]) == struct.unpack_from("<I", data, 60)[0], "the header's checksum")
        require(required & ~(COMPACT | OPTIMIZED) == 0, f"unknown required features {required:#x}")
        require(length <= INFLATED and length == len(data), f"the file has {len(data)} bytes, expected {length}")
        require(count <= 64 and 64 + 32 * count <= length, f"{count} sections")
        require(not any(data[40:60]), "reserved bytes of the header")
        require(zlib.crc32(data[64 : 64 + 32 * count]) == directory, "the directory's checksum")
        self.compact, self.optimized, self.count = bool(required & COMPACT), bool(required & OPTIMIZED), count

    def read_directory(self):
        self.sections = {}
        end = 64 + 32 * self.count
        for index in range(self.count):
            raw, flags, offset, length, checksum, reserved = struct.unpack_from("<4sIQQII", self.data, 64 + 32 * index)
            kind = raw.decode("latin-1")
            require(flags <= 1 and reserved == 0, f"{kind!r}: flags {flags}, reserved {reserved}")
            require(kind in KINDS or flags == 0, f"{kind!r}: an unknown required section")
            require(kind not in KINDS or flags == 1, f"{kind!r}: is not marked as required")
            require(kind not in self.sections, f"{kind!r}: occurs twice")
            require(offset == aligned(end) and length <= len(self.data) - offset, f"{kind!r}: at {offset}, {length} bytes")
            require(not any(self.data[end:offset]), f"{kind!r}: padding before it")
            end = offset + length
            self.sections[kind] = self.data[offset:end]
            require(zlib.crc32(self.sections[kind]) == checksum, f"{kind!r}: checksum")
        require([kind for kind in self.sections if kind in KINDS] == KINDS, f"sections {list(self.sections)}")
        require(end == len(self.data), "bytes after the last section")

    def fields(self, kind):
        require(len(self.sections[kind]) <= 1 << 26, f"{kind}: too long")
        return Fields(self.sections[kind].tobytes(), kind)

    def read_metadata(self, f):
        present = f.u32(16)
        m = {"output": OUTPUTS[f.u32(len(OUTPUTS))]}
        m["filter"] = ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area", "tensorflow-nearest"][f.u32(7)]
        m["antialias"] = f.flag()
        m["geometry"] = ["stretch", "center crop", "pad before", "pad after", "crop to aspect ratio"][f.u32(5)]
        m["shorter side"] = f.u32((1 << 14) + 1)
        require((m["geometry"] != "center crop") == (m["shorter side"] == 0), "META: shorter side")
        m["channel order"] = ["rgb", "bgr"][f.u32(2)]
        m["divisor"] = f.f32()
        channels = f.u32()
        m["mean"], m["standard deviation"] = f.floats(channels), f.floats(channels)
        require(m["divisor"] > 0 and all(d > 0 for d in m["standard deviation"]), "META: a divisor that is not positive")
        check_finite(m)
        m["architecture"], m["converter"] = f.text(), f.text()
        m["labels"] = f.list(f.text, 1 << 20)
        if present & 1:
            m["source"] = f.text()
            require(m["source"] and not set("/\\") & set(m["source"]), "META: the source's name")
            m["source sha256"] = f.take(32).hex()
        if present & 2:
            m["license"] = f.text(lines=True)
        if present & 4:
            m["attribution"] = f.text(lines=True)
        if present & 8:
            m["golden seed"], m["golden tolerance"] = f.u64(), f.f32()
            require(m["golden tolerance"] >= 0, "META: golden tolerance")
            m["golden output"] = f.list(f.f32)
        f.end()
        return m

    def read_assumptions(self, f):
        assumptions = f.list(f.text, 1 << 20)
        f.end()
        return assumptions

    def read_nodes(self, f):
        nodes = f.list(lambda: self.read_node(f), 1 << 16)
        f.end()
        return nodes

    def read_node(self, f):
        node = Node()
        node.name, node.operation = f.text(), f.u32(28)
        node.shape = f.list(f.u32)
        require(len(node.shape) in (1, 3), f"node {node.name!r}: shape {node.shape}")
        product(node.shape, f"node {node.name!r}")
        node.inputs, node.weights = f.list(f.u32), f.list(f.u32)
        node.fused = node.operation == 3
        if node.operation in (2, 3, 10, 11):
            node.window = [f.u32() for _ in range(6)]
            node.padding_kind, node.padding = f.u32(3), [f.u32() for _ in range(4)]
            require(node.padding_kind == 2 or not any(node.padding), f"node {node.name!r}: padding {node.padding}")

        what = f"node {node.name!r}"
        node.residual = False
        if node.operation == 2:
            node.channels, node.groups, node.bias = f.u32(), f.u32(), f.flag()
            on_input, node.residual, after = read_fused(f, what), f.flag(), read_fused(f, what)
            node.fused = bool(on_input or node.residual or after)
        elif node.operation == 3:
            node.channels, node.depthwise_bias, node.bias = f.u32(), f.flag(), f.flag()
            read_fused(f, what), read_fused(f, what)
            node.residual = f.flag()
            read_fused(f, what)
        elif node.operation in (4, 18):
            epsilon, node.gamma, node.beta = f.f32(), f.flag(), f.flag()
            require(epsilon >= 0, f"{what}: epsilon {epsilon}")
        elif node.operation == 5:
            node.channels, node.bias = f.u32(), f.flag()
            node.fused = read_fused(f, what) != 0
        elif node.operation == 6:
            read_activation(f, what)
        elif node.operation == 11:
            f.flag()
        elif node.operation == 15:
            f.u32(6)
        elif node.operation == 16:
            kind, node.keeps = f.u32(2), f.flag()
            require(kind == 1 or node.keeps, f"{what}: a global average that is operation 12")
        elif node.operation == 20:
            node.border = [f.u32(4097) for _ in range(4)]
            f.f32()
        elif node.operation == 21:
            node.parts = [(f.u32(), f.u32()) for _ in range(3)]
        elif node.operation == 22:
            node.groups = f.u32()
        elif node.operation == 23:
            node.is_size, node.sides = f.flag(), [f.u32(), f.u32()]
            f.u32(5)
            require(all(1 <= side <= ELEMENTS for side in node.sides), f"{what}: resizes to {node.sides}")
        elif node.operation == 24:
            node.window = [f.u32(4097) for _ in range(6)]
            require(all(node.window), f"{what}: window {node.window}")
            node.border, node.extra = [f.u32(4097) for _ in range(4)], [f.u32(4097) for _ in range(2)]
            node.channels, node.bias = f.u32(), f.flag()
        require(node.operation > 0, f"{what}: operation 0")
        return node

    def read_tensors(self, f):
        tensors = f.list(lambda: self.read_tensor(f), 1 << 16)
        f.end()
        require(sum(t["bytes"] for t in tensors) <= INFLATED, "TNSR: the tensors inflate to more than the limit")
        return tensors

    def read_tensor(self, f):
        name = f.text()
        kind, size = TYPES[f.u32(5)]
        dimensions = f.list(f.u32)
        require(1 <= len(dimensions) <= 8, f"tensor {name!r}: rank {len(dimensions)}")
        count = product(dimensions, f"tensor {name!r}")
        scaled = f.flag()
        require(scaled or kind != "int8", f"tensor {name!r}: no scale")
        tensor = {"name": name, "type": kind, "size": size, "dimensions": dimensions, "bytes": count * size}
        tensor["offset"], tensor["first"] = f.u64(), f.u32()
        tensor["scale"] = f.floats(dimensions[-1]) if scaled else None
        return tensor

    def read_blocks(self, f):
        data = self.sections["DATA"]
        end = number = 0
        for tensor in self.tensors:
            what = f"tensor {tensor['name']!r}"
            start = aligned(end)
            require(tensor["offset"] == start, f"{what}: offset {tensor['offset']}, expected {start}")
            require(tensor["first"] == number, f"{what}: first block {tensor['first']}, expected {number}")
            require(start <= len(data) and not any(data[end:start]), f"{what}: padding before it")
            end, tensor["blocks"] = start, []
            for begin in range(0, tensor["bytes"], BLOCK):
                inflated = min(BLOCK, tensor["bytes"] - begin)
                checksum, *lengths = struct.unpack("<5I", f.take(20))
                planes = tensor["size"] if self.compact else 1
                least = -(-inflated // planes // 1032) if self.compact else inflated
                for plane, length in enumerate(lengths):
                    good = least <= length <= inflated // planes if plane < planes else length == 0
                    require(good, f"{what}: a plane of {length} bytes")
                require(sum(lengths) <= len(data) - end, f"{what}: a block beyond DATA")
                tensor["blocks"].append((end, checksum, lengths[:planes], inflated))
                end += sum(lengths)
                number += 1
        f.end()
        require(end == len(data), f"DATA: {len(data)} bytes, expected {end}")

    def check_graph(self):
        nodes = self.nodes
        require(nodes, "the graph is empty")
        for names in ([n.name for n in nodes], [t["name"] for t in self.tensors]):
            require(all(names), "an empty name")
            require(len({unicodedata.normalize("NFC", n) for n in names}) == len(names), "a name that occurs twice")
        for index, node in enumerate(nodes):
            what = f"node {node.name!r}"
            require((node.operation == 1) == (index == 0), f"{what}: the first node alone must be the input")
            require(all(i < index for i in node.inputs), f"{what}: reads {node.inputs}")
            shape, weights = infer(node, [nodes[i].shape for i in node.inputs], what)
            require(shape == node.shape, f"{what}: declares {node.shape}, inferred {shape}")
            require(all(w < len(self.tensors) for w in node.weights), f"{what}: weights {node.weights}")
            found = [self.tensors[w]["dimensions"] for w in node.weights]
            require(found == weights, f"{what}: weights of {found}, expected {weights}")
        read = {i for n in nodes for i in n.inputs}
        require(read >= set(range(len(nodes) - 1)), "a node that is never read")
        used = {w for n in nodes for w in n.weights}
        require(used == set(range(len(self.tensors))), "a tensor that no node uses")
        optimized = any(n.fused for n in nodes) or any(t["scale"] for t in self.tensors)
        require(optimized == self.optimized, "the feature bit of optimized graphs")

    def check_metadata(self):
        m, outputs = self.metadata, math.prod(self.nodes[-1].shape)
        counts = (0, 1, 2) if outputs == 1 else (0, outputs)
        require(len(m["labels"]) in counts, f"{len(m['labels'])} labels for {outputs} outputs")
        require(len(m.get("golden output", [0] * outputs)) == outputs, "the number of golden outputs")
        shape = self.nodes[0].shape
        require(len(m["mean"]) == shape[-1], "the channels of the preprocessing")
        crops = m["geometry"] == "center crop" and len(shape) == 3
        require(not crops or m["shorter side"] >= max(shape[:2]), "the shorter side is less than the input's")

    def elements(self, tensor):
        """The elements as they are stored: float32, float16, int8, int32, or uint16 for bf16."""
        parts, size = [], tensor["size"]
        for number, (offset, checksum, lengths, inflated) in enumerate(tensor["blocks"]):
            what = f"tensor {tensor['name']!r}, block {number}"
            stored = self.sections["DATA"][offset : offset + sum(lengths)]
            require(zlib.crc32(stored) == checksum, f"{what}: checksum")
            if self.compact:
                count, planes, at = inflated // size, [], 0
                for length in lengths:
                    plane = stored[at : at + length]
                    planes.append(bytes(plane) if length == count else inflated_plane(plane, count, what))
                    at += length
                stored = numpy.stack([numpy.frombuffer(p, numpy.uint8) for p in planes], axis=1).tobytes()
            parts.append(bytes(stored))
        types = {"fp32": "<f4", "fp16": "<f2", "bf16": "<u2", "int8": "i1", "int32": "<i4"}
        array = numpy.frombuffer(b"".join(parts), types[tensor["type"]]).reshape(tensor["dimensions"])
        require(numpy.isfinite(widened(tensor, array)).all(), f"tensor {tensor['name']!r}: NaN or infinity")
        return array

    def values(self, tensor):
        """The values as float32: elements times scale."""
        values = widened(tensor, self.elements(tensor)).astype(numpy.float32)
        return values if tensor["scale"] is None else values * numpy.array(tensor["scale"], numpy.float32)


def read_activation(f, what):
    """Reads an activation and gives its kind."""
    kind = f.u32(len(PARAMETERS))
    raw = [f.take(4) for _ in range(max(PARAMETERS[kind], 1))]
    require(PARAMETERS[kind] or not any(raw[0]), f"{what}: a parameter of an activation without any")
    values = [struct.unpack("<f", bits)[0] for bits in raw]
    if kind == CLIP:
        low, high = values
        require(low <= high and low < math.inf and high > -math.inf, f"{what}: clips to {low}, {high}")
    else:
        require(all(map(math.isfinite, values)), f"{what}: parameters {values}")
    return kind


def read_fused(f, what):
    """Reads an activation that is a part of an operation and gives its kind."""
    kind = read_activation(f, what)
    require(kind != LOGARITHM, f"{what}: a logarithm must be an operation of its own")
    return kind


def check_finite(m):
    """Refuses preprocessing that gives infinite input values, in binary32."""
    mean, deviation = numpy.float32(m["mean"]), numpy.float32(m["standard deviation"])
    with numpy.errstate(all="ignore"):
        for pixel in (-510, 765):
            scaled = numpy.float32(pixel) / numpy.float32(m["divisor"])
            values = (scaled - mean) / deviation
            require(numpy.isfinite(scaled) and numpy.isfinite(values).all(), "META: infinite input values")


def widened(tensor, elements):
    if tensor["type"] == "bf16":
        return (elements.astype(numpy.uint32) << 16).view(numpy.float32)
    return elements


def inflated_plane(plane, count, what):
    if count < QUARTERED:
        return inflate(plane, count, what)
    require(len(plane) >= 12, f"{what}: {len(plane)} bytes hold no lengths of streams")
    lengths, quarter = struct.unpack("<3I", plane[:12]), -(-count // 4)
    require(sum(lengths) <= len(plane) - 12, f"{what}: streams of {lengths} bytes")
    ends = [12 + sum(lengths[:n]) for n in range(4)] + [len(plane)]
    counts = [quarter] * 3 + [count - 3 * quarter]
    return b"".join(inflate(plane[ends[n] : ends[n + 1]], counts[n], what) for n in range(4))


def inflate(stream, count, what):
    decoder = zlib.decompressobj(-15)
    try:
        plane = decoder.decompress(stream, count)
        more = decoder.decompress(decoder.unconsumed_tail, 1) if not decoder.eof else b""
    except zlib.error as error:
        raise Invalid(f"{what}: {error}") from error
    exact = decoder.eof and not decoder.unused_data and not decoder.unconsumed_tail
    require(exact and len(plane) == count and not more, f"{what}: a stream that does not inflate to {count} bytes")
    return plane


def placed(node, shape, what):
    """Height and width of the positions of a window over a map."""
    require(len(shape) == 3, f"{what}: needs a map")
    top, left, bottom, right = node.padding
    sides = []
    for axis, padding in ((0, (top, bottom)), (1, (left, right))):
        size, stride, dilation = node.window[axis], node.window[2 + axis], node.window[4 + axis]
        require(all(1 <= v <= 4096 for v in (size, stride, dilation)), f"{what}: window {node.window}")
        require(max(padding) <= 4096, f"{what}: padding {node.padding}")
        if node.operation >= 10:
            require(max(padding) <= (size - 1) * dilation, f"{what}: a pool with too much padding")
            require(size == 1 or dilation <= shape[axis], f"{what}: a pool with too much dilation")
        if node.padding_kind == 0:
            sides.append(-(-shape[axis] // stride))
        else:
            room = shape[axis] + sum(padding) - ((size - 1) * dilation + 1)
            require(room >= 0, f"{what}: no whole window fits")
            sides.append(room // stride + 1)
    return sides


def infer(node, inputs, what):
    """The shape of a node's value and the dimensions of its weights."""
    operation = node.operation
    counts = {1: (0, 0), 8: (2, 1 << 16), 9: (1, 1 << 16), 14: (0, 0), 15: (2, 2)}
    least, most = counts.get(operation, (2, 2) if node.residual else (1, 1))
    require(least <= len(inputs) <= most, f"{what}: {len(inputs)} inputs")
    shape, weights = inputs[0] if inputs else node.shape, []
    if operation in (12, 16, 20, 23, 24):
        require(len(shape) == 3, f"{what}: needs a map")
    if operation in (2, 3):
        sides, channels, outputs = placed(node, shape, what), shape[-1], node.channels
        size = node.window[:2]
        if operation == 2:
            require(node.groups > 0 and outputs > 0, f"{what}: {node.groups} groups, {outputs} channels")
            require(channels % node.groups == outputs % node.groups == 0, f"{what}: {node.groups} groups")
            weights = [size + [channels // node.groups, outputs]]
        else:
            weights = [size + [1, channels]] + [[channels]] * node.depthwise_bias + [[1, 1, channels, outputs]]
        weights += [[outputs]] * node.bias
        shape = sides + [outputs]
        require(not node.residual or inputs[1] == shape, f"{what}: adds {inputs[-1]} to {shape}")
    elif operation == 4:
        weights = [[shape[-1]]] * (2 + node.gamma + node.beta)
    elif operation == 5:
        require(len(shape) == 1, f"{what}: needs a vector")
        weights = [[shape[0], node.channels]] + [[node.channels]] * node.bias
        shape = [node.channels]
    elif operation == 8:
        require(all(s == shape for s in inputs), f"{what}: adds unequal shapes")
    elif operation == 9:
        require(all(s[:-1] == shape[:-1] and len(s) == len(shape) for s in inputs), f"{what}: joins unequal shapes")
        shape = shape[:-1] + [sum(s[-1] for s in inputs)]
    elif operation in (10, 11):
        shape = placed(node, shape, what) + [shape[-1]]
    elif operation == 12:
        shape = [shape[-1]]
    elif operation == 13:
        shape = [math.prod(shape)]
    elif operation == 14:
        weights = [shape]
    elif operation == 15:
        shape = repeated(*inputs, what)
    elif operation == 16:
        shape = [1, 1, shape[-1]] if node.keeps else [shape[-1]]
    elif operation == 17:
        require(math.prod(node.shape) == math.prod(shape), f"{what}: reshapes {shape} to {node.shape}")
        shape = node.shape
    elif operation == 18:
        weights = [[shape[-1]]] * (node.gamma + node.beta)
    elif operation == 20:
        above, left, below, right = node.border
        shape = [shape[0] + above + below, shape[1] + left + right, shape[2]]
    elif operation == 21:
        for (first, count), side in zip(node.parts, as_map(shape)):
            require(count > 0 and first + count <= side, f"{what}: {count} from {first} on, of {side}")
        shape = [count for _, count in node.parts][-len(shape) :]
    elif operation == 22:
        require(node.groups > 0 and shape[-1] % node.groups == 0, f"{what}: {node.groups} groups")
    elif operation == 23:
        height, width = node.sides
        shape = [height, width, shape[2]] if node.is_size else [shape[0] * height, shape[1] * width, shape[2]]
    elif operation == 24:
        shape, weights = transposed(node, shape, what)
    elif operation == 25:
        weights = [[shape[-1]]]
    product(shape, what)
    return shape, weights


def as_map(shape):
    return shape if len(shape) == 3 else [1, 1] + shape


def repeated(first, second, what):
    """The shape of two inputs of which one is repeated along dimensions of 1."""
    sides = []
    for a, b in zip(as_map(first), as_map(second)):
        require(a == b or 1 in (a, b), f"{what}: shapes {first} and {second}")
        sides.append(max(a, b))
    return sides[2:] if len(first) == len(second) == 1 else sides


def transposed(node, shape, what):
    """The shape of a transposed convolution's value and the dimensions of its weights."""
    above, left, below, right = node.border
    sides = []
    for axis, border in ((0, above + below), (1, left + right)):
        size, stride, dilation = node.window[axis::2]
        sides.append((shape[axis] - 1) * stride + (size - 1) * dilation + 1 - border + node.extra[axis])
    require(min(sides) > 0, f"{what}: nothing is left of its value")
    weights = [node.window[:2] + [shape[2], node.channels]] + [[node.channels]] * node.bias
    return sides + [node.channels], weights


def main():
    parser = argparse.ArgumentParser(description="Reads .xcw files.")
    parser.add_argument("file")
    parser.add_argument("--sha256", action="store_true", help="the SHA-256 of each tensor's elements")
    parser.add_argument("--dump", metavar="DIR", help="write each tensor's values as a .npy file")
    options = parser.parse_args()
    try:
        with open(options.file, "rb") as stream:
            file = File(stream.read())
        arrays = [file.elements(tensor) for tensor in file.tensors]
    except (Invalid, OSError) as error:
        sys.exit(f"{options.file}: {error}")
    if not options.sha256:
        print("profile", "compact" if file.compact else "stored", sep="\t")
        for key, value in file.metadata.items():
            print(key, repr(value), sep="\t")
        for node in file.nodes:
            print("node", repr(node.name), node.operation, "x".join(map(str, node.shape)), node.inputs, sep="\t")
    for number, (tensor, array) in enumerate(zip(file.tensors, arrays)):
        digest = hashlib.sha256(array.tobytes()).hexdigest()
        print(tensor["name"], tensor["type"], "x".join(map(str, tensor["dimensions"])), digest, sep="\t")
        if options.dump:
            numpy.save(f"{options.dump}/{number}.npy", file.values(tensor))


if __name__ == "__main__":
    main()
