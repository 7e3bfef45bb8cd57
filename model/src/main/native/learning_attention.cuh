// Attention within windows while a network learns, for heads of 32 channels: forward, and the gradients of queries, keys,
// values and of the table of relative position bias. After Dao, FlashAttention-2 (2023): the powers are computed anew
// from the logsumexp of each row. Every sum has one order, so the same input gives the same bits.
//
// A block of all kernels but the last serves one head, and has queries and output gradients, or keys and values, in
// shared memory. Scores are in units of 1 / ln 2. Bias is looked up in the table of the head, in shared memory too: a
// token has a code, and the difference of two is the row of their bias, counted from the table's middle.
#pragma once
#include "window_attention.cuh"

struct LearningAttention {
  const uint4* qkv;            // [N W L, 3 C] bf16: N clips of W windows of L tokens, which lie as places say
  const float* table;          // [2 H + 1, G], G heads
  const int* places;           // [1 + 2 W, L]: codes 0 to H; the part of the clip that each token of a window is in,
                               // tokens of two parts see each other with -100; the row of its clip that it lies in
  float* scaled;               // [G, S] the table over ln 2, S >= 2 H + 1
  uint4* out;                  // [N W L, C] bf16
  float* logsumexp;            // [G, W N L] by windows, in units of 1 / ln 2
  const uint4* out_gradient;   // [N W L, C] bf16
  uint4* qkv_gradient;         // [N W L, 3 C] bf16
  float* products;             // [G, W N L], of output and its gradient
  float* sums;                 // [P, G, 16 T, 16 T]: gradients of scores summed over a part of the windows, for T tiles
  float* table_gradient;       // [2 H + 1, G]
  int clips, length, row, tiles;  // N, L, vectors of 8 channels in C, T = ceil(L / 16)
  int half, scaled_row, heads, windows, parts;  // H, S, G, W N, P
};

// Warps of a block and blocks of a multiprocessor at once: the fastest of those that were tried on an H100.
enum {
  FORWARD_WARPS = 13,
  FORWARD_BLOCKS = 2,
  GRADIENT_WARPS = 5,
  GRADIENT_BLOCKS = 3,
  SUM_WARPS = 5,  // tiles of queries of a block that sums, one for each warp
  SUM_KEYS = 5,   // tiles of keys of it
  SUM_BLOCKS = 3,
  TABLE_WARPS = 8,
  TABLE_ROWS = 64  // of a block of the last kernel
};

constexpr float LOG2_E = 1.4426950408889634f, SCALE = 0.17677669529663687f /* 1 / sqrt(32) */;
constexpr float MASK = -100 * LOG2_E, NOTHING = -1e30f;

__device__ __forceinline__ float load_shared_float(u32 address) {
  float v;
  asm volatile("ld.shared.f32 %0, [%1];" : "=f"(v) : "r"(address));
  return v;
}

__device__ __forceinline__ int load_shared_int(u32 address) {
  int v;
  asm volatile("ld.shared.s32 %0, [%1];" : "=r"(v) : "r"(address));
  return v;
}

// Of a lane's four columns of a tile: 2 t, 2 t + 1, and those plus 8.
__device__ __forceinline__ void load_shared_columns(int (&v)[4], u32 address) {
  asm volatile("ld.shared.v2.s32 {%0,%1}, [%2];" : "=r"(v[0]), "=r"(v[1]) : "r"(address));
  asm volatile("ld.shared.v2.s32 {%0,%1}, [%2];" : "=r"(v[2]), "=r"(v[3]) : "r"(address + 32));
}

__device__ __forceinline__ void load_shared_columns(float (&v)[4], u32 address) {
  asm volatile("ld.shared.v2.f32 {%0,%1}, [%2];" : "=f"(v[0]), "=f"(v[1]) : "r"(address));
  asm volatile("ld.shared.v2.f32 {%0,%1}, [%2];" : "=f"(v[2]), "=f"(v[3]) : "r"(address + 32));
}

__device__ __forceinline__ void store_shared(u32 address, int v) {
  asm volatile("st.shared.s32 [%0], %1;" ::"r"(address), "r"(v) : "memory");
}
__device__ __forceinline__ void store_shared(u32 address, float v) {
  asm volatile("st.shared.f32 [%0], %1;" ::"r"(address), "f"(v) : "memory");
}

// Where the tokens of a window lie: rows of its clip, which begins at row `clip`.
struct Tokens {
  const int* rows;
  i64 clip;
  int length, last;
  __device__ __forceinline__ Tokens(const LearningAttention& a, int window) {
    int kinds = a.windows / a.clips;
    rows = a.places + (i64)(1 + kinds + window / a.clips) * a.length;
    length = a.length;
    last = kinds * length - 1;
    clip = (i64)(window % a.clips) * (last + 1);
  }
  __device__ __forceinline__ i64 row(int token) const { return clip + min((u32)__ldg(rows + token), (u32)last); }
};

