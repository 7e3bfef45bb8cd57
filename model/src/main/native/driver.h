// CUDA's driver and PyTorch's contexts and streams on this process's GPUs. Nothing is linked: both are looked for when a
// GPU is first used, so that the library loads on machines without one. Any thread.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROBLEM_BYTES = 320, DEVICES = 64 };

// The functions of cuda.h that are used; each returns 0 or an error's number.
typedef struct {
  int (*init)(unsigned);
  int (*device_get)(int* device, int number);
  int (*device_attribute)(int* value, int attribute, int device);
  int (*retain_context)(void** context, int device);
  int (*push_context)(void* context);
  int (*pop_context)(void** context);
  int (*load_module)(void** module, const void* image);
  int (*get_function)(void** function, void* module, const char* name);
  int (*set_attribute)(void* function, int attribute, int value);
  int (*launch)(void* function, unsigned x, unsigned y, unsigned z, unsigned block_x, unsigned block_y,
      unsigned block_z, unsigned shared_bytes, void* stream, void** arguments, void** extra);
  int (*error_name)(int error, const char** name);
  int (*create_stream)(void** stream, unsigned flags);
  int (*wait_for_stream)(void* stream);
  int (*copy_to_device)(uint64_t to, const void* from, size_t bytes, void* stream);
  int (*copy_to_host)(void* to, uint64_t from, size_t bytes, void* stream);
  int (*create_event)(void** event, unsigned flags);
  int (*record_event)(void* event, void* stream);
  int (*wait_for_event)(void* event);
  int (*destroy_event)(void* event);
} Driver;
extern Driver cuda;  // once a device is open

typedef struct {
  int major, minor;  // compute capability
  int multiprocessors;
  int shared_bytes;  // of a block, at most
  void* context;     // PyTorch's, kept until the process ends
  void* uploads;     // a stream beside PyTorch's
} Gpu;

// Makes a device ready; later calls are cheap. Null with one line in problem (PROBLEM_BYTES long) if it is not there.
const Gpu* gpu_open(int device, char* problem);

// Makes the device's context this thread's, until gpu_leave, and gives PyTorch's current stream there.
bool gpu_enter(int device, void** stream, char* problem);
void gpu_leave(void);

// Whether an error's number is 0; else it is told in problem.
bool cuda_good(int error, const char* what, char* problem);

// Writes a problem; false.
bool fail(char* problem, const char* format, ...) __attribute__((format(printf, 2, 3)));
