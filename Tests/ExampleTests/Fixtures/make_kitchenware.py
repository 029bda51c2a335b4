"""Recomputes kitchenware.tsv with Keras: python make_kitchenware.py FOLDER (filled by Examples/fetch-trained-model.sh).

Each line: photo, true label or '?', predicted label, and the six logits for x / 127.5 - 1 of the photo at 150x150,
resized with nearest neighbour as the model's own pipeline does. Written with TensorFlow 2.21, Keras 3.15, Pillow 13.
"""
import csv
import pathlib
import sys

import keras
import numpy as np
from PIL import Image

LABELS = ["cup", "fork", "glass", "knife", "plate", "spoon"]

folder = pathlib.Path(sys.argv[1])
model = keras.models.load_model(folder / "kitchenware.keras")
truth = {row["Id"]: row["label"] for row in csv.DictReader(open(folder / "train.csv"))}
with open(pathlib.Path(__file__).with_name("kitchenware.tsv"), "w") as out:
    for photo in sorted((folder / "photos").glob("*.jpg")):
        image = Image.open(photo).convert("RGB").resize((150, 150), Image.NEAREST)
        logits = model.predict(np.asarray(image, "f4")[None] / 127.5 - 1, verbose=0)[0]
        values = " ".join(f"{value:.7g}" for value in logits)
        print(photo.stem, truth.get(photo.stem, "?"), LABELS[int(logits.argmax())], values, sep="\t", file=out)
