// Attention of networks that learn, on GPUs: the kernels of learning_attention.cuh behind two operators of PyTorch's.
//
// The C ABI registers no derivatives, and TorchScript has no functions with one of their own. PyTorch's attention for
// CPUs has a derivative, which calls a second operator, takes no more than tensors and numbers, and has no kernel for
// GPUs: what is registered there for GPUs gets gradients (tried with PyTorch 2.7.1 and 2.11). So on GPUs
//
//   _scaled_dot_product_flash_attention_for_cpu(qkv [N W L, 3 C] bf16, table [2 H + 1, G] f32, places [1 + 2 W, L] i32)
//     -> out [N W L, C] bf16, logsumexp [G, W N L] f32
//
// is attention within windows, whose arguments learning_attention.cuh describes, and its derivative gives gradients of
// the first two. dropout_p, is_causal, attn_mask and scale stay as they are by default.
#include <stdio.h>

#include "operators.h"

// As in learning_attention.cuh.
enum {
  HEAD_CHANNELS = 32,
  TILE_BYTES = 1024,
  FORWARD_WARPS = 13,
  GRADIENT_WARPS = 5,
  SUM_WARPS = 5,
  SUM_KEYS = 5,
  SUM_BLOCKS = 3,
  TABLE_WARPS = 8,
  TABLE_ROWS = 64
};

typedef struct {
  void *qkv, *table, *places, *scaled, *out, *logsumexp, *out_gradient, *qkv_gradient, *products, *sums, *table_gradient;
  int clips, length, row, tiles;
  int half, scaled_row, heads, windows, parts;
} LearningAttention;

static int scaled_row(int64_t table_rows) { return (int)((table_rows + 3) / 4 * 4); }

static int64_t shared_bytes(int64_t tokens, int64_t table_rows, int vectors) {
  int64_t tiles = (tokens + 15) / 16;
  return tiles * (2 * TILE_BYTES + 64 * vectors) + scaled_row(table_rows) * 4;
}

static int64_t sums_shared_bytes(int64_t table_rows) {
  int tiles = SUM_WARPS + SUM_KEYS;
  return tiles * (4 * TILE_BYTES + 2 * 64) + scaled_row(table_rows) * 4;
}

int64_t learning_shared_bytes(int64_t tokens, int64_t table_rows) {
  int64_t one = shared_bytes(tokens, table_rows, 4), other = sums_shared_bytes(table_rows);
  return one > other ? one : other;
}

// Reads the arguments qkv, table, places from index on; whose first is also the call's. All that is left is on a GPU.
static LearningAttention attention(Call* call, int index, Argument* arguments) {
  Argument qkv = required(call, index, "qkv", aoti_torch_dtype_bfloat16(), 2);
  Argument table = required(call, index + 1, "table", aoti_torch_dtype_float32(), 2);
  Argument places = required(call, index + 2, "places", aoti_torch_dtype_int32(), 2);
  arguments[0] = qkv, arguments[1] = table, arguments[2] = places;
  LearningAttention a = {0};
  if (call->problem[0]) return a;
  int64_t rows = qkv.sizes[0], channels = qkv.sizes[1], heads = channels / (3 * HEAD_CHANNELS);
  int64_t length = places.sizes[1], of_clip = places.sizes[0] / 2 * length;
  if (channels % (3 * HEAD_CHANNELS) || heads > 1024) {
    FAIL(call, "qkv has %lld channels, expected a multiple of %d", (long long)channels, 3 * HEAD_CHANNELS);
  }
  expect_size(call, table, 1, heads);
  if (table.sizes[0] % 2 == 0 || table.sizes[0] > 1 << 16) {
    FAIL(call, "table has %lld rows, expected an odd number of at most 65535", (long long)table.sizes[0]);
  }
  if (of_clip < 1 || places.sizes[0] % 2 == 0 || length > 4096 || rows > MOST_ROWS || rows % of_clip) {
    FAIL(call, "qkv has %lld rows and places [%lld, %lld], expected a multiple of windows times tokens", (long long)rows,
        (long long)places.sizes[0], (long long)length);
  }
  if (call->problem[0]) return a;
  a.qkv = qkv.data, a.table = table.data, a.places = places.data;
  a.clips = (int)(rows / of_clip), a.length = (int)length, a.row = (int)(channels / 24), a.tiles = (int)blocks(length, 16);
  a.half = (int)(table.sizes[0] / 2), a.scaled_row = scaled_row(table.sizes[0]), a.heads = (int)heads;
  a.windows = (int)(rows / length);
  return a;
}

// Of the forward operator: the derivative hands them on, and a mask without elements in place of none.
static void expect_defaults(Call* call, int index) {
  double dropout;
  __builtin_memcpy(&dropout, &call->inputs[index], sizeof dropout);
  if (dropout != 0 || call->inputs[index + 1] & 1 || call->inputs[index + 2] || call->inputs[index + 3]) {
    FAIL(call, "on a GPU dropout_p, is_causal, attn_mask and scale are not to be had");
  }
}

