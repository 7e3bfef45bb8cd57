#include "copies.h"

#include "driver.h"

enum { DISABLE_TIMING = 2 };  // CUevent_flags

static uint64_t address(const void* p) { return (uint64_t)(uintptr_t)p; }

bool copies_upload(int device, void* to, const void* from, size_t bytes, char* problem) {
  void* stream;
  if (!gpu_enter(device, &stream, problem)) return false;
  void* uploads = gpu_open(device, problem)->uploads;
  int error = cuda.copy_to_device(address(to), from, bytes, uploads);
  if (!error) error = cuda.wait_for_stream(uploads);
  gpu_leave();
  return cuda_good(error, "copy to the device", problem);
}

bool copies_download(int device, void* to, const void* from, size_t bytes, void** mark, char* problem) {
  void* stream;
  if (!gpu_enter(device, &stream, problem)) return false;
  int error = cuda.create_event(mark, DISABLE_TIMING);
  if (!error) {
    error = cuda.copy_to_host(to, address(from), bytes, stream);
    if (!error) error = cuda.record_event(*mark, stream);
    if (error) cuda.destroy_event(*mark);
  }
  gpu_leave();
  return cuda_good(error, "copy from the device", problem);
}

bool copies_await(int device, void* mark, char* problem) {
  void* stream;
  if (!gpu_enter(device, &stream, problem)) return false;
  int error = cuda.wait_for_event(mark);
  cuda.destroy_event(mark);
  gpu_leave();
  return cuda_good(error, "network", problem);
}