// Begins to copy rows of 64 bytes of tokens first to first + 16 tiles - 1, zeros beyond the window's length. The four
// vectors of a row change places with it, so that the eight rows that ldmatrix reads at once lie in different banks.
__device__ __forceinline__ void load_rows(u32 to, const uint4* from, i64 stride, const Tokens& tokens, int first, int tiles,
    int threads) {
  for (int i = threadIdx.x; i < tiles * 64; i += threads) {
    int token = i >> 2, c = i & 3;
    u32 address = to + token * 64 + (c ^ (token >> 1 & 3)) * 16;
    if (first + token < tokens.length) {
      copy_async(address, from + tokens.row(first + token) * stride + c);
    } else {
      store_shared_zero(address);
    }
  }
}

// Begins to copy the head's table.
__device__ __forceinline__ void load_table(const LearningAttention& a, u32 table, int head, int threads) {
  const uint4* from = (const uint4*)(a.scaled + (i64)head * a.scaled_row);
  for (int i = threadIdx.x; i < a.scaled_row / 4; i += threads) copy_async(table + i * 16, from + i);
}

// Codes of tokens, times 4 sign.
__device__ __forceinline__ void load_codes(const LearningAttention& a, u32 codes, int first, int tokens, int sign, int threads) {
  for (int i = threadIdx.x; i < tokens; i += threads) {
    int code = __ldg(a.places + min(first + i, a.length - 1));
    store_shared(codes + i * 4, 4 * sign * min(max(code, 0), a.half));
  }
}

// Parts of tokens; whether this thread's are not all that of the window's first token.
__device__ __forceinline__ bool load_parts(const LearningAttention& a, u32 parts, int window, int first, int tokens, int threads) {
  const int* from = a.places + (i64)(1 + window / a.clips) * a.length;
  bool two = false;
  int some = __ldg(from);
  for (int i = threadIdx.x; i < tokens; i += threads) {
    int part = __ldg(from + min(first + i, a.length - 1));
    store_shared(parts + i * 4, part);
    two = two || part != some;
  }
  return two;
}

// Tokens in shared memory that scores have as columns, this lane's part.
struct Columns {
  u32 codes, parts;
  bool masked;
};

// A row's bias is at this address plus the code of the column.
template <int TILES>
struct Rows {
  u32 bias[TILES][2];
  int part[TILES][2];
};

// Products to scores, for TILES tiles of rows and one of columns.
template <int TILES>
__device__ __forceinline__ void add_bias(float (&s)[TILES][8], const Rows<TILES>& rows, const Columns& columns, int tile) {
  int code[4];
  load_shared_columns(code, columns.codes + tile * 64);
#pragma unroll
  for (int m = 0; m < TILES; m++)
#pragma unroll
    for (int i = 0; i < 8; i++)
      s[m][i] = fmaf(s[m][i], SCALE * LOG2_E, load_shared_float(rows.bias[m][i >> 1 & 1] + code[i >> 2 << 1 | (i & 1)]));
  if (columns.masked) {
    int part[4];
    load_shared_columns(part, columns.parts + tile * 64);
#pragma unroll
    for (int m = 0; m < TILES; m++)
#pragma unroll
      for (int i = 0; i < 8; i++) s[m][i] += part[i >> 2 << 1 | (i & 1)] == rows.part[m][i >> 1 & 1] ? 0.f : MASK;
  }
}

// Scores of keys beyond the window's length are minus infinity.
template <int TILES>
__device__ __forceinline__ void cut(float (&s)[TILES][8], int left, int t) {
#pragma unroll
  for (int m = 0; m < TILES; m++)
#pragma unroll
    for (int i = 0; i < 8; i++)
      if ((i >> 2) * 8 + 2 * t + (i & 1) >= left) s[m][i] = NOTHING;
}

template <int TILES>
__device__ __forceinline__ void clear(float (&s)[TILES][8]) {
#pragma unroll
  for (int m = 0; m < TILES; m++)
#pragma unroll
    for (int i = 0; i < 8; i++) s[m][i] = 0.f;
}

// A tile of scores, or of their gradients, as the left factor of a product over its columns.
template <int TILES>
__device__ __forceinline__ void pack_tiles(u32 (&p)[TILES][4], const float (&s)[TILES][8]) {
#pragma unroll
  for (int m = 0; m < TILES; m++)
#pragma unroll
    for (int i = 0; i < 4; i++) p[m][i] = pack(s[m][2 * i], s[m][2 * i + 1]);
}

