// Copies between host memory and GPUs: to them on a stream of its own beside what PyTorch computes there. Any thread.
//
// Fast from and to page-locked memory. No kernels are needed. Functions say in one line in problem what fails.
#pragma once
#include <stdbool.h>
#include <stddef.h>

// Copies to a device and waits until it is done.
bool copies_upload(int device, void* to, const void* from, size_t bytes, char* problem);

// Begins to copy from a device what PyTorch's current stream there will have computed, and makes a mark behind it. If the
// host memory is not page-locked, this waits.
bool copies_download(int device, void* to, const void* from, size_t bytes, void** mark, char* problem);

// Waits for a mark, which is gone then: not for what was begun after it.
bool copies_await(int device, void* mark, char* problem);
