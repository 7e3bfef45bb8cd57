// torch.ops.clipstream.*, the operators of Swin3D's serving form on GPUs: what the kernels compute is said in their
// files. An operator checks what it is given, allocates its results from PyTorch's memory and starts one kernel on
// PyTorch's current stream. What does not fit is an exception that names the argument, what it is and what was expected.
//
// Tensors are contiguous, and begin at multiples of 16 bytes. One without elements stands for one that is not there.
#include "operators.h"

#include <stdio.h>

#include "matrix.h"

enum { HEAD_CHANNELS = 32, WARPS = 5, RING_BYTES = 4096, BOTH_TILES_BYTES = 2048 };

// clips uint8 [N, T, H, W, 3], window of t, h, w tokens -> [windows N t h w, 96]
void op_patches(Call* call) {
  Argument clips = required(call, 0, "clips", aoti_torch_dtype_uint8(), 5);
  int64_t window[3];
  for (int i = 0; i < 3; i++) window[i] = number(call, 1 + i, "a window's size", 64);
  expect_size(call, clips, 4, 3);
  if (call->problem[0]) return;
  int64_t windows[3], tokens = clips.sizes[0];
  for (int i = 0; i < 3; i++) {
    int64_t patch = i == 0 ? 2 : 4;
    windows[i] = blocks(blocks(clips.sizes[1 + i], patch), window[i]);
    tokens *= windows[i] * window[i];
  }
  if (tokens > MOST_ROWS) FAIL(call, "clips has %lld tokens, expected at most %d", (long long)tokens, MOST_ROWS);
  common_gpu(call, &clips, 1);
  struct {
    void *clips, *out;
    int count, clip_count, frames, height, width, windows_high, windows_wide, window_time, window_high, window_wide;
  } a = {clips.data, result(call, 0, tokens, 96), (int)(tokens * 8), (int)clips.sizes[0], (int)clips.sizes[1],
      (int)clips.sizes[2], (int)clips.sizes[3], (int)windows[1], (int)windows[2], (int)window[0], (int)window[1],
      (int)window[2]};
  void* arguments[] = {&a};
  launch(call, PATCHES, (Grid){blocks(a.count, 256), 1, 1, 256, 0}, arguments);
}

// As in add_norm.cuh.
typedef struct {
  void *x, *y, *rows, *valid, *weight, *bias, *sum, *norm;
  int count, clips, from, tokens, length, row;
} AddNorm;

// The kernel for rows of so many channels; -1 if there is none.
static int kernel_for(const int* channels, int count, int64_t wanted) {
  for (int i = 0; i < count; i++) {
    if (wanted <= channels[i]) return i;
  }
  return -1;
}

static int threads_of_row(int channels) {
  switch (channels) {
    case 96: return 4;
    case 192: return 8;
    case 128:
    case 384: return 16;
    default: return 32;
  }
}

static void launch_norm(Call* call, Kernel first, const int* channels, int kernels, AddNorm* a) {
  if (call->problem[0]) return;
  int kernel = kernel_for(channels, kernels, (int64_t)a->row * 8);
  void* arguments[] = {a};
  int rows_of_block = 256 / threads_of_row(channels[kernel]);
  launch(call, (Kernel)(first + kernel), (Grid){blocks(a->count, rows_of_block), 1, 1, 256, 0}, arguments);
}

// The channels of rows x, for which there must be a kernel.
static int64_t channels_of(Call* call, Argument x, int64_t parts, const int* channels, int kernels) {
  if (call->problem[0]) return 8;
  int64_t c = x.sizes[1] * parts;
  if (x.sizes[1] % 8 || c > channels[kernels - 1]) {
    FAIL(call, "%s has %lld channels, expected a multiple of 8, at most %lld", x.name, (long long)x.sizes[1],
        (long long)(channels[kernels - 1] / parts));
    return 8;
  }
  return c;
}

