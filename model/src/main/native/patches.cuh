// Patches of 2 x 4 x 4 pixels, less 128, as rows of 96 values in the order of windows.
//
//   clips   [N, T, H, W, 3] uint8
//   out     [windows N L, 96] bf16: windows of one clip along time, height and width, each with time * height * width
//           tokens. Pixels beyond the clip are 0, so -128 here
//
// A thread has four pixels of a row.
#pragma once
#include "bfloat16.cuh"

struct Patches {
  const u8* clips;
  uint2* out;
  int count;  // threads
  int clip_count, frames, height, width;
  int windows_high, windows_wide;         // of a clip
  int window_time, window_high, window_wide;  // tokens
};

extern "C" __global__ void __launch_bounds__(256) patches(const Patches a) {
  int i = blockIdx.x * 256 + threadIdx.x;
  if (i >= a.count) return;
  int line = i & 7, row = i >> 3;  // line: of 4 in each of 2 frames
  int length = a.window_time * a.window_high * a.window_wide;
  int windows = row / length, token = row - windows * length;
  int window = windows / a.clip_count, clip = windows - window * a.clip_count;
  int x = window % a.windows_wide * a.window_wide + token % a.window_wide;
  int y = window / a.windows_wide % a.windows_high * a.window_high + token / a.window_wide % a.window_high;
  int t = window / (a.windows_wide * a.windows_high) * a.window_time + token / (a.window_wide * a.window_high);
  int frame = 2 * t + (line >> 2), pixel_row = 4 * y + (line & 3);

  u32 words[3] = {};
  if (frame < a.frames && pixel_row < a.height && 4 * x < a.width) {
    const u8* from = a.clips + (((i64)clip * a.frames + frame) * a.height + pixel_row) * a.width * 3 + x * 12;
    if (a.width % 4 == 0) {
#pragma unroll
      for (int j = 0; j < 3; j++) words[j] = __ldg((const u32*)from + j);
    } else {
      int bytes = min(12, (a.width - 4 * x) * 3);
#pragma unroll
      for (int j = 0; j < 12; j++)
        if (j < bytes) words[j / 4] |= (u32)__ldg(from + j) << j % 4 * 8;
    }
  }
  uint2* to = a.out + (i64)row * 24 + line * 3;
#pragma unroll
  for (int j = 0; j < 3; j++) {
    float f[4];
#pragma unroll
    for (int k = 0; k < 4; k++) f[k] = (float)(words[j] >> 8 * k & 255) - 128.f;
    to[j] = make_uint2(pack(f[0], f[1]), pack(f[2], f[3]));
  }
}
