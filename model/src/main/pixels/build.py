#!/usr/bin/env python3
"""Builds the library that scales pictures, a resource of the model's jar.

    python3 -m venv tools && tools/bin/pip install -r model/src/main/pixels/requirements.txt
    tools/bin/python model/src/main/pixels/build.py            writes the library
    tools/bin/python model/src/main/pixels/build.py --check    builds it elsewhere and compares

No C compiler is needed: zig compiles for any Linux since 2012. The same sources give the same bytes.
Exit status: 0 written or the same, 1 an error or a difference, 3 a tool is missing.
"""

import argparse
import hashlib
import importlib.metadata
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
LIBRARY = HERE.parent / "resources/io/clipstream/model/clip/linux-x86_64/libclipstream_pixels.so"
SOURCES = ["build.py", "pixels.c", "requirements.txt"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    package, version = (HERE / "requirements.txt").read_text().strip().split("==")
    if not installed(package, version):
        print(f"not built, this Python lacks {package}=={version}")
        return 3
    with tempfile.TemporaryDirectory() as folder:
        built = build(pathlib.Path(folder) / "libclipstream_pixels.so")
    if check:
        same = LIBRARY.read_bytes() == built
        print(LIBRARY, "is what its sources give" if same else "is not what its sources give: run build.py")
        return 0 if same else 1
    LIBRARY.parent.mkdir(parents=True, exist_ok=True)
    LIBRARY.write_bytes(built)
    print(f"{LIBRARY}: {len(built)} bytes")
    return 0


def installed(package, version):
    try:
        return importlib.metadata.version(package) == version
    except importlib.metadata.PackageNotFoundError:
        return False


def build(library):
    command = [sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-linux-gnu.2.17", "-mavx2"]
    command += ["-std=c11", "-O2", "-fPIC", "-fno-sanitize=undefined", "-fvisibility=hidden"]
    command += ["-Wall", "-Wextra", "-Werror", f'-DSOURCES="{digest()}"']
    command += ["-shared", "-s", f"-Wl,-soname,{library.name}", "-Wl,-z,now,--build-id=none"]
    subprocess.run([*command, HERE / "pixels.c", "-o", library], check=True)
    return library.read_bytes()


def digest():
    """Of all that the library is made of; a test without the tools looks for it in the library."""
    sha256 = hashlib.sha256()
    for name in SOURCES:
        sha256.update((HERE / name).read_bytes())
    return sha256.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
