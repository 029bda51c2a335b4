#!/usr/bin/env python3
"""Compares what our reader and h5py read of real HDF5 files, array by array: shapes and every byte.

    Tests/hdf5-files.py FILE-OR-FOLDER...

Files are .h5 and .keras, which has one inside; of a folder, all in it. Needs h5py, and builds the tests.
"""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np


def arrays(group, path=""):
    """The arrays of a group by all their names: h5py's visititems tells one of each."""
    for name in group:
        inside = f"{path}{name}"
        item = group[name]
        if isinstance(item, h5py.Group):
            yield from arrays(item, inside + "/")
            continue
        # Not item[()], which gives scalars in this machine's order of bytes.
        values = np.empty(item.shape or (), item.dtype)
        if item.size:
            item.read_direct(values)
        dimensions = [0] if item.shape is None else list(item.shape)
        data = values.tobytes() if item.size else b""
        yield {"path": inside, "dimensions": dimensions, "size": item.dtype.itemsize, "checksum": zlib.crc32(data)}


def main():
    given = [Path(argument).resolve() for argument in sys.argv[1:]]
    if not given:
        sys.exit(__doc__)
    names = [
        name
        for path in given
        for name in (sorted(path.iterdir()) if path.is_dir() else [path])
        if name.suffix in (".h5", ".keras")
    ]
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, name in enumerate(names):
            path = name
            if zipfile.is_zipfile(name):
                path = Path(folder, f"{number}.h5")
                path.write_bytes(zipfile.ZipFile(name).read("model.weights.h5"))
            with h5py.File(path) as file:
                files.append({"name": str(name), "path": str(path), "arrays": list(arrays(file))})
        listed = Path(folder, "list.json")
        listed.write_text(json.dumps(files))
        print(f"h5py reads {sum(len(file['arrays']) for file in files)} arrays of {len(files)} files", flush=True)
        return subprocess.run(
            ["swift", "test", "--filter", "GivenFilesTests"],
            cwd=Path(__file__).parent.parent, env=os.environ | {"XCEPTION_HDF5_LIST": str(listed)},
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
