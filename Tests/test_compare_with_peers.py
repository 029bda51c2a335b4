"""Tests of Examples/compare-with-peers, with commands that give known times: they need no peer and no network."""

import importlib
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "Examples/compare-with-peers"
sys.dont_write_bytecode = True
sys.path.insert(0, str(FOLDER))
compare = importlib.import_module("compare")
figure = importlib.import_module("figure")
fidelity = importlib.import_module("fidelity")
figures = importlib.import_module("figures")
loading = importlib.import_module("loading")
throughput = importlib.import_module("throughput")
numpy = importlib.import_module("numpy")

# Notes whose turn it is, and takes that turn's time.
COMMAND = """#!{python}
import json, os, pathlib, signal, sys
folder, name = pathlib.Path({folder!r}), {name}
with open(folder / "turns", "a") as turns:
    print(name, file=turns)
times = json.loads((folder / "times.json").read_text())[name]
if times == "crash":
    os.kill(os.getpid(), signal.SIGSEGV)
if isinstance(times, str):
    sys.exit(print(json.dumps({{"unsupported": times}})))
time = times[(folder / "turns").read_text().splitlines().count(name) - 1]
print("a line before")
print(json.dumps({{"min_ms": time, "median_ms": 2 * time, "load_ms": 1, "first_ms": 2, "peak_rss_mb": 3, {extra}}}))
"""
ORT = "xception299-int8-ort.onnx fp32"
OPENVINO = "xception299-int8-ov.xml fp32"
OPENVINO_BF16 = "xception299-int8-ov.xml bf16"


class ComparisonTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.write("xception-bench", "'ours'", "'isa': 'avx2', 'precision': 'int8'")
        self.write("peer.py", "f'{pathlib.Path(sys.argv[2]).name} {sys.argv[3]}'", "'version': '1.2'")
        for file in (*compare.WEIGHTS.values(), *(peer.file("xception299") for peer in compare.PEERS.values())):
            (self.folder / file).touch()

    def write(self, command, name, extra):
        path = self.folder / command
        path.write_text(COMMAND.format(python=sys.executable, folder=str(self.folder), name=name, extra=extra))
        path.chmod(0o755)

    def run_compare(self, *options, **times):
        (self.folder / "times.json").write_text(json.dumps(times.pop("times", {})))
        words = ["--peer", self.folder / "peer.py", "--precision", "int8", *options]
        for option in ("--commands", "--weights", "--models"):
            words += [option, self.folder]
        command = [sys.executable, FOLDER / "compare.py", *words]
        return subprocess.run([str(word) for word in command], capture_output=True, text=True)

    def comparison(self, *options, times):
        result = self.run_compare("--json", "--threads", "2", *options, times=times)
        self.assertEqual(result.returncode, 0, result.stderr)
        (comparison,) = json.loads(result.stdout)["comparisons"]
        return comparison

    def test_ratios_are_of_the_minimum_of_all_turns_and_of_the_median_of_the_medians(self):
        times = {"ours": [12, 10, 11], ORT: [25, 20, 30], OPENVINO: [40, 40, 40], OPENVINO_BF16: [32, 16, 32]}
        comparison = self.comparison("--rounds", "3", times=times)
        self.assertEqual(comparison["min_ratio"], 10 / 16)
        self.assertEqual(comparison["min_best"], "openvino-int8-bf16")
        self.assertEqual(comparison["median_ratio"], 22 / 50)
        self.assertEqual(comparison["median_best"], "onnxruntime-int8")
        results = comparison["results"]
        self.assertEqual(results["onnxruntime-int8"]["min_ratio"], 10 / 20)
        self.assertEqual(results["openvino-int8"]["median_ratio"], 22 / 80)
        self.assertEqual((results["xception"]["min_ms"], results["xception"]["median_ms"]), (10, 22))
        self.assertEqual(comparison["versions"], dict.fromkeys(list(results)[1:], "1.2"))

    def test_candidates_take_turns_and_every_second_round_goes_backwards(self):
        times = {"ours": [1, 1], ORT: [1, 1]}
        self.comparison("--rounds", "2", "--only", "onnxruntime-int8", times=times)
        self.assertEqual((self.folder / "turns").read_text().splitlines(), ["ours", ORT, ORT, "ours"])

    def test_an_unsupported_peer_is_left_out_with_the_reason(self):
        times = {"ours": [10, 10], ORT: [20, 20], OPENVINO: [16, 16], OPENVINO_BF16: "no bf16 here"}
        comparison = self.comparison("--rounds", "2", times=times)
        self.assertEqual(comparison["left_out"], {"openvino-int8-bf16": "no bf16 here"})
        self.assertEqual(comparison["min_ratio"], 10 / 16)
        self.assertEqual((self.folder / "turns").read_text().count(OPENVINO_BF16), 1)

    def test_a_peer_that_crashes_is_left_out_but_not_our_own_command(self):
        times = {"ours": [10, 10], ORT: "crash", OPENVINO: [16, 16], OPENVINO_BF16: [20, 20]}
        comparison = self.comparison("--rounds", "2", times=times)
        self.assertEqual(comparison["left_out"], {"onnxruntime-int8": "it crashes here (SIGSEGV)"})
        self.assertEqual(comparison["min_ratio"], 10 / 16)
        result = self.run_compare("--rounds", "2", times={**times, "ours": "crash"})
        self.assertEqual(result.returncode, 1)
        self.assertIn("xception-bench", result.stderr)

    def test_without_any_peer_there_is_no_ratio(self):
        options = ("--rounds", "1", "--threads", "1", "--only", "openvino-int8-bf16")
        result = self.run_compare(*options, times={"ours": [10], OPENVINO_BF16: "no bf16 here"})
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("openvino-int8-bf16 is left out: no bf16 here", result.stdout)
        self.assertNotIn("ours / best", result.stdout)

    def test_a_table_shows_the_ratio(self):
        options = ("--rounds", "1", "--threads", "1", "--only", "onnxruntime-int8")
        result = self.run_compare(*options, times={"ours": [10], ORT: [16]})
        self.assertIn("ours / best of theirs: minimum 0.625, median 0.625", result.stdout)

    def test_another_precision_than_asked_for_is_an_error(self):
        self.write("xception-bench", "'ours'", "'isa': 'avx2', 'precision': 'fp32'")
        result = self.run_compare("--rounds", "1", "--only", "onnxruntime-int8", times={"ours": [10], ORT: [16]})
        self.assertEqual(result.returncode, 1)
        self.assertIn("in fp32, expected int8", result.stderr)

    def test_a_command_that_fails_is_an_error_with_its_words(self):
        (self.folder / "xception-bench").write_text("#!/bin/sh\necho no such model >&2\nexit 3\n")
        result = self.run_compare("--rounds", "1")
        self.assertEqual(result.returncode, 1)
        self.assertIn("no such model", result.stderr)

    def test_a_missing_model_is_named(self):
        (self.folder / "xception299-int8-ort.onnx").unlink()
        result = self.run_compare()
        self.assertEqual(result.returncode, 1)
        self.assertIn("xception299-int8-ort.onnx", result.stderr)
        self.assertFalse((self.folder / "turns").exists())