template <int TILES>
__device__ __forceinline__ void add_products(float (&o)[TILES][4][4], const u32 (&p)[TILES][4], u32 rows) {
  u32 v[8];
  load_transposed(v, rows);
  load_transposed(v + 4, rows ^ 32);
#pragma unroll
  for (int m = 0; m < TILES; m++)
#pragma unroll
    for (int d = 0; d < 4; d++) mma(o[m][d], p[m][0], p[m][1], p[m][2], p[m][3], v[2 * d], v[2 * d + 1]);
}

// What a block has in shared memory, in this order: two matrices of 16 T rows, the table, codes, parts, and for some
// kernels logsumexp and products.
struct Shared {
  u32 first, second, table, codes, parts, logsumexp, products;
  __device__ __forceinline__ Shared(const u8* shared, const LearningAttention& a) {
    first = shared_address(shared);
    second = first + a.tiles * TILE_BYTES;
    table = second + a.tiles * TILE_BYTES;
    codes = table + a.scaled_row * 4;
    parts = codes + a.tiles * 64;
    logsumexp = parts + a.tiles * 64;
    products = logsumexp + a.tiles * 64;
  }
};

// The same for a lane: addresses within a tile.
struct Lane {
  int g, t;
  u32 row;         // of a row's vector, to read rows
  u32 transposed;  // to read a tile's columns
  __device__ __forceinline__ Lane() {
    int lane = threadIdx.x & 31, key = lane & 15;
    g = lane >> 2, t = lane & 3;
    row = g * 64 + (t ^ (g >> 1 & 3)) * 16;
    transposed = key * 64 + ((lane >> 4) ^ (key >> 1 & 3)) * 16;
  }
};

// Which head of which window of the batch a block serves: heads follow each other, whose rows lie side by side.
struct Place {
  int head, window;
  __device__ __forceinline__ Place(const LearningAttention& a) {
    head = blockIdx.x % a.heads, window = blockIdx.x / a.heads;
  }
};

template <int TILES>
__device__ __forceinline__ void load_row_places(Rows<TILES>& rows, const LearningAttention& a, const Shared& shared,
    int tile, const Lane& lane) {
#pragma unroll
  for (int m = 0; m < TILES; m++)
#pragma unroll
    for (int i = 0; i < 2; i++) {
      u32 at = min((tile + m) * 16 + i * 8 + lane.g, a.tiles * 16 - 1) * 4;
      rows.bias[m][i] = shared.table + a.half * 4 - load_shared_int(shared.codes + at);
      rows.part[m][i] = load_shared_int(shared.parts + at);
    }
}

// Vectors of the rows of TILES tiles, zeros beyond the window's length.
template <int TILES>
__device__ __forceinline__ void load_global_rows(uint4 (&v)[TILES][2], const uint4* from, i64 stride, const i64 (&row)[TILES][2],
    const Lane& lane) {
#pragma unroll
  for (int m = 0; m < TILES; m++)
#pragma unroll
    for (int i = 0; i < 2; i++)
      v[m][i] = row[m][i] >= 0 ? __ldg(from + row[m][i] * stride + lane.t) : make_uint4(0, 0, 0, 0);
}

// Where the rows of TILES tiles lie, -1 beyond the window's length.
template <int TILES>
__device__ __forceinline__ void find_rows(i64 (&row)[TILES][2], const Tokens& tokens, int tile, const Lane& lane) {
#pragma unroll
  for (int m = 0; m < TILES; m++)
#pragma unroll
    for (int i = 0; i < 2; i++) {
      int token = (tile + m) * 16 + i * 8 + lane.g;
      row[m][i] = token < tokens.length ? tokens.row(token) : -1;
    }
}

template <int TILES>
__device__ __forceinline__ void store_global_rows(uint4* to, i64 stride, const float (&o)[TILES][4][4],
    const float (&scale)[TILES][2], const i64 (&row)[TILES][2], const Lane& lane) {
#pragma unroll
  for (int m = 0; m < TILES; m++)
#pragma unroll
    for (int i = 0; i < 2; i++) {
      u32 w[4];
#pragma unroll
      for (int d = 0; d < 4; d++) w[d] = pack(o[m][d][2 * i] * scale[m][i], o[m][d][2 * i + 1] * scale[m][i]);
      uint4 channels = transpose(w, lane.t);
      if (row[m][i] >= 0) to[row[m][i] * stride + lane.t] = channels;
    }
}

