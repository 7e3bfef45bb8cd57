// Attention within windows, for heads of 32 channels.
//
//   qkv     [W N L, 3 C] bf16: W windows of one clip, N clips, L tokens; queries carry 1 / (sqrt(32) ln 2), so that
//           powers of the scores are of 2
//   bias    [K, G, T, T, 32, 8] bf16: K kinds of window, G heads, T = ceil(L / 16) tiles of 16 tokens. Position bias
//           plus mask, over ln 2, as mma's accumulators hold a tile of scores: lane 4 g + t has rows g and g + 8,
//           columns 2 t, 2 t + 1 and those plus 8: (g, 2t) (g, 2t+1) (g+8, 2t) (g+8, 2t+1), then 8 columns on.
//           Keys beyond L have -1e30
//   kinds   [W] int32
//   ranges  [K, T] int32: the tiles of keys that a tile of queries sees, first + 65536 * end. Tokens of a window are
//           sorted by the part of the clip that they are in, so it is one range; the others are not computed
//   out     [W N L, C] bf16
//
// A block serves one head of one window. Keys and values lie in shared memory; a warp takes two tiles of queries at a
// time, or one. Powers are summed without subtracting the row's maximum first, which costs a pass over the scores. A
// warp whose sums leave the safe range, or are NaN, does its rows again with the maximum.
#pragma once
#include "bfloat16.cuh"

enum {
  ATTENTION_WARPS = 5,
  ATTENTION_BLOCKS = 3,  // of a multiprocessor at once
  RING = 4,              // tiles of bias on their way
  TILE_BYTES = 16 * 32 * 2
};

__device__ __forceinline__ float exp2_fast(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// c [16, 8] += a [16, 16] b [16, 8]
__device__ __forceinline__ void mma(float* c, u32 a0, u32 a1, u32 a2, u32 a3, u32 b0, u32 b1) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

__device__ __forceinline__ u32 shared_address(const void* p) { return (u32)__cvta_generic_to_shared(p); }

__device__ __forceinline__ uint4 load_shared(u32 address) {
  uint4 v;
  asm volatile("ld.shared.v4.u32 {%0,%1,%2,%3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "r"(address));
  return v;
}

__device__ __forceinline__ void store_shared_zero(u32 address) {
  asm volatile("st.shared.v4.u32 [%0], {%1,%1,%1,%1};" ::"r"(address), "r"(0) : "memory");
}

__device__ __forceinline__ void load_transposed(u32* r, u32 address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(address));
}

__device__ __forceinline__ void copy_async(u32 to, const uint4* from) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
}
__device__ __forceinline__ void copies_begun() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int LEFT>
__device__ __forceinline__ void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(LEFT) : "memory");
}

// What a lane has in hand of the window it works on.
struct Window {
  const uint4* bias;  // at this head's first tile, this lane's part
  const u32* ranges;
  int length, tiles;
  u32 keys, values;  // shared addresses of the first tile, this lane's part
  u32 ring;
};

// Scores of QUERIES tiles of queries with one tile of keys, onto what s holds: the bias. The sum over channels may run
// in any order, so lane t takes channels 8 t to 8 t + 7 of both, which are one load.
template <int QUERIES>
__device__ __forceinline__ void add_scores(float (&s)[QUERIES][8], const uint4 (&q)[QUERIES][2], u32 keys) {
  uint4 k0 = load_shared(keys), k1 = load_shared(keys + TILE_BYTES / 2);
#pragma unroll
  for (int m = 0; m < QUERIES; m++) {
    mma(s[m], q[m][0].x, q[m][1].x, q[m][0].y, q[m][1].y, k0.x, k0.y);
    mma(s[m] + 4, q[m][0].x, q[m][1].x, q[m][0].y, q[m][1].y, k1.x, k1.y);
  }
#pragma unroll
  for (int m = 0; m < QUERIES; m++) {
    mma(s[m], q[m][0].z, q[m][1].z, q[m][0].w, q[m][1].w, k0.z, k0.w);
    mma(s[m] + 4, q[m][0].z, q[m][1].z, q[m][0].w, q[m][1].w, k1.z, k1.w);
  }
}

