// Crops of RGB out of pictures that NVDEC decoded, a module of its own: decoding needs no PyTorch.
//
// The same integers as on the CPU, so the same bytes: swscale's yuv420p to rgb24 on x86-64 (16-bit products of which the
// upper half is kept, chroma not interpolated), then weights of 1/2048 across and down (ResizeWeights).
typedef unsigned char u8;
typedef unsigned long long u64;

struct Crop {
  const u8 *luma, *chroma;  // NV12: rows of Y; rows of U and V in turn, for 2 x 2 pixels each
  const int* weights;       // first column [width], first row [height], weights [width, x_taps], weights [height, y_taps]
  u8* out;
  int luma_pitch, chroma_pitch;  // bytes from row to row
  int width, height;             // of the crop, before it is turned
  int x_taps, y_taps;
  int origin, across, down;  // bytes in out: of pixel (0, 0), and from a pixel to the next one in either direction
  int luma_offset, luma_scale, v_red, u_blue, u_green, v_green;
};

static __device__ int clamp(int x) { return min(255, max(0, x)); }

// A thread makes a pixel.
extern "C" __global__ void __launch_bounds__(256) crop(const Crop a) {
  int x = blockIdx.x * 32 + threadIdx.x, y = blockIdx.y * 8 + threadIdx.y;
  if (x >= a.width || y >= a.height) return;
  int first_column = a.weights[x], first_row = a.weights[a.width + y];
  const int* across = a.weights + a.width + a.height + x * a.x_taps;
  const int* down = a.weights + a.width + a.height + a.width * a.x_taps + y * a.y_taps;
  int red = 1 << 21, green = red, blue = red;
  for (int j = 0; j < a.y_taps; j++) {
    int row_weight = down[j];
    if (row_weight == 0) continue;
    int row = first_row + j;
    const u8* luma = a.luma + (u64)row * a.luma_pitch;
    const u8* chroma = a.chroma + (u64)(row / 2) * a.chroma_pitch;
    for (int i = 0; i < a.x_taps; i++) {
      int weight = row_weight * across[i];
      if (weight == 0) continue;
      int column = first_column + i;
      int l = ((luma[column] * 8 - a.luma_offset) * a.luma_scale) >> 16;
      int u = chroma[column / 2 * 2] * 8 - 1024;
      int v = chroma[column / 2 * 2 + 1] * 8 - 1024;
      red += weight * clamp(l + (v * a.v_red >> 16));
      green += weight * clamp(l + (u * a.u_green >> 16) + (v * a.v_green >> 16));
      blue += weight * clamp(l + (u * a.u_blue >> 16));
    }
  }
  u8* out = a.out + a.origin + x * a.across + y * a.down;
  out[0] = red >> 22;
  out[1] = green >> 22;
  out[2] = blue >> 22;
}