extern "C" __global__ void learning_attention_table(const LearningAttention a) {
  int i = blockIdx.x * 256 + threadIdx.x, count = a.heads * a.scaled_row;
  if (i < count) {
    int head = i / a.scaled_row, row = i % a.scaled_row;
    a.scaled[i] = row <= 2 * a.half ? a.table[row * a.heads + head] * LOG2_E : 0.f;
  }
}

// As sum_over_keys in window_attention.cuh. The powers are summed as they are rounded for the product with values, by
// which that is divided, and in float32 for the logsumexp.
template <int TILES, bool SUBTRACT>
__device__ __forceinline__ void sum_values(float (&o)[TILES][4][4], float (&sum)[TILES][4], float (&exact)[TILES][2],
    const uint4 (&q)[TILES][2], const float (&maximum)[TILES][2], const LearningAttention& a, const Shared& shared, const Rows<TILES>& rows,
    const Columns& columns, const Lane& lane) {
#pragma unroll
  for (int m = 0; m < TILES; m++)
#pragma unroll
    for (int i = 0; i < 4; i++) {
      sum[m][i] = exact[m][i >> 1] = 0.f;
#pragma unroll
      for (int d = 0; d < 4; d++) o[m][d][i] = 0.f;
    }
#pragma unroll 1
  for (int tile = 0; tile < a.tiles; tile++) {
    float s[TILES][8];
    clear(s);
    add_scores<TILES>(s, q, shared.first + lane.row + tile * TILE_BYTES);
    add_bias(s, rows, columns, tile);
    if ((tile + 1) * 16 > a.length) cut(s, a.length - tile * 16, lane.t);
#pragma unroll
    for (int m = 0; m < TILES; m++)
#pragma unroll
      for (int i = 0; i < 8; i++) {
        s[m][i] = exp2_fast(SUBTRACT ? s[m][i] - maximum[m][i >> 1 & 1] : s[m][i]);
        exact[m][i >> 1 & 1] += s[m][i];
      }
    u32 p[TILES][4];
    pack_tiles(p, s);
    add_products(o, p, shared.second + lane.transposed + tile * TILE_BYTES);
    const u32 ONES = 0x3f803f80u;
#pragma unroll
    for (int m = 0; m < TILES; m++) mma(sum[m], p[m][0], p[m][1], p[m][2], p[m][3], ONES, ONES);
  }
}

template <int TILES>
__device__ __forceinline__ void find_row_maxima(float (&maximum)[TILES][2], const uint4 (&q)[TILES][2],
    const LearningAttention& a, const Shared& shared, const Rows<TILES>& rows, const Columns& columns, const Lane& lane) {
#pragma unroll
  for (int m = 0; m < TILES; m++) maximum[m][0] = maximum[m][1] = NOTHING;
#pragma unroll 1
  for (int tile = 0; tile < a.tiles; tile++) {
    float s[TILES][8];
    clear(s);
    add_scores<TILES>(s, q, shared.first + lane.row + tile * TILE_BYTES);
    add_bias(s, rows, columns, tile);
    if ((tile + 1) * 16 > a.length) cut(s, a.length - tile * 16, lane.t);
#pragma unroll
    for (int m = 0; m < TILES; m++)
#pragma unroll
      for (int i = 0; i < 8; i++) maximum[m][i >> 1 & 1] = fmaxf(maximum[m][i >> 1 & 1], s[m][i]);
  }
#pragma unroll
  for (int m = 0; m < TILES; m++)
#pragma unroll
    for (int i = 0; i < 2; i++) {
      maximum[m][i] = fmaxf(maximum[m][i], __shfl_xor_sync(~0u, maximum[m][i], 1));
      maximum[m][i] = fmaxf(maximum[m][i], __shfl_xor_sync(~0u, maximum[m][i], 2));
    }
}

