#define _GNU_SOURCE
#include "driver.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

// Of cuda.h.
enum { MULTIPROCESSORS = 16, MAJOR = 75, MINOR = 76, SHARED_BYTES = 97 };  // CUdevice_attribute
enum { NON_BLOCKING = 1 };                                                 // CUstream_flags

Driver cuda;
static int32_t (*current_stream)(int32_t, void**);  // PyTorch's

static struct {
  bool open;
  Gpu gpu;
} devices[DEVICES];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

bool fail(char* problem, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(problem, PROBLEM_BYTES, format, arguments);
  va_end(arguments);
  return false;
}

bool cuda_good(int error, const char* what, char* problem) {
  const char* name = NULL;
  if (!error) return true;
  if (cuda.error_name(error, &name) || !name) name = "an unknown error";
  return fail(problem, "CUDA's %s fails: %s (%d)", what, name, error);
}

static bool find_libraries(char* problem) {
  static bool found;
  if (found) return true;
  void* driver = dlopen("libcuda.so.1", RTLD_NOW);
  if (!driver) return fail(problem, "CUDA's driver is not there: %s", dlerror());
  void* torch = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_NOLOAD);
  if (!torch) return fail(problem, "this PyTorch is without CUDA: libtorch_cuda.so is not loaded");
  struct {
    void* library;
    const char* name;
    void* function;
  } wanted[] = {
      {driver, "cuInit", &cuda.init},
      {driver, "cuDeviceGet", &cuda.device_get},
      {driver, "cuDeviceGetAttribute", &cuda.device_attribute},
      {driver, "cuDevicePrimaryCtxRetain", &cuda.retain_context},
      {driver, "cuCtxPushCurrent_v2", &cuda.push_context},
      {driver, "cuCtxPopCurrent_v2", &cuda.pop_context},
      {driver, "cuModuleLoadData", &cuda.load_module},
      {driver, "cuModuleGetFunction", &cuda.get_function},
      {driver, "cuFuncSetAttribute", &cuda.set_attribute},
      {driver, "cuLaunchKernel", &cuda.launch},
      {driver, "cuGetErrorName", &cuda.error_name},
      {driver, "cuStreamCreate", &cuda.create_stream},
      {driver, "cuStreamSynchronize", &cuda.wait_for_stream},
      {driver, "cuMemcpyHtoDAsync_v2", &cuda.copy_to_device},
      {driver, "cuMemcpyDtoHAsync_v2", &cuda.copy_to_host},
      {driver, "cuEventCreate", &cuda.create_event},
      {driver, "cuEventRecord", &cuda.record_event},
      {driver, "cuEventSynchronize", &cuda.wait_for_event},
      {driver, "cuEventDestroy_v2", &cuda.destroy_event},
      {torch, "aoti_torch_get_current_cuda_stream", &current_stream},
  };
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    void* function = dlsym(wanted[i].library, wanted[i].name);
    if (!function) {
      return fail(problem, "%s has no %s", wanted[i].library == driver ? "libcuda.so.1" : "libtorch_cuda.so",
          wanted[i].name);
    }
    *(void**)wanted[i].function = function;
  }
  found = true;
  return true;
}

static bool open_device(int number, char* problem) {
  Gpu* gpu = &devices[number].gpu;
  int device;
  if (!find_libraries(problem) || !cuda_good(cuda.init(0), "start", problem) ||
      !cuda_good(cuda.device_get(&device, number), "device", problem) ||
      !cuda_good(cuda.device_attribute(&gpu->major, MAJOR, device), "capability", problem) ||
      !cuda_good(cuda.device_attribute(&gpu->minor, MINOR, device), "capability", problem) ||
      !cuda_good(cuda.device_attribute(&gpu->multiprocessors, MULTIPROCESSORS, device), "attribute", problem) ||
      !cuda_good(cuda.device_attribute(&gpu->shared_bytes, SHARED_BYTES, device), "attribute", problem) ||
      !cuda_good(cuda.retain_context(&gpu->context, device), "context", problem) ||
      !cuda_good(cuda.push_context(gpu->context), "context", problem)) {
    return false;
  }
  bool made = cuda_good(cuda.create_stream(&gpu->uploads, NON_BLOCKING), "stream", problem);
  gpu_leave();
  return made;
}

const Gpu* gpu_open(int device, char* problem) {
  if (device < 0 || device >= DEVICES) {
    fail(problem, "the device is %d, expected 0 to %d", device, DEVICES - 1);
    return NULL;
  }
  pthread_mutex_lock(&mutex);
  if (!devices[device].open) devices[device].open = open_device(device, problem);
  bool open = devices[device].open;
  pthread_mutex_unlock(&mutex);
  return open ? &devices[device].gpu : NULL;
}

bool gpu_enter(int device, void** stream, char* problem) {
  const Gpu* gpu = gpu_open(device, problem);
  if (!gpu) return false;
  if (current_stream(device, stream)) return fail(problem, "PyTorch has no stream on device %d", device);
  return cuda_good(cuda.push_context(gpu->context), "context", problem);
}

void gpu_leave(void) {
  void* context;
  cuda.pop_context(&context);
}
