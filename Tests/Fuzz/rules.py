"""Says for each file that comes through a pipe whether xcw.py reads it: the other end of RulesTarget.swift.

    python3 Tests/Fuzz/rules.py QUESTIONS ANSWERS
"""

import os
import pathlib
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "Formats"))
import xcw


def reads(data):
    try:
        file = xcw.File(data)
        for tensor in file.tensors:
            file.elements(tensor)
        return True
    except xcw.Invalid:
        return False


questions = open(sys.argv[1], "rb")
answers = os.open(sys.argv[2], os.O_WRONLY)
while len(head := questions.read(4)) == 4:
    os.write(answers, b"y" if reads(questions.read(struct.unpack("<I", head)[0])) else b"n")