// grid: windows of the batch times heads. Keys and values in shared memory; a warp takes TILES tiles of queries at a time.
template <int TILES>
__device__ __forceinline__ void forward(const LearningAttention& a, const u8* memory, int threads) {
  Shared shared(memory, a);
  Lane lane;
  Place place(a);
  Tokens tokens(a, place.window);
  int head = place.head;
  i64 first = ((i64)head * a.windows + place.window) * a.length, stride = 3 * a.row;
  const uint4* qkv = a.qkv + head * 4;
  load_rows(shared.first, qkv + a.row, stride, tokens, 0, a.tiles, threads);
  load_rows(shared.second, qkv + 2 * a.row, stride, tokens, 0, a.tiles, threads);
  load_table(a, shared.table, head, threads);
  copies_begun();
  load_codes(a, shared.codes, 0, a.tiles * 16, -1, threads);
  bool two = load_parts(a, shared.parts, place.window, 0, a.tiles * 16, threads);
  wait_for_copies<0>();
  Columns columns = {shared.codes + lane.t * 8, shared.parts + lane.t * 8, (bool)__syncthreads_or(two)};
#pragma unroll 1
  for (int tile = (threadIdx.x >> 5) * TILES; tile < a.tiles; tile += threads / 32 * TILES) {
    uint4 q[TILES][2];
    i64 row[TILES][2];
    Rows<TILES> rows;
    find_rows(row, tokens, tile, lane);
    load_global_rows(q, qkv, stride, row, lane);
    load_row_places(rows, a, shared, tile, lane);
    float o[TILES][4][4], sum[TILES][4], exact[TILES][2], maximum[TILES][2] = {};
    sum_values<TILES, false>(o, sum, exact, q, maximum, a, shared, rows, columns, lane);
    bool safe = true;
#pragma unroll
    for (int m = 0; m < TILES; m++)
#pragma unroll
      for (int i = 0; i < 2; i++) safe = safe && sum[m][2 * i] > 1e-30f && sum[m][2 * i] < 1e30f;
    if (__any_sync(~0u, !safe)) {
      find_row_maxima(maximum, q, a, shared, rows, columns, lane);
      sum_values<TILES, true>(o, sum, exact, q, maximum, a, shared, rows, columns, lane);
    }
    float scale[TILES][2];
#pragma unroll
    for (int m = 0; m < TILES; m++)
#pragma unroll
      for (int i = 0; i < 2; i++) {
        scale[m][i] = 1.f / sum[m][2 * i];
        exact[m][i] += __shfl_xor_sync(~0u, exact[m][i], 1);
        exact[m][i] += __shfl_xor_sync(~0u, exact[m][i], 2);
        if (lane.t == 0 && row[m][i] >= 0) {
          a.logsumexp[first + (tile + m) * 16 + i * 8 + lane.g] = __log2f(exact[m][i]) + maximum[m][i];
        }
      }
    store_global_rows(a.out + head * 4, a.row, o, scale, row, lane);
  }
}

__device__ __forceinline__ float product(uint4 a, uint4 b) {
  float x[8], y[8], sum = 0.f;
  unpack(x, a);
  unpack(y, b);
#pragma unroll
  for (int i = 0; i < 8; i++) sum = fmaf(x[i], y[i], sum);
  return sum;
}

// The gradients of queries, and the products of outputs and their gradients. As forward.
template <int TILES>
__device__ __forceinline__ void query_gradient(const LearningAttention& a, const u8* memory, int threads) {
  Shared shared(memory, a);
  Lane lane;
  Place place(a);
  Tokens tokens(a, place.window);
  int head = place.head;
  i64 first = ((i64)head * a.windows + place.window) * a.length, stride = 3 * a.row;
  const uint4* qkv = a.qkv + head * 4;
  load_rows(shared.first, qkv + a.row, stride, tokens, 0, a.tiles, threads);
  load_rows(shared.second, qkv + 2 * a.row, stride, tokens, 0, a.tiles, threads);
  load_table(a, shared.table, head, threads);
  copies_begun();
  load_codes(a, shared.codes, 0, a.tiles * 16, -1, threads);
  bool two = load_parts(a, shared.parts, place.window, 0, a.tiles * 16, threads);
  wait_for_copies<0>();
  Columns columns = {shared.codes + lane.t * 8, shared.parts + lane.t * 8, (bool)__syncthreads_or(two)};
#pragma unroll 1
  for (int tile = (threadIdx.x >> 5) * TILES; tile < a.tiles; tile += threads / 32 * TILES) {
    uint4 q[TILES][2], o[TILES][2], g[TILES][2];
    i64 row[TILES][2];
    Rows<TILES> rows;
    find_rows(row, tokens, tile, lane);
    load_global_rows(q, qkv, stride, row, lane);
    load_global_rows(o, a.out + head * 4, a.row, row, lane);
    load_global_rows(g, a.out_gradient + head * 4, a.row, row, lane);
    load_row_places(rows, a, shared, tile, lane);
    float logsumexp[TILES][2], products[TILES][2], scale[TILES][2];
#pragma unroll
    for (int m = 0; m < TILES; m++)
#pragma unroll
      for (int i = 0; i < 2; i++) {
        i64 at = first + (tile + m) * 16 + i * 8 + lane.g;
        logsumexp[m][i] = row[m][i] >= 0 ? __ldg(a.logsumexp + at) : -NOTHING;
        float sum = product(o[m][i], g[m][i]);
        sum += __shfl_xor_sync(~0u, sum, 1);
        sum += __shfl_xor_sync(~0u, sum, 2);
        products[m][i] = sum;
        scale[m][i] = SCALE;
        if (lane.t == 0 && row[m][i] >= 0) a.products[at] = sum;
      }
    float dq[TILES][4][4] = {};
#pragma unroll 1
    for (int key_tile = 0; key_tile < a.tiles; key_tile++) {
      float s[TILES][8], dp[TILES][8];
      clear(s);
      clear(dp);
      add_scores<TILES>(s, q, shared.first + lane.row + key_tile * TILE_BYTES);
      add_scores<TILES>(dp, g, shared.second + lane.row + key_tile * TILE_BYTES);
      add_bias(s, rows, columns, key_tile);
      if ((key_tile + 1) * 16 > a.length) cut(s, a.length - key_tile * 16, lane.t);
#pragma unroll
      for (int m = 0; m < TILES; m++)
#pragma unroll
        for (int i = 0; i < 8; i++)
          s[m][i] = exp2_fast(s[m][i] - logsumexp[m][i >> 1 & 1]) * (dp[m][i] - products[m][i >> 1 & 1]);
      u32 ds[TILES][4];
      pack_tiles(ds, s);
      add_products(dq, ds, shared.first + lane.transposed + key_tile * TILE_BYTES);
    }
    store_global_rows(a.qkv_gradient + head * 4, stride, dq, scale, row, lane);
  }
}

