#!/usr/bin/env python3
"""Builds what runs on GPUs, resources of the model's jar: kernels and operators of networks, in one library, and the
kernel that cuts crops out of decoded pictures, as PTX.

    python3 -m venv tools && tools/bin/pip install -r model/src/main/native/requirements.txt
    tools/bin/python model/src/main/native/build.py            writes them
    tools/bin/python model/src/main/native/build.py --check    builds them elsewhere and compares

No GPU, CUDA toolkit, PyTorch or C compiler is needed: NVRTC makes PTX of the kernels, ptxas assembles it for every
GPU that is meant, zig compiles the operators for any Linux since 2012. The same sources give the same bytes.
Exit status: 0 written or the same, 1 an error or a difference, 3 a tool is missing.
"""

import argparse
import ctypes
import hashlib
import importlib.metadata
import importlib.util
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
RESOURCES = HERE.parent / "resources" / "io/clipstream/model"
LIBRARY = RESOURCES / "kernels/linux-x86_64/libclipstream_kernels.so"
CROPS = RESOURCES / "clip/crops.ptx"
KERNELS = ["kernels.cu", "add_norm.cuh", "bfloat16.cuh", "learning_attention.cuh", "patches.cuh", "window_attention.cuh"]
CROP_KERNELS = ["crops.cu"]
OPERATORS = ["library.c", "operators.c", "learning.c", "call.c", "kernels.c", "matrix.c", "copies.c", "driver.c"]
HEADERS = ["operators.h", "call.h", "kernels.h", "matrix.h", "copies.h", "driver.h", "libtorch.h"]
# CUDA 12.0's: every driver that runs PyTorch's builds for CUDA 12 takes it.
PTX_VERSION = "8.0"
OLDEST = "compute_80"
ARCHITECTURES = ["sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120"]
OLDEST_FOR_CROPS = "compute_75"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    missing = [line for line in (HERE / "requirements.txt").read_text().split() if not installed(*line.split("=="))]
    if missing:
        print("not built, this Python lacks", " ".join(missing))
        return 3
    with tempfile.TemporaryDirectory() as folder:
        built = {LIBRARY: build_library(pathlib.Path(folder)), CROPS: build_crops(pathlib.Path(folder))}
    failed = False
    for committed, content in built.items():
        if check:
            same = committed.read_bytes() == content
            print(committed, "is what its sources give" if same else "is not what its sources give: run build.py")
            failed |= not same
        else:
            committed.parent.mkdir(parents=True, exist_ok=True)
            committed.write_bytes(content)
            print(f"{committed}: {len(content)} bytes")
    return 1 if failed else 0


def installed(package, version):
    try:
        return importlib.metadata.version(package) == version
    except importlib.metadata.PackageNotFoundError:
        return False


def build_crops(folder):
    ptx = folder / "crops.ptx"
    ptx.write_text(f"// Of sources {digest()}\n" + compile_kernels("crops.cu", OLDEST_FOR_CROPS))
    assemble(ptx, ["sm_75", *ARCHITECTURES])
    return ptx.read_bytes()


def assemble(ptx, architectures):
    """Shows that it can be; a GPU's driver does it when the kernels are used."""
    ptxas = package_folder("nvidia.cuda_nvcc") / "bin" / "ptxas"
    for architecture in architectures:
        subprocess.run([ptxas, f"-arch={architecture}", ptx, "-o", ptx.with_suffix(".cubin")], check=True)


def build_library(folder):
    ptx = folder / "kernels.ptx"
    ptx.write_text(compile_kernels("kernels.cu", OLDEST))
    assemble(ptx, ARCHITECTURES)
    # In place of PyTorch's library: its name and those of its functions are all that linking needs.
    functions = sorted(set(re.findall(r"\b(aoti_torch_\w+)\(", (HERE / "libtorch.h").read_text())))
    stub = folder / "stub.c"
    stub.write_text("".join(f"void {name}(void) {{}}\n" for name in functions))
    zig("-shared", "-Wl,-soname,libtorch_cpu.so", stub, "-o", folder / "libtorch_cpu.so")
    library = folder / "libclipstream_kernels.so"
    zig(
        *["-std=c11", "-O2", "-fexceptions", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror"],
        *["-shared", "-s", "-Wl,-soname,libclipstream_kernels.so", "-Wl,-z,now,-z,nodelete,--build-id=none"],
        *[f'-DPTX="{ptx}"', f'-DSOURCES="{digest()}"'],
        *[HERE / name for name in OPERATORS],
        *[f"-L{folder}", "-ltorch_cpu", "-ldl", "-lpthread", "-o", library],
    )
    return library.read_bytes()


def zig(*arguments):
    common = ["-target", "x86_64-linux-gnu.2.17", "-fPIC", "-fno-sanitize=undefined"]
    subprocess.run([sys.executable, "-m", "ziglang", "cc", *common, *arguments], check=True)


def digest():
    """Of all that they are made of; tests without the tools compare it with what the library and the PTX say."""
    sha256 = hashlib.sha256()
    for name in sorted([*KERNELS, *CROP_KERNELS, *OPERATORS, *HEADERS, "build.py", "requirements.txt"]):
        sha256.update((HERE / name).read_bytes())
    return sha256.hexdigest()


def compile_kernels(name, architecture):
    """PTX."""
    nvrtc = ctypes.CDLL(package_folder("nvidia.cuda_nvrtc") / "lib" / "libnvrtc.so.12")
    program = ctypes.c_void_p()
    source = (HERE / name).read_bytes()
    assert nvrtc.nvrtcCreateProgram(ctypes.byref(program), source, name.encode(), 0, None, None) == 0
    options = [f"--gpu-architecture={architecture}", "--std=c++17", f"--include-path={HERE}"]
    encoded = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
    error = nvrtc.nvrtcCompileProgram(program, len(options), encoded)
    if error:
        sys.exit(nvrtc_text(nvrtc, program, "ProgramLog") or f"NVRTC fails: {error}")
    ptx = nvrtc_text(nvrtc, program, "PTX")
    return re.sub(r"^\.version .*$", f".version {PTX_VERSION}", ptx, count=1, flags=re.MULTILINE)


def nvrtc_text(nvrtc, program, what):
    size = ctypes.c_size_t()
    getattr(nvrtc, f"nvrtcGet{what}Size")(program, ctypes.byref(size))
    text = ctypes.create_string_buffer(size.value)
    getattr(nvrtc, f"nvrtcGet{what}")(program, text)
    return text.value.decode()


def package_folder(name):
    return pathlib.Path(importlib.util.find_spec(name).submodule_search_locations[0])


if __name__ == "__main__":
    sys.exit(main())