// Sums over keys of 2^score times the value, o[.][0..3], and of 2^score, o[.][4]; of 2^(score - maximum) if SUBTRACT.
// Bias comes through a ring in shared memory of which each lane reads only what it has asked for: no barrier.
template <int QUERIES, bool SUBTRACT>
__device__ __forceinline__ void sum_over_keys(float (&o)[QUERIES][5][4], const uint4 (&q)[QUERIES][2],
    const float (&maximum)[QUERIES][2], const Window& window, int query_tile, int first, int end) {
#pragma unroll
  for (int m = 0; m < QUERIES; m++)
#pragma unroll
    for (int d = 0; d < 5; d++)
#pragma unroll
      for (int i = 0; i < 4; i++) o[m][d][i] = 0.f;

  const uint4* bias = window.bias + (i64)(query_tile * window.tiles + first) * 32;
  u32 keys = window.keys + first * TILE_BYTES, values = window.values + first * TILE_BYTES;
  u32 write = 0, read = 0;
  int left = end - first;
  auto fetch = [&]() {
    if (left > 0) {
#pragma unroll
      for (int m = 0; m < QUERIES; m++) copy_async(window.ring + write + m * 512, bias + m * window.tiles * 32);
    }
    copies_begun();
    left--;
    bias += 32;
    write = (write + 1024) & (RING * 1024 - 1);
  };
#pragma unroll
  for (int i = 0; i < RING - 1; i++) fetch();

#pragma unroll 1
  for (int tile = first; tile < end; tile++, keys += TILE_BYTES, values += TILE_BYTES) {
    u32 v[8];
    load_transposed(v, values);
    load_transposed(v + 4, values ^ 32);
    float s[QUERIES][8];
    wait_for_copies<RING - 2>();
#pragma unroll
    for (int m = 0; m < QUERIES; m++) unpack(s[m], load_shared(window.ring + read + m * 512));
    add_scores<QUERIES>(s, q, keys);
    read = (read + 1024) & (RING * 1024 - 1);
    fetch();
    u32 p[QUERIES][4];
#pragma unroll
    for (int m = 0; m < QUERIES; m++) {
#pragma unroll
      for (int i = 0; i < 8; i++) s[m][i] = exp2_fast(SUBTRACT ? s[m][i] - maximum[m][i >> 1 & 1] : s[m][i]);
#pragma unroll
      for (int i = 0; i < 4; i++) p[m][i] = pack(s[m][2 * i], s[m][2 * i + 1]);
    }
#pragma unroll
    for (int m = 0; m < QUERIES; m++) {
#pragma unroll
      for (int d = 0; d < 4; d++) mma(o[m][d], p[m][0], p[m][1], p[m][2], p[m][3], v[2 * d], v[2 * d + 1]);
      const u32 ONES = 0x3f803f80u;
      mma(o[m][4], p[m][0], p[m][1], p[m][2], p[m][3], ONES, ONES);
    }
  }
  wait_for_copies<0>();
}

// The largest score of each row that the lane has a part of.
template <int QUERIES>
__device__ __forceinline__ void find_maxima(float (&maximum)[QUERIES][2], const uint4 (&q)[QUERIES][2],
    const Window& window, int query_tile, int first, int end) {
#pragma unroll
  for (int m = 0; m < QUERIES; m++) maximum[m][0] = maximum[m][1] = -1e38f;
#pragma unroll 1
  for (int tile = first; tile < end; tile++) {
    float s[QUERIES][8];
#pragma unroll
    for (int m = 0; m < QUERIES; m++)
      unpack(s[m], __ldg(window.bias + (i64)((query_tile + m) * window.tiles + tile) * 32));
    add_scores<QUERIES>(s, q, window.keys + tile * TILE_BYTES);
#pragma unroll
    for (int m = 0; m < QUERIES; m++)
#pragma unroll
      for (int i = 0; i < 8; i++) maximum[m][i >> 1 & 1] = fmaxf(maximum[m][i >> 1 & 1], s[m][i]);
  }
#pragma unroll
  for (int m = 0; m < QUERIES; m++)
#pragma unroll
    for (int i = 0; i < 2; i++) {
      maximum[m][i] = fmaxf(maximum[m][i], __shfl_xor_sync(~0u, maximum[m][i], 1));
      maximum[m][i] = fmaxf(maximum[m][i], __shfl_xor_sync(~0u, maximum[m][i], 2));
    }
}

// Four words of each of four neighbouring lanes, transposed: lane t gets word t of each.
__device__ __forceinline__ uint4 transpose(u32 (&w)[4], int t) {
  u32 x = __shfl_xor_sync(~0u, t & 1 ? w[0] : w[1], 1), y = __shfl_xor_sync(~0u, t & 1 ? w[2] : w[3], 1);
  if (t & 1) {
    w[0] = x, w[2] = y;
  } else {
    w[1] = x, w[3] = y;
  }
  x = __shfl_xor_sync(~0u, t & 2 ? w[0] : w[2], 2), y = __shfl_xor_sync(~0u, t & 2 ? w[1] : w[3], 2);
  if (t & 2) {
    w[0] = x, w[1] = y;
  } else {
    w[2] = x, w[3] = y;
  }
  return make_uint4(w[0], w[1], w[2], w[3]);
}

