// The kernels of kernels.cu on this process's GPUs. Any thread.
#pragma once
#include "driver.h"

typedef enum {
  WINDOW_ATTENTION,
  LEARNING_FORWARD,
  LEARNING_QUERY_GRADIENT,
  LEARNING_KEY_GRADIENT,
  LEARNING_SUMS,
  LEARNING_TABLE_GRADIENT,  // until here with as much shared memory as there is
  LEARNING_TABLE,
  PATCHES,
  ADD_NORM,                   // of the fewest channels; those of more follow
  MERGE_NORM = ADD_NORM + 9,  // the same
  KERNELS = MERGE_NORM + 7
} Kernel;

// Channels for which no thread of add_norm's or merge_norm's kernels is idle, ascending as the kernels are.
extern const int ADD_NORM_CHANNELS[MERGE_NORM - ADD_NORM];
extern const int MERGE_NORM_CHANNELS[KERNELS - MERGE_NORM];

// A device with the kernels, which the driver compiles for it unless it has done so before. Later calls are cheap. Null
// with one line in problem if it is not to be had.
const Gpu* kernels_open(int device, char* problem);

typedef struct {
  unsigned x, y, z, threads, shared_bytes;
} Grid;

// Starts a kernel on PyTorch's current stream of the device, whose kernels are open.
bool kernels_launch(int device, Kernel kernel, Grid grid, void** arguments, char* problem);