// What norm and add_norm share: x first, weight, bias and valid in this order from index on, then n and length.
static void add_norm_of(Call* call, Argument y, Argument rows, int index, bool sums) {
  int32_t bf16 = aoti_torch_dtype_bfloat16();
  Argument x = required(call, 0, "x", bf16, 2);
  Argument weight = argument(call, index, "weight", bf16, 1), bias = argument(call, index + 1, "bias", bf16, 1);
  Argument valid = argument(call, index + 2, "valid", bf16, 4);
  int64_t clips = number(call, index + 3, "n", MOST_ROWS), length = number(call, index + 4, "length", MOST_ROWS);
  int64_t c = channels_of(call, x, 1, ADD_NORM_CHANNELS, MERGE_NORM - ADD_NORM);
  int64_t count = call->problem[0] ? clips * length : x.sizes[0];
  if (count > MOST_ROWS || count % (clips * length)) {
    FAIL(call, "x has %lld rows, expected a multiple of n * length, %lld, at most %d", (long long)count,
        (long long)(clips * length), MOST_ROWS);
  }
  if (y.data && !call->problem[0]) {
    expect_size(call, y, 0, count);
    expect_size(call, y, 1, c);
  }
  expect_count(call, rows, count / clips);
  expect_size(call, rows, 1, length);
  expect_count(call, valid, count / clips);
  expect_count(call, weight, c);
  expect_count(call, bias, c);
  if (!weight.data != !bias.data) FAIL(call, "weight and bias are not both there");
  Argument all[] = {x, y, rows, weight, bias, valid};
  common_gpu(call, all, 6);
  void* sum = sums ? result(call, 0, count, c) : NULL;
  AddNorm a = {x.data, y.data, rows.data, valid.data, weight.data, bias.data, sum, result(call, sums, count, c),
      (int)count, (int)clips, (int)length, (int)(count / clips), (int)length, (int)(c / 8)};
  launch_norm(call, ADD_NORM, ADD_NORM_CHANNELS, MERGE_NORM - ADD_NORM, &a);
}

// x [W n length, C] -> norm
void op_norm(Call* call) {
  Argument none = {.name = "none"};
  add_norm_of(call, none, none, 1, false);
}

// x, y [W n length, C], rows [W, length] -> sum, norm
void op_add_norm(Call* call) {
  Argument y = required(call, 1, "y", aoti_torch_dtype_bfloat16(), 2);
  add_norm_of(call, y, argument(call, 2, "rows", aoti_torch_dtype_int64(), 2), 3, true);
}

// x, y [W' n length, C], rows [W, L 4] -> norm [W n L, 4 C]
void op_merge_norm(Call* call) {
  int32_t bf16 = aoti_torch_dtype_bfloat16();
  Argument x = required(call, 0, "x", bf16, 2), y = required(call, 1, "y", bf16, 2);
  Argument rows = required(call, 2, "rows", aoti_torch_dtype_int64(), 2), valid = argument(call, 3, "valid", bf16, 4);
  int64_t clips = number(call, 4, "n", MOST_ROWS), length = number(call, 5, "length", MOST_ROWS);
  int64_t c = channels_of(call, x, 4, MERGE_NORM_CHANNELS, KERNELS - MERGE_NORM);
  int64_t from = call->problem[0] ? clips * length : x.sizes[0];
  if (from > MOST_ROWS || from % (clips * length)) {
    FAIL(call, "x has %lld rows, expected a multiple of n * length, %lld, at most %d", (long long)from,
        (long long)(clips * length), MOST_ROWS);
  }
  expect_size(call, y, 0, from);
  expect_size(call, y, 1, c / 4);
  if (!call->problem[0] && rows.sizes[1] % 4) FAIL(call, "rows has %lld columns, expected a multiple of 4", (long long)rows.sizes[1]);
  expect_count(call, valid, rows.count);
  int64_t count = rows.count / 4 * clips;
  if (rows.count > MOST_ROWS || count > MOST_ROWS) FAIL(call, "rows and n ask for %lld rows, expected at most %d", (long long)count, MOST_ROWS);
  Argument all[] = {x, y, rows, valid};
  common_gpu(call, all, 4);
  AddNorm a = {x.data, y.data, rows.data, valid.data, NULL, NULL, NULL, result(call, 0, count, c), (int)count,
      (int)clips, (int)length, (int)(from / clips), call->problem[0] ? 1 : (int)(rows.sizes[1] / 4), (int)(c / 8)};
  launch_norm(call, MERGE_NORM, MERGE_NORM_CHANNELS, KERNELS - MERGE_NORM, &a);
}

int attention_shared_bytes(int64_t tokens) {
  int64_t tiles = (tokens + 15) / 16;
  return (int)(tiles * BOTH_TILES_BYTES + WARPS * RING_BYTES);
}