class ScriptTests(unittest.TestCase):
    def run_script(self, name, *options):
        return subprocess.run(["bash", FOLDER / name, *options], capture_output=True, text=True)

    def test_help(self):
        for name in ("compare.sh", "fidelity.sh", "figures.sh"):
            result = self.run_script(name, "--help")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn(f"{name} [--", result.stdout)

    def test_wrong_usage_is_refused_before_anything_is_prepared(self):
        cases = {
            ("--precision", "fp8"): "expected fp32, bf16, int8 or all",
            ("--models", "/nowhere"): "no xception299.keras in /nowhere",
            ("--python", "/nowhere"): "no interpreter at /nowhere",
            ("--commands", "/nowhere"): "no xception-bench in /nowhere",
            ("--models",): "needs a value",
        }
        for options, message in cases.items():
            result = self.run_script("compare.sh", *options)
            self.assertEqual(result.returncode, 1)
            self.assertIn(message, result.stderr)


class MeasureTests(unittest.TestCase):
    def test_timings_are_read_from_what_is_printed(self):
        timings = "inflate and pack the weights      55.5 ms\\npeak resident memory        126.0 MB"
        command = ["sh", "-c", f"echo ' 99 % cup'; printf '{timings}\\n' >&2"]
        result = loading.whole_process(command)
        self.assertGreater(result.pop("whole"), 0)
        self.assertEqual(result, {"inflate and pack the weights": 55.5, "peak resident memory": 126})

    def test_all_pictures_count_where_only_the_first_are_printed(self):
        both = "decode (image 1)    2.0 ms\npreprocess (image 1)    0.5 ms\ninference (image 1)    9.0 ms\n"
        self.assertEqual(throughput.picture_milliseconds(both, 1), 2.5)
        means = "decode (mean of 40)    1.25 ms\npreprocess (mean of 40)    0.25 ms\ninference (mean of 40)   9.00 ms\n"
        self.assertEqual(throughput.picture_milliseconds(both + means, 40), 60)

    def test_cosines_are_by_picture_and_forget_lengths(self):
        reference = numpy.array([[3, 4], [1, 0]], "float32")
        features = numpy.array([[6, 8], [1, 1]], "float32")
        numpy.testing.assert_allclose(fidelity.cosines(features, reference), [1, 0.5**0.5])

    def test_probabilities_are_ordered_by_class(self):
        predictions = [{"class": 1, "probability": 0.7}, {"class": 0, "probability": 0.3}]
        self.assertEqual(fidelity.probabilities([{"predictions": predictions}]).tolist(), [[0.3, 0.7]])


class PageTests(unittest.TestCase):
    def test_a_figure_that_misses_its_bar_says_so(self):
        met = figure.figure("a", 0.95, "c", at_most=0.95)
        self.assertEqual(met, ("a", "at most 0.950", "0.950", "c"))
        missed = figure.figure("a", 89.96, "c", at_least=90, form="{:.1f} %", note="n")
        self.assertEqual(missed, ("a", "at least 90.0 %", "90.0 %, missed (n)", "c"))

    def test_the_page_has_a_section_for_each_part_and_only_that_is_replaced(self):
        page = figures.README.read_text()
        for part in figures.PARTS:
            once = figures.replaced(page, part, ["measured"])
            self.assertIn(f"<!-- figures: {part} -->\nmeasured\n<!-- end -->", once)
            self.assertEqual(figures.replaced(once, part, ["measured"]), once)
            self.assertEqual(once.count("<!-- figures: "), len(figures.PARTS))


if __name__ == "__main__":
    unittest.main()
