// Gather, residual sum and layer norm in one pass: sum = (x + y)[rows], norm = layer_norm(sum) weight + bias; and the
// same for patch merging, of which a row is made of four.
//
//   x, y    [W' N L', C / P] bf16, P = 4 for merging, else 1; y may be null: nothing to add
//   rows    [W, L P] int64: row (w, clip, l) of the result is P rows of the same clip, one after the other, those at
//           rows[w, l P ...] of its W' L'; zeros for one outside. May be null unless merging: rows stay where they are
//   valid   [W, L P] bf16, may be null: zero makes the part zero, when merging before the norm (what lies outside the
//           clip), else after it (a token of padding)
//   weight, bias [C] bf16, may be null
//   sum, norm [W N L, C] bf16, sum may be null
//
// LANES threads have one row, VECTORS vectors of 8 channels each, of which rows of fewer channels leave some idle.
#pragma once
#include "bfloat16.cuh"

struct AddNorm {
  const uint4 *x, *y;
  const i64* rows;
  const u16* valid;
  const uint4 *weight, *bias;
  uint4 *sum, *norm;
  int count;         // rows of the result
  int clips;         // N
  int from, tokens;  // L', W' L'
  int length;        // L
  int row;           // vectors in C
};

template <int LANES>
__device__ __forceinline__ float sum_over_lanes(float x) {
#pragma unroll
  for (int mask = LANES / 2; mask > 0; mask >>= 1) x += __shfl_xor_sync(~0u, x, mask);
  return x;
}

template <int PARTS, int LANES, int VECTORS>
__device__ __forceinline__ void add_norm(const AddNorm& a) {
  int lane = threadIdx.x % LANES;
  int row = blockIdx.x * (blockDim.x / LANES) + threadIdx.x / LANES;
  bool inside = row < a.count;
  if (!inside) row = a.count - 1;  // shuffles need every lane
  int clip = 0, token = 0;         // of N, of W L
  if (a.rows || a.valid) {
    int w = row / a.length;
    int window = w / a.clips;
    clip = w - window * a.clips;
    token = window * a.length + row - w * a.length;
  }
  int part_row = a.row / PARTS;
  // Where part p of the row begins in x, in vectors; negative for zeros.
  auto begin = [&](int p) {
    if (PARTS > 1 && a.valid && __ldg(a.valid + token * PARTS + p) == 0) return (i64)-1;
    if (!a.rows) return (i64)row * a.row;
    i64 source = __ldg(a.rows + token * PARTS + p);
    if (source < 0 || source >= a.tokens) return (i64)-1;
    int w = (int)source / a.from;
    return ((i64)(w * a.clips + clip) * a.from + (int)source - w * a.from) * part_row;
  };
  i64 begins[PARTS];
#pragma unroll
  for (int p = 0; p < PARTS; p++) begins[p] = begin(p);

  // Loads are not conditional, so that all of a thread's are on their way at once.
  float f[VECTORS][8];
  float total = 0.f;
#pragma unroll
  for (int i = 0; i < VECTORS; i++) {
    int c = lane + i * LANES;
    bool idle = c >= a.row;
    i64 from = begins[0];
#pragma unroll
    for (int p = 1; p < PARTS; p++)
      if (c >= part_row) from = begins[p], c -= part_row;
    bool zero = idle || from < 0;
    from = zero ? 0 : from + c;
    unpack(f[i], __ldg(a.x + from));
    if (a.y) {
      float g[8];
      unpack(g, __ldg(a.y + from));
#pragma unroll
      for (int j = 0; j < 8; j++) f[i][j] += g[j];
    }
#pragma unroll
    for (int j = 0; j < 8; j++) {
      if (zero) f[i][j] = 0.f;
      total += f[i][j];
    }
  }
  float one = 1.f / (a.row * 8);
  float mean = sum_over_lanes<LANES>(total) * one;
  float squares = 0.f;
#pragma unroll
  for (int i = 0; i < VECTORS; i++)
#pragma unroll
    for (int j = 0; j < 8; j++)
      if (lane + i * LANES < a.row) squares += (f[i][j] - mean) * (f[i][j] - mean);
  float scale = rsqrtf(sum_over_lanes<LANES>(squares) * one + 1e-5f);
  if (!inside) return;

  bool padding = PARTS == 1 && a.valid && __ldg(a.valid + token) == 0;
#pragma unroll
  for (int i = 0; i < VECTORS; i++) {
    int c = lane + i * LANES;
    if (c >= a.row) continue;
    i64 to = (i64)row * a.row + c;
    if (a.sum) a.sum[to] = pack(f[i]);
#pragma unroll
    for (int j = 0; j < 8; j++) f[i][j] = (f[i][j] - mean) * scale;
    if (a.weight) {
      float g[8], b[8];
      unpack(g, __ldg(a.weight + c));
      unpack(b, __ldg(a.bias + c));
#pragma unroll
      for (int j = 0; j < 8; j++) f[i][j] = f[i][j] * g[j] + b[j];
    }
    a.norm[to] = padding ? make_uint4(0, 0, 0, 0) : pack(f[i]);
  }
}

// Named by the channels for which no lane is idle: LANES * VECTORS * 8.
#define ADD_NORM(name, parts, lanes, vectors)                                  \
  extern "C" __global__ void __launch_bounds__(256) name(const AddNorm a) {    \
    add_norm<parts, lanes, vectors>(a);                                        \
  }
ADD_NORM(add_norm_96, 1, 4, 3)
ADD_NORM(add_norm_128, 1, 16, 1)
ADD_NORM(add_norm_192, 1, 8, 3)
ADD_NORM(add_norm_256, 1, 32, 1)
ADD_NORM(add_norm_384, 1, 16, 3)
ADD_NORM(add_norm_512, 1, 32, 2)
ADD_NORM(add_norm_768, 1, 32, 3)
ADD_NORM(add_norm_1024, 1, 32, 4)
ADD_NORM(add_norm_1536, 1, 32, 6)
ADD_NORM(merge_norm_384, 4, 16, 3)
ADD_NORM(merge_norm_512, 4, 32, 2)
ADD_NORM(merge_norm_768, 4, 32, 3)
ADD_NORM(merge_norm_1024, 4, 32, 4)
ADD_NORM(merge_norm_1536, 4, 32, 6)
ADD_NORM(merge_norm_2048, 4, 32, 8)
ADD_NORM(merge_norm_3072, 4, 32, 12)