// One warp's tiles of queries, QUERIES of them from query_tile on; rows are counted in vectors of 8 channels.
template <int QUERIES>
__device__ __forceinline__ void attend(const Window& window, int query_tile, const uint4* __restrict__ queries,
    uint4* __restrict__ out, int out_row, int lane) {
  int g = lane >> 2, t = lane & 3;
  int first = window.tiles, end = 0;
  uint4 q[QUERIES][2];
#pragma unroll
  for (int m = 0; m < QUERIES; m++) {
    u32 range = __ldg(window.ranges + query_tile + m);
    first = min(first, (int)(range & 0xffff));
    end = max(end, (int)(range >> 16));
#pragma unroll
    for (int i = 0; i < 2; i++) {
      int row = (query_tile + m) * 16 + i * 8 + g;
      q[m][i] = row < window.length ? __ldg(queries + (i64)row * 3 * out_row + t) : make_uint4(0, 0, 0, 0);
    }
  }
  float o[QUERIES][5][4], maximum[QUERIES][2] = {};
  sum_over_keys<QUERIES, false>(o, q, maximum, window, query_tile, first, end);
  bool safe = true;
#pragma unroll
  for (int m = 0; m < QUERIES; m++)
#pragma unroll
    for (int i = 0; i < 2; i++) safe = safe && o[m][4][2 * i] > 1e-30f && o[m][4][2 * i] < 1e30f;
  if (__any_sync(~0u, !safe)) {
    find_maxima<QUERIES>(maximum, q, window, query_tile, first, end);
    sum_over_keys<QUERIES, true>(o, q, maximum, window, query_tile, first, end);
  }
#pragma unroll
  for (int m = 0; m < QUERIES; m++)
#pragma unroll
    for (int i = 0; i < 2; i++) {
      float scale = 1.f / o[m][4][2 * i];
      u32 w[4];
#pragma unroll
      for (int d = 0; d < 4; d++) w[d] = pack(o[m][d][2 * i] * scale, o[m][d][2 * i + 1] * scale);
      uint4 channels = transpose(w, t);
      int row = (query_tile + m) * 16 + i * 8 + g;
      if (row < window.length) out[(i64)row * out_row + t] = channels;
    }
}

// grid: windows of the batch, heads, shares of a window's tiles of queries. Shared memory: keys and values of 16 T
// tokens, then the rings of bias. row: vectors of 8 channels in C.
extern "C" __global__ void __launch_bounds__(ATTENTION_WARPS * 32, ATTENTION_BLOCKS) window_attention(
    const uint4* __restrict__ qkv, const uint4* __restrict__ bias, const int* __restrict__ kinds,
    const u32* __restrict__ ranges, uint4* __restrict__ out, int clips, int length, int row, int tiles) {
  extern __shared__ __align__(128) u8 shared[];
  int head = blockIdx.y, lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  i64 tokens = (i64)blockIdx.x * length;
  qkv += tokens * 3 * row + head * 4;
  out += tokens * row + head * 4;

  // A row of 64 bytes is four vectors. Those of values change places with the row, so that the eight rows that
  // ldmatrix reads at once lie in different banks.
  u32 keys = shared_address(shared), values = keys + tiles * TILE_BYTES;
  for (int i = threadIdx.x; i < tiles * 64; i += ATTENTION_WARPS * 32) {
    int token = i >> 2, c = i & 3;
    u32 key = keys + i * 16, value = values + token * 64 + (c ^ (token >> 1 & 3)) * 16;
    if (token < length) {
      const uint4* from = qkv + (i64)token * 3 * row + row + c;
      copy_async(key, from);
      copy_async(value, from + row);
    } else {
      store_shared_zero(key);
      store_shared_zero(value);
    }
  }
  copies_begun();
  int kind = __ldg(kinds + blockIdx.x / clips);
  int key = lane & 15;
  Window window;
  window.bias = bias + ((i64)kind * gridDim.y + head) * tiles * tiles * 32 + lane;
  window.ranges = ranges + kind * tiles;
  window.length = length;
  window.tiles = tiles;
  window.keys = keys + (lane >> 2) * 64 + (lane & 3) * 16;
  window.values = values + key * 64 + ((lane >> 4) ^ (key >> 1 & 3)) * 16;
  window.ring = values + tiles * TILE_BYTES + warp * (RING * 1024) + lane * 16;
  wait_for_copies<0>();
  __syncthreads();

  // Rounds in which every warp has two tiles, then rounds with one.
  int doubles = tiles / (2 * ATTENTION_WARPS);
  for (int round = blockIdx.z;; round += gridDim.z) {
    if (round < doubles) {
      attend<2>(window, (round * ATTENTION_WARPS + warp) * 2, qkv, out, row, lane);
    } else {
      int tile = (round + doubles) * ATTENTION_WARPS + warp;
      if (tile >= tiles) break;
      attend<1>(window, tile, qkv, out, row, lane);
    }
  }
}