static const Gpu* gpu_for(Call* call, const LearningAttention* a, const Argument* arguments, int count) {
  const Gpu* gpu = common_gpu(call, arguments, count);
  if (gpu && learning_shared_bytes(a->length, 2 * a->half + 1) > gpu->shared_bytes) {
    FAIL(call, "a window of %d tokens takes %lld bytes of shared memory, the GPU has %d", a->length,
        (long long)learning_shared_bytes(a->length, 2 * a->half + 1), gpu->shared_bytes);
  }
  return call->problem[0] ? NULL : gpu;
}

static void scale_table(Call* call, LearningAttention* a, int index) {
  a->scaled = result_of(call, index, aoti_torch_dtype_float32(), a->heads, a->scaled_row);
  void* arguments[] = {a};
  launch(call, LEARNING_TABLE, (Grid){blocks((int64_t)a->heads * a->scaled_row, 256), 1, 1, 256, 0}, arguments);
}

static void launch_windows(Call* call, Kernel kernel, LearningAttention* a, unsigned warps, int vectors) {
  void* arguments[] = {a};
  unsigned shared = (unsigned)shared_bytes(a->length, 2 * a->half + 1, vectors);
  launch(call, kernel, (Grid){(unsigned)a->windows * (unsigned)a->heads, 1, 1, warps * 32, shared}, arguments);
}

void op_learning_attention(Call* call) {
  Argument arguments[3];
  LearningAttention a = attention(call, 0, arguments);
  expect_defaults(call, 3);
  if (!gpu_for(call, &a, arguments, 3)) return;
  int64_t rows = arguments[0].sizes[0];
  a.out = result(call, 0, rows, a.row * 8);
  a.logsumexp = result_of(call, 1, aoti_torch_dtype_float32(), a.heads, rows);
  scale_table(call, &a, 2);
  launch_windows(call, LEARNING_FORWARD, &a, FORWARD_WARPS, 2);
}

void op_learning_attention_backward(Call* call) {
  Argument arguments[6], gradient = required(call, 0, "grad_out", aoti_torch_dtype_bfloat16(), 2);
  LearningAttention a = attention(call, 1, arguments);
  Argument out = required(call, 4, "out", aoti_torch_dtype_bfloat16(), 2);
  Argument logsumexp = required(call, 5, "logsumexp", aoti_torch_dtype_float32(), 2);
  if (call->problem[0]) return;
  int64_t rows = arguments[0].sizes[0], channels = a.row * 8;
  expect_size(call, gradient, 0, rows);
  expect_size(call, gradient, 1, channels);
  expect_size(call, out, 0, rows);
  expect_size(call, out, 1, channels);
  expect_size(call, logsumexp, 0, a.heads);
  expect_size(call, logsumexp, 1, rows);
  arguments[3] = gradient, arguments[4] = out, arguments[5] = logsumexp;
  const Gpu* gpu = gpu_for(call, &a, arguments, 6);
  if (!gpu) return;
  int32_t f32 = aoti_torch_dtype_float32();
  a.out_gradient = gradient.data, a.out = out.data, a.logsumexp = logsumexp.data;
  a.qkv_gradient = result(call, 0, rows, 3 * channels);
  a.table_gradient = result_of(call, 1, f32, 2 * a.half + 1, a.heads);
  result_of(call, 2, aoti_torch_dtype_int32(), arguments[2].sizes[0], a.length);  // of places: nobody asks for it
  scale_table(call, &a, 3);
  a.products = result_of(call, 4, f32, a.heads, rows);
  launch_windows(call, LEARNING_QUERY_GRADIENT, &a, GRADIENT_WARPS, 2);
  launch_windows(call, LEARNING_KEY_GRADIENT, &a, GRADIENT_WARPS, 4);

  // Two rounds of blocks keep the GPU busy.
  unsigned groups = blocks(a.tiles, SUM_WARPS) * blocks(a.tiles, SUM_KEYS);
  int64_t parts = 2LL * SUM_BLOCKS * gpu->multiprocessors / (groups * a.heads);
  a.parts = (int)(parts < 1 ? 1 : parts < a.windows ? parts : a.windows);
  a.sums = result_of(call, 5, f32, (int64_t)a.parts * a.heads * a.tiles * 16, a.tiles * 16);
  void* all[] = {&a};
  launch(call, LEARNING_SUMS,
      (Grid){groups, (unsigned)a.heads, (unsigned)a.parts, SUM_WARPS * 32, (unsigned)sums_shared_bytes(2 * a.half + 1)}, all);
  launch(call, LEARNING_TABLE_GRADIENT,
      (Grid){blocks(2 * a.half + 1, TABLE_ROWS), (unsigned)a.heads, 1, TABLE_WARPS * 32, (unsigned)(a.length * 4 + (a.half + 1) * 2)},
      all);
}
