Software of others in clipstream's release archive and images
=============================================================

Java libraries, with the licences that their POMs name. Where there are several, the first is the one taken here.
What stands in the archive's app/demo is in no image.

<#list dependencyMap as entry>
<#assign project = entry.getKey()/>
<#assign licences = entry.getValue()/>
${project.groupId}:${project.artifactId}:${project.version}
    <#list licences as licence>${licence}<#if licence_has_next> or </#if></#list><#if project.url?has_content>, ${project.url}</#if>
</#list>

Native libraries
================

They lie in the jars of the archive and in natives/ of the images. Each line: what, its licence, where its source is.

FFmpeg, in org.bytedeco:ffmpeg, as its avutil_license() says: LGPL version 3 or later
    https://ffmpeg.org, built by https://github.com/bytedeco/javacpp-presets (ffmpeg/cppbuild.sh says how, with which
    versions and patches). It is built without --enable-gpl. The libraries are apart from ours and are loaded by their
    names: to use others, put their jar in place of this one. Linked into them, as avutil_configuration() says:
    libaom          BSD-2-Clause         https://aomedia.googlesource.com/aom
    libdrm          MIT                  https://gitlab.freedesktop.org/mesa/drm
    libfreetype     FTL                  https://freetype.org
    libharfbuzz     MIT                  https://github.com/harfbuzz/harfbuzz
    libmfx          MIT                  https://github.com/lu-zero/mfx_dispatch
    libmp3lame      LGPL-2.0-or-later    https://lame.sourceforge.io
    libopencore     Apache-2.0           https://sourceforge.net/projects/opencore-amr
    libopenh264     BSD-2-Clause         https://github.com/cisco/openh264
    libopus         BSD-3-Clause         https://opus-codec.org
    libspeex        BSD-3-Clause         https://speex.org
    libsrt          MPL-2.0              https://github.com/Haivision/srt
    libsvtav1       BSD-3-Clause-Clear   https://gitlab.com/AOMediaCodec/SVT-AV1
    libvo-amrwbenc  Apache-2.0           https://sourceforge.net/projects/opencore-amr
    libvpx          BSD-3-Clause         https://chromium.googlesource.com/webm/libvpx
    libwebp         BSD-3-Clause         https://chromium.googlesource.com/webm/libwebp
    libxml2         MIT                  https://gitlab.gnome.org/GNOME/libxml2
    libzimg         WTFPL                https://github.com/sekrit-twc/zimg
    openssl         Apache-2.0           https://openssl.org
    zlib            Zlib                 https://zlib.net
    libva (beside them): MIT             https://github.com/intel/libva
    libpulse, libxcb: LGPL-2.1-or-later, MIT; of the system, where it has them: neither is in here
    Portions of this software are copyright The FreeType Project (https://freetype.org). All rights reserved.

PyTorch (libtorch), in ai.djl.pytorch:pytorch-native-cpu: BSD-3-Clause
    https://github.com/pytorch/pytorch, whose LICENSE names the holders of copyrights and whose third_party/ has the
    licences of what is linked into it, found in the library by name: oneDNN, TensorPipe with libuv, XNNPACK, NNPACK,
    QNNPACK, pthreadpool, cpuinfo, FBGEMM with AsmJit, Gloo, Kineto, ONNX, Protocol Buffers, FlatBuffers, SLEEF, {fmt},
    nlohmann/json, cpp-httplib, miniz, ITT: Apache-2.0, BSD, MIT, BSL-1.0.
    On x86-64 also Intel oneMKL: Intel Simplified Software License (October 2022), copyright Intel Corporation
    Beside it libgomp: GPL-3.0 with the GCC Runtime Library Exception, https://gcc.gnu.org

DJL's layer to PyTorch, in ai.djl.pytorch:pytorch-jni: Apache-2.0, https://github.com/deepjavalibrary/djl
JavaCPP's layer, in org.bytedeco:javacpp and ffmpeg (libjni*): Apache-2.0, https://github.com/bytedeco/javacpp
JNA's layer, with libffi: Apache-2.0, MIT; https://github.com/java-native-access/jna, https://sourceware.org/libffi
LZ4, Snappy, Zstandard, in lz4-java, snappy-java, zstd-jni: BSD-2-Clause, BSD-3-Clause, BSD-3-Clause
    https://github.com/lz4/lz4, https://github.com/google/snappy, https://github.com/facebook/zstd

clipstream's own (libclipstream_kernels, libclipstream_pixels): Apache-2.0. Of others they hold what their compilers add:
    Zig's clang (compiler-rt: Apache-2.0 with LLVM exception), NVIDIA's for the GPU (libdevice: CUDA's licence)

The images besides
==================

OpenJDK: GPL-2.0 with the Classpath Exception, https://openjdk.org; licences of its parts in /opt/jre/legal
C and C++ run time of the base: as /usr/share/doc/*/copyright says, with the packages' names and versions in
    /var/lib/dpkg/status.d
The CUDA image: PyTorch's archive with NVIDIA's CUDA and cuDNN libraries, under NVIDIA's licences for these

Texts of licences
=================

Apache-2.0 is LICENSE; BSD-2-Clause and BSD-3-Clause stand in NOTICE; LGPL-3.0, GPL-3.0 and EPL-2.0 in (ops/)licences/. Others
are short, and stand at the addresses named.