// The gradients of keys and values. Queries and output gradients in shared memory; a warp takes TILES tiles of keys at a
// time, and has scores transposed.
template <int TILES>
__device__ __forceinline__ void key_gradient(const LearningAttention& a, const u8* memory, int threads) {
  Shared shared(memory, a);
  Lane lane;
  Place place(a);
  Tokens tokens(a, place.window);
  int head = place.head;
  i64 first = ((i64)head * a.windows + place.window) * a.length, stride = 3 * a.row;
  const uint4* qkv = a.qkv + head * 4;
  load_rows(shared.first, qkv, stride, tokens, 0, a.tiles, threads);
  load_rows(shared.second, a.out_gradient + head * 4, a.row, tokens, 0, a.tiles, threads);
  load_table(a, shared.table, head, threads);
  copies_begun();
  load_codes(a, shared.codes, 0, a.tiles * 16, 1, threads);
  bool two = load_parts(a, shared.parts, place.window, 0, a.tiles * 16, threads);
  for (int i = threadIdx.x; i < a.tiles * 16; i += threads) {
    i64 at = first + i;
    store_shared(shared.logsumexp + i * 4, i < a.length ? __ldg(a.logsumexp + at) : -NOTHING);
    store_shared(shared.products + i * 4, i < a.length ? __ldg(a.products + at) : 0.f);
  }
  wait_for_copies<0>();
  Columns columns = {shared.codes + lane.t * 8, shared.parts + lane.t * 8, (bool)__syncthreads_or(two)};
#pragma unroll 1
  for (int tile = (threadIdx.x >> 5) * TILES; tile < a.tiles; tile += threads / 32 * TILES) {
    uint4 k[TILES][2], v[TILES][2];
    i64 row[TILES][2];
    Rows<TILES> rows;
    find_rows(row, tokens, tile, lane);
    load_global_rows(k, qkv + a.row, stride, row, lane);
    load_global_rows(v, qkv + 2 * a.row, stride, row, lane);
    load_row_places(rows, a, shared, tile, lane);
    float dk[TILES][4][4] = {}, dv[TILES][4][4] = {};
#pragma unroll 1
    for (int query_tile = 0; query_tile < a.tiles; query_tile++) {
      float s[TILES][8], dp[TILES][8], logsumexp[4], products[4];
      clear(s);
      clear(dp);
      add_scores<TILES>(s, k, shared.first + lane.row + query_tile * TILE_BYTES);
      add_scores<TILES>(dp, v, shared.second + lane.row + query_tile * TILE_BYTES);
      add_bias(s, rows, columns, query_tile);
      load_shared_columns(logsumexp, shared.logsumexp + lane.t * 8 + query_tile * 64);
      load_shared_columns(products, shared.products + lane.t * 8 + query_tile * 64);
#pragma unroll
      for (int m = 0; m < TILES; m++)
#pragma unroll
        for (int i = 0; i < 8; i++) s[m][i] = exp2_fast(s[m][i] - logsumexp[i >> 2 << 1 | (i & 1)]);
      u32 p[TILES][4];
      pack_tiles(p, s);
      add_products(dv, p, shared.second + lane.transposed + query_tile * TILE_BYTES);
#pragma unroll
      for (int m = 0; m < TILES; m++)
#pragma unroll
        for (int i = 0; i < 8; i++) s[m][i] *= dp[m][i] - products[i >> 2 << 1 | (i & 1)];
      pack_tiles(p, s);
      add_products(dk, p, shared.first + lane.transposed + query_tile * TILE_BYTES);
    }
    float scale[TILES][2], one[TILES][2];
#pragma unroll
    for (int m = 0; m < TILES; m++) scale[m][0] = scale[m][1] = SCALE, one[m][0] = one[m][1] = 1.f;
    uint4* gradient = a.qkv_gradient + head * 4;
    store_global_rows(gradient + a.row, stride, dk, scale, row, lane);
    store_global_rows(gradient + 2 * a.row, stride, dv, one, row, lane);
  }
}

