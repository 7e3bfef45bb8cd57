// All kernels, as one module. No header of CUDA or C++ is needed: NVRTC compiles it.
#include "add_norm.cuh"
#include "learning_attention.cuh"
#include "patches.cuh"
#include "window_attention.cuh"
