"""Times one peer in a process of its own: peer.py RUNTIME MODEL PRECISION THREADS RUNS SIDE

PRECISION is that of all that the model does not quantize, SIDE that of the picture in pixels. Prints a JSON object with
load_ms, first_ms, min_ms, median_ms and peak_rss_mb, as xception-bench does, and the peer's version; or one with the
reason why the precision is unsupported.
"""

import json
import pathlib
import statistics
import sys
import time
from importlib import metadata

import numpy

WARM_UPS = 4  # as xception-bench does, after the first run


class Unsupported(Exception):
    pass


def check_for_bf16():
    """OpenVINO takes AVX-512 alone for bf16, which it then only imitates: slower than fp32."""
    try:
        words = set(pathlib.Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return
    if not words & {"avx512_bf16", "amx_bf16", "bf16"}:
        raise Unsupported("this processor has no bf16 products (AVX512_BF16 or AMX; on arm64, bf16)")


def onnx_runtime(path, precision, threads, side):
    import onnxruntime

    def load():
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        return lambda image: session.run(None, {name: image})

    return load


def openvino(path, precision, threads, side):
    import openvino

    if precision == "bf16":
        check_for_bf16()

    def load():
        core = openvino.Core()
        network = core.read_model(path)
        network.reshape([1, side, side, 3])
        settings = {
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
        }
        compiled = core.compile_model(network, "CPU", settings)
        used = compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
        if used != settings["INFERENCE_PRECISION_HINT"]:
            raise Unsupported(f"OpenVINO runs it in {used} here")
        request = compiled.create_infer_request()
        return lambda image: request.infer({0: image})

    return load


def litert(path, precision, threads, side):
    from ai_edge_litert.interpreter import Interpreter

    def load():
        interpreter = Interpreter(path, num_threads=threads)
        interpreter.allocate_tensors()
        index = interpreter.get_input_details()[0]["index"]

        def run(image):
            interpreter.set_tensor(index, image)
            interpreter.invoke()

        return run

    return load


def ncnn(path, precision, threads, side):
    import ncnn

    def load():
        network = ncnn.Net()
        network.opt.num_threads = threads
        # Else it stores and computes in 16 bits where it can.
        network.opt.use_fp16_packed = network.opt.use_fp16_storage = network.opt.use_fp16_arithmetic = False
        network.opt.use_bf16_storage = False
        if network.load_param(path) != 0 or network.load_model(path.removesuffix("param") + "bin") != 0:
            raise Unsupported("ncnn does not read what pnnx makes of it")
        (source,), (result,) = network.input_names(), network.output_names()

        def run(image):
            extractor = network.create_extractor()
            extractor.input(source, ncnn.Mat(image[0]))
            return extractor.extract(result)[1]

        return run

    return load


def mnn(path, precision, threads, side):
    import MNN.nn

    def load():
        runtime = MNN.nn.create_runtime_manager(({"numThread": threads, "precision": "high", "backend": 0},))
        network = MNN.nn.load_module_from_file(path, [], [], runtime_manager=runtime)

        def run(image):
            picture = MNN.expr.placeholder(image.shape, MNN.expr.NCHW)
            picture.write(image)
            return network.forward([picture])[0].read()

        return run

    return load


RUNTIMES = {  # what loads a model, and the package
    "onnxruntime": (onnx_runtime, "onnxruntime"),
    "openvino": (openvino, "openvino"),
    "litert": (litert, "ai-edge-litert"),
    "ncnn": (ncnn, "ncnn"),
    "mnn": (mnn, "MNN"),
}


def peak_resident_megabytes():
    """Not resource.getrusage: its maximum includes that of the process which executed this one."""
    try:
        with open("/proc/self/status") as status:
            line = next(line for line in status if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def measure(runtime, path, precision, threads, runs, side):
    make, package = RUNTIMES[runtime]
    image = numpy.random.default_rng(0).uniform(-1, 1, (1, side, side, 3)).astype("float32")
    load = make(path, precision, threads, side)

    def timed(call, *arguments):
        start = time.perf_counter()
        result = call(*arguments)
        return result, 1000 * (time.perf_counter() - start)

    run, load_ms = timed(load)
    _, first_ms = timed(run, image)
    for _ in range(WARM_UPS):
        run(image)
    times = [timed(run, image)[1] for _ in range(runs)]
    return {
        "load_ms": load_ms,
        "first_ms": first_ms,
        "min_ms": min(times),
        "median_ms": statistics.median(times),
        "peak_rss_mb": peak_resident_megabytes(),
        "version": metadata.version(package),
    }


def main() -> None:
    runtime, path, precision, threads, runs, side = sys.argv[1:]
    try:
        result = measure(runtime, path, precision, int(threads), int(runs), int(side))
    except Unsupported as reason:
        result = {"unsupported": str(reason)}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
