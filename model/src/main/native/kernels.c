#include "kernels.h"

#include <pthread.h>
#include <stdio.h>

// PTX of compute capability 8.0, which the driver compiles for the GPU at hand and keeps in its cache.
__asm__(".section .rodata\n.balign 16\nclipstream_ptx:\n.incbin \"" PTX "\"\n.byte 0\n.previous\n");
extern const char clipstream_ptx[] __attribute__((visibility("hidden")));

enum { DYNAMIC_SHARED_BYTES = 8 };  // CUfunction_attribute

const int ADD_NORM_CHANNELS[] = {96, 128, 192, 256, 384, 512, 768, 1024, 1536};
const int MERGE_NORM_CHANNELS[] = {384, 512, 768, 1024, 1536, 2048, 3072};

static const char* const NAMES[ADD_NORM] = {
    [WINDOW_ATTENTION] = "window_attention",
    [LEARNING_FORWARD] = "learning_attention_forward",
    [LEARNING_QUERY_GRADIENT] = "learning_attention_query_gradient",
    [LEARNING_KEY_GRADIENT] = "learning_attention_key_gradient",
    [LEARNING_SUMS] = "learning_attention_sums",
    [LEARNING_TABLE_GRADIENT] = "learning_attention_table_gradient",
    [LEARNING_TABLE] = "learning_attention_table",
    [PATCHES] = "patches",
};

static struct {
  bool ready;
  void* functions[KERNELS];
} kernels[DEVICES];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static bool find_kernel(void** kernel, void* module, const char* name, char* problem) {
  return cuda_good(cuda.get_function(kernel, module, name), name, problem);
}

static bool load(int device, const Gpu* gpu, char* problem) {
  void* module;
  void** functions = kernels[device].functions;
  if (!cuda_good(cuda.load_module(&module, clipstream_ptx), "compiler of kernels", problem)) return false;
  for (int i = 0; i < ADD_NORM; i++) {
    if (!find_kernel(&functions[i], module, NAMES[i], problem)) return false;
  }
  for (int i = ADD_NORM; i < KERNELS; i++) {
    char name[32];
    if (i < MERGE_NORM) {
      snprintf(name, sizeof name, "add_norm_%d", ADD_NORM_CHANNELS[i - ADD_NORM]);
    } else {
      snprintf(name, sizeof name, "merge_norm_%d", MERGE_NORM_CHANNELS[i - MERGE_NORM]);
    }
    if (!find_kernel(&functions[i], module, name, problem)) return false;
  }
  for (int i = 0; i <= LEARNING_TABLE_GRADIENT; i++) {
    if (!cuda_good(cuda.set_attribute(functions[i], DYNAMIC_SHARED_BYTES, gpu->shared_bytes), "attribute", problem)) {
      return false;
    }
  }
  return true;
}

static bool prepare(int device, const Gpu* gpu, char* problem) {
  void* stream;
  if (gpu->major < 8) {
    return fail(problem, "the GPU has compute capability %d.%d, expected 8.0 or newer", gpu->major, gpu->minor);
  }
  if (!gpu_enter(device, &stream, problem)) return false;
  bool loaded = load(device, gpu, problem);
  gpu_leave();
  return loaded;
}

const Gpu* kernels_open(int device, char* problem) {
  const Gpu* gpu = gpu_open(device, problem);
  if (!gpu) return NULL;
  pthread_mutex_lock(&mutex);
  if (!kernels[device].ready) kernels[device].ready = prepare(device, gpu, problem);
  bool ready = kernels[device].ready;
  pthread_mutex_unlock(&mutex);
  return ready ? gpu : NULL;
}

bool kernels_launch(int device, Kernel kernel, Grid grid, void** arguments, char* problem) {
  void* stream;
  if (!gpu_enter(device, &stream, problem)) return false;
  int error = cuda.launch(kernels[device].functions[kernel], grid.x, grid.y, grid.z, grid.threads, 1, 1,
      grid.shared_bytes, stream, arguments, NULL);
  gpu_leave();
  return cuda_good(error, "launch", problem);
}
