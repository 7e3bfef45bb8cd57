// One call of an operator: reading and checking its arguments, and its results.
#pragma once
#include "kernels.h"
#include "libtorch.h"

enum { MOST_ROWS = 1 << 27, MOST_RESULTS = 6 };

typedef struct {
  const uint64_t* inputs;
  Tensor outputs[MOST_RESULTS];  // those that are not results are freed when it ends
  int device;
  char problem[PROBLEM_BYTES];  // the first, one line; empty as long as all is well
} Call;

// A tensor that was given, contiguous and beginning at a multiple of 16 bytes unless the call has a problem.
typedef struct {
  const char* name;
  Tensor tensor;
  void* data;  // null if there are no elements: the tensor was left out
  int64_t dims, count;
  const int64_t* sizes;
} Argument;

#define FAIL(call, ...) \
  do { \
    if (!(call)->problem[0]) snprintf((call)->problem, PROBLEM_BYTES, __VA_ARGS__); \
  } while (0)

// An argument that may be left out; of any type then.
Argument argument(Call*, int index, const char* name, int32_t type, int64_t dims);

// One that may not.
Argument required(Call*, int index, const char* name, int32_t type, int64_t dims);

// A number from 1 on; 1 where the call has a problem.
int64_t number(Call*, int index, const char* name, int64_t most);

// Of an argument that is there.
void expect_size(Call*, Argument, int axis, int64_t expected);
void expect_count(Call*, Argument, int64_t expected);

// Whether all arguments, of which the first is there, are on one GPU, which becomes the call's device.
bool find_device(Call*, const Argument*, int count);

// The GPU on which all arguments are, the first of which is there; null if the call has a problem. Checked last, so
// that everything else can be checked on machines without a GPU.
const Gpu* common_gpu(Call*, const Argument*, int count);

// A new result of [rows, channels] bfloat16, or of another type, on that GPU; null if the call has a problem.
void* result(Call*, int index, int64_t rows, int64_t channels);
void* result_of(Call*, int index, int32_t type, int64_t rows, int64_t channels);

// Starts a kernel on that GPU unless the call has a problem.
void launch(Call*, Kernel, Grid, void** arguments);

// How many blocks of so many hold all.
unsigned blocks(int64_t count, int64_t of_each);