// Gradients of scores, summed over a part of the windows. grid: groups of SUM_WARPS tiles of queries times groups of
// SUM_KEYS tiles of keys, heads, parts. A warp has its sums in registers, and one tile of queries. Shared memory: two
// stages of queries, output gradients, keys and values; the table; codes and parts of the keys, then of the queries.
extern "C" __global__ void __launch_bounds__(SUM_WARPS * 32, SUM_BLOCKS) learning_attention_sums(const LearningAttention a) {
  extern __shared__ __align__(128) u8 memory[];
  const int THREADS = SUM_WARPS * 32, STAGE = 2 * (SUM_WARPS + SUM_KEYS) * TILE_BYTES;
  const int KEYS = SUM_KEYS * 16, QUERIES = SUM_WARPS * 16;
  Lane lane;
  u32 stages = shared_address(memory), table = stages + 2 * STAGE, codes = table + a.scaled_row * 4;
  u32 parts = codes + (KEYS + QUERIES) * 4;
  int key_groups = (a.tiles + SUM_KEYS - 1) / SUM_KEYS, head = blockIdx.y, warp = threadIdx.x >> 5;
  int first_query = blockIdx.x / key_groups * SUM_WARPS, first_key = blockIdx.x % key_groups * SUM_KEYS;
  int begin = (i64)a.windows * blockIdx.z / a.parts, end = (i64)a.windows * (blockIdx.z + 1) / a.parts;
  int tile = first_query + warp;
  bool working = tile < a.tiles;

  auto load = [&](int window) {
    u32 to = stages + (window - begin) % 2 * STAGE;
    Tokens tokens(a, window);
    i64 stride = 3 * a.row;
    const uint4* qkv = a.qkv + head * 4;
    load_rows(to, qkv, stride, tokens, first_query * 16, SUM_WARPS, THREADS);
    to += SUM_WARPS * TILE_BYTES;
    load_rows(to, a.out_gradient + head * 4, a.row, tokens, first_query * 16, SUM_WARPS, THREADS);
    to += SUM_WARPS * TILE_BYTES;
    load_rows(to, qkv + a.row, stride, tokens, first_key * 16, SUM_KEYS, THREADS);
    to += SUM_KEYS * TILE_BYTES;
    load_rows(to, qkv + 2 * a.row, stride, tokens, first_key * 16, SUM_KEYS, THREADS);
  };

  load_table(a, table, head, THREADS);
  load_codes(a, codes, first_key * 16, KEYS, -1, THREADS);
  load_codes(a, codes + KEYS * 4, first_query * 16, QUERIES, -1, THREADS);
  load(begin);
  copies_begun();
  float sums[SUM_KEYS][8] = {};
  Rows<1> rows;
  Columns columns = {codes + lane.t * 8, parts + lane.t * 8, false};
  u32 own = (KEYS + warp * 16 + lane.g) * 4;
#pragma unroll 1
  for (int window = begin; window < end; window++) {
    if (window + 1 < end) load(window + 1);
    copies_begun();
    if (window == begin || window % a.clips == 0) {
      bool two = load_parts(a, parts, window, first_key * 16, KEYS, THREADS);
      two |= load_parts(a, parts + KEYS * 4, window, first_query * 16, QUERIES, THREADS);
      columns.masked = __syncthreads_or(two);
#pragma unroll
      for (int i = 0; i < 2; i++) {
        rows.part[0][i] = load_shared_int(parts + own + i * 32);
        rows.bias[0][i] = table + a.half * 4 - load_shared_int(codes + own + i * 32);
      }
    }
    float logsumexp[2], products[2];
#pragma unroll
    for (int i = 0; i < 2; i++) {
      int row = tile * 16 + i * 8 + lane.g;
      i64 at = ((i64)head * a.windows + window) * a.length + row;
      logsumexp[i] = row < a.length ? __ldg(a.logsumexp + at) : -NOTHING;
      products[i] = row < a.length ? __ldg(a.products + at) : 0.f;
    }
    wait_for_copies<1>();
    __syncthreads();
    if (working) {
      u32 stage = stages + (window - begin) % 2 * STAGE;
      u32 query = stage + warp * TILE_BYTES + lane.row, key = stage + 2 * SUM_WARPS * TILE_BYTES + lane.row;
      uint4 q[1][2], g[1][2];
#pragma unroll
      for (int i = 0; i < 2; i++) {
        q[0][i] = load_shared(query + i * (TILE_BYTES / 2));
        g[0][i] = load_shared(query + SUM_WARPS * TILE_BYTES + i * (TILE_BYTES / 2));
      }
#pragma unroll
      for (int j = 0; j < SUM_KEYS; j++) {
        float s[1][8], dp[1][8];
        clear(s);
        clear(dp);
        add_scores<1>(s, q, key + j * TILE_BYTES);
        add_scores<1>(dp, g, key + (SUM_KEYS + j) * TILE_BYTES);
        add_bias(s, rows, columns, j);
#pragma unroll
        for (int i = 0; i < 8; i++)
          sums[j][i] = fmaf(exp2_fast(s[0][i] - logsumexp[i >> 1 & 1]), dp[0][i] - products[i >> 1 & 1], sums[j][i]);
      }
    }
    __syncthreads();
  }
  if (!working) return;
  int size = a.tiles * 16;
  float* out = a.sums + ((i64)blockIdx.z * a.heads + head) * size * size;
#pragma unroll
  for (int j = 0; j < SUM_KEYS; j++) {
    if (first_key + j >= a.tiles) break;
#pragma unroll
    for (int i = 0; i < 4; i++) {
      int row = tile * 16 + (i & 1) * 8 + lane.g, column = (first_key + j) * 16 + (i >> 1) * 8 + lane.t * 2;
      *(float2*)(out + row * size + column) = make_float2(sums[j][2 * i], sums[j][2 * i + 1]);
    }
  }
}

