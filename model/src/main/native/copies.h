// Copies between host memory and GPUs, on streams of their own beside what PyTorch computes there. Any thread.
//
// Fast from and to page-locked memory. No kernels are needed. Functions say in one line in problem what fails.
#pragma once
#include <stdbool.h>
#include <stddef.h>

// Copies to a device and waits until it is done.
bool copies_upload(int device, void* to, const void* from, size_t bytes, char* problem);

// A mark behind all that was begun on PyTorch's current stream of the device until now.
bool copies_mark(int device, void** mark, char* problem);

// Waits for a mark, not for what was begun after it, and copies from the device. The mark is gone, whatever happens.
bool copies_download(int device, void* mark, void* to, const void* from, size_t bytes, char* problem);

void copies_forget(void* mark);