// qkv [W n length, 3 C] -> [W n length, C]
void op_window_attention(Call* call) {
  Argument qkv = required(call, 0, "qkv", aoti_torch_dtype_bfloat16(), 2);
  Argument bias = required(call, 1, "bias", aoti_torch_dtype_bfloat16(), 6);
  Argument kinds = required(call, 2, "kinds", aoti_torch_dtype_int32(), 1);
  Argument ranges = required(call, 3, "ranges", aoti_torch_dtype_int32(), 2);
  int64_t clips = number(call, 4, "n", MOST_ROWS), length = number(call, 5, "length", 4096);
  if (call->problem[0]) return;
  int64_t rows = qkv.sizes[0], heads = qkv.sizes[1] / (3 * HEAD_CHANNELS), tiles = (length + 15) / 16;
  if (qkv.sizes[1] % (3 * HEAD_CHANNELS)) {
    FAIL(call, "qkv has %lld channels, expected a multiple of %d", (long long)qkv.sizes[1], 3 * HEAD_CHANNELS);
  }
  if (rows > MOST_ROWS || rows % (clips * length)) {
    FAIL(call, "qkv has %lld rows, expected a multiple of n * length, %lld, at most %d", (long long)rows,
        (long long)(clips * length), MOST_ROWS);
  }
  int64_t shape[] = {ranges.sizes[0], heads, tiles, tiles, 32, 8};
  for (int i = 0; i < 6; i++) expect_size(call, bias, i, shape[i]);
  expect_size(call, ranges, 1, tiles);
  expect_size(call, kinds, 0, rows / (clips * length));
  Argument all[] = {qkv, bias, kinds, ranges};
  const Gpu* gpu = common_gpu(call, all, 4);
  if (!gpu) return;
  if (attention_shared_bytes(length) > gpu->shared_bytes) {
    FAIL(call, "a window of %lld tokens takes %d bytes of shared memory, the GPU has %d", (long long)length,
        attention_shared_bytes(length), gpu->shared_bytes);
  }
  unsigned windows = (unsigned)(rows / length);
  // Few blocks leave multiprocessors idle: then a window's rounds are shared out.
  unsigned rounds = (unsigned)(tiles / (2 * WARPS) + (tiles % (2 * WARPS) + WARPS - 1) / WARPS);
  unsigned shares = windows * heads < 6 * gpu->multiprocessors ? rounds : 1;
  void* out = result(call, 0, rows, qkv.sizes[1] / 3);
  int n = (int)clips, l = (int)length, row = (int)(qkv.sizes[1] / 24), t = (int)tiles;
  void* arguments[] = {&qkv.data, &bias.data, &kinds.data, &ranges.data, &out, &n, &l, &row, &t};
  launch(call, WINDOW_ATTENTION, (Grid){windows, (unsigned)heads, shares, WARPS * 32, (unsigned)attention_shared_bytes(length)},
      arguments);
}

// x [R, inputs], weight [outputs, inputs], bias [outputs] -> [R, outputs]
void op_linear(Call* call) {
  int32_t bf16 = aoti_torch_dtype_bfloat16();
  Argument x = required(call, 0, "x", bf16, 2), weight = required(call, 1, "weight", bf16, 2);
  Argument bias = required(call, 2, "bias", bf16, 1);
  bool gelu = call->inputs[3] & 1;
  if (call->problem[0]) return;
  int64_t rows = x.sizes[0], inputs = x.sizes[1], outputs = weight.sizes[0];
  expect_size(call, weight, 1, inputs);
  expect_size(call, bias, 0, outputs);
  if (rows > MOST_ROWS || inputs % 8 || outputs % 8) {
    FAIL(call, "[%lld, %lld] to %lld channels, expected multiples of 8 channels and at most %d rows", (long long)rows,
        (long long)inputs, (long long)outputs, MOST_ROWS);
  }
  Argument all[] = {x, weight, bias};
  common_gpu(call, all, 3);
  Product product = {x.data, weight.data, bias.data, result(call, 0, rows, outputs), rows, inputs, outputs, gelu};
  Plan plan;
  void* stream;
  if (call->problem[0] || !gpu_enter(call->device, &stream, call->problem)) return;
  if (matrix_plan(call->device, &product, &plan, call->problem)) {
    // Freed at once: the allocator gives it to what follows on this stream.
    void* workspace = plan.workspace ? result(call, 1, (int64_t)(plan.workspace + 1) / 2, 1) : NULL;
    if (!call->problem[0]) {
      matrix_start(call->device, &product, &plan, workspace, stream, call->problem);
    }
    if (call->outputs[1]) aoti_torch_delete_tensor_object(call->outputs[1]);
    call->outputs[1] = NULL;
  }
  gpu_leave();
}