// grid: shares of TABLE_ROWS rows of the table, heads. A warp takes a row at a time, and sums what belongs to it.
extern "C" __global__ void __launch_bounds__(TABLE_WARPS * 32) learning_attention_table_gradient(const LearningAttention a) {
  extern __shared__ __align__(128) u8 memory[];
  int* codes = (int*)memory;
  short* tokens = (short*)(codes + a.length);  // by code; -1 where there is none
  int head = blockIdx.y, lane = threadIdx.x & 31, size = a.tiles * 16;
  for (int i = threadIdx.x; i <= a.half; i += TABLE_WARPS * 32) tokens[i] = -1;
  __syncthreads();
  for (int i = threadIdx.x; i < a.length; i += TABLE_WARPS * 32) {
    codes[i] = min(max(__ldg(a.places + i), 0), a.half);
    tokens[codes[i]] = (short)i;
  }
  __syncthreads();
  int end = min((int)(blockIdx.x + 1) * TABLE_ROWS, 2 * a.half + 1);
  for (int row = blockIdx.x * TABLE_ROWS + (threadIdx.x >> 5); row < end; row += TABLE_WARPS) {
    float sum = 0.f;
    for (int i = lane; i < a.length; i += 32) {
      int code = codes[i] + a.half - row;
      int key = code >= 0 && code <= a.half ? tokens[code] : -1;
      if (key >= 0) {
        const float* from = a.sums + ((i64)head * size + i) * size + key;
        for (int part = 0; part < a.parts; part++) sum += from[(i64)part * a.heads * size * size];
      }
    }
#pragma unroll
    for (int i = 16; i > 0; i /= 2) sum += __shfl_xor_sync(~0u, sum, i);
    if (lane == 0) a.table_gradient[row * a.heads + head] = sum;
  }
}

extern "C" __global__ void __launch_bounds__(FORWARD_WARPS * 32, FORWARD_BLOCKS) learning_attention_forward(const LearningAttention a) {
  extern __shared__ __align__(128) u8 memory[];
  forward<1>(a, memory, FORWARD_WARPS * 32);
}

extern "C" __global__ void __launch_bounds__(GRADIENT_WARPS * 32, GRADIENT_BLOCKS) learning_attention_query_gradient(const LearningAttention a) {
  extern __shared__ __align__(128) u8 memory[];
  query_gradient<1>(a, memory, GRADIENT_WARPS * 32);
}

extern "C" __global__ void __launch_bounds__(GRADIENT_WARPS * 32, GRADIENT_BLOCKS) learning_attention_key_gradient(const LearningAttention a) {
  extern __shared__ __align__(128) u8 memory[];
  key_gradient<1>(a, memory, GRADIENT_WARPS * 32);
}
