/*
 * Scales and cuts RGB pictures with AVX2: as PlainCrop.java does without. The sums are the same, of integers that do
 * not overflow, so the pixels are the same, too. Without state: all threads.
 */
#include <immintrin.h>
#include <stdint.h>

#define API __attribute__((visibility("default")))

enum {
  BITS = 11, /* weights are in units of 1 / (1 << BITS) */
  MOST_TAPS = 64,
  BLOCK = 32 /* values that make a block of the crop */
};

/* SHA-256 of what the library was built from: a test looks for it in the file. */
API const char clipstream_pixels_sources[] = SOURCES;

/*
 * One row of the picture, interpolated across: three sums of at most 255 << BITS for each pixel.
 *
 * first: byte of the row that a pixel begins with; weights: of two neighbours in each element, the left one in the low half
 * sums: written 4 at a time, one more than there are
 */
static void across(const uint8_t *row, const int32_t *first, const int32_t *weights, int width, int pairs, int32_t *sums) {
  /* Two pixels, red, green and blue each, become three pairs of the same colour. */
  const __m128i colours = _mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1);
  if (pairs == 1) {
    for (int x = 0; x < width; x++, sums += 3) {
      __m128i two = _mm_shuffle_epi8(_mm_loadl_epi64((const __m128i *)(row + first[x])), colours);
      _mm_storeu_si128((__m128i *)sums, _mm_madd_epi16(two, _mm_set1_epi32(weights[x])));
    }
    return;
  }
  for (int x = 0; x < width; x++, sums += 3) {
    const uint8_t *from = row + first[x];
    __m128i sum = _mm_setzero_si128();
    for (int pair = 0; pair < pairs; pair++, from += 6) {
      __m128i two = _mm_shuffle_epi8(_mm_loadl_epi64((const __m128i *)from), colours);
      sum = _mm_add_epi32(sum, _mm_madd_epi16(two, _mm_set1_epi32(*weights++)));
    }
    _mm_storeu_si128((__m128i *)sums, sum);
  }
}

/* One row of the crop out of rows that were interpolated across. Whole blocks are read and written. */
static void down(const int32_t *const *rows, const int32_t *weights, int taps, int length, uint8_t *crop) {
  const __m256i half = _mm256_set1_epi32(1 << (2 * BITS - 1));
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  for (int i = 0; i < length; i += BLOCK) {
    __m256i a = half;
    __m256i b = half;
    __m256i c = half;
    __m256i d = half;
    for (int k = 0; k < taps; k++) {
      const __m256i *from = (const __m256i *)(rows[k] + i);
      __m256i weight = _mm256_set1_epi32(weights[k]);
      a = _mm256_add_epi32(a, _mm256_mullo_epi32(weight, _mm256_loadu_si256(from)));
      b = _mm256_add_epi32(b, _mm256_mullo_epi32(weight, _mm256_loadu_si256(from + 1)));
      c = _mm256_add_epi32(c, _mm256_mullo_epi32(weight, _mm256_loadu_si256(from + 2)));
      d = _mm256_add_epi32(d, _mm256_mullo_epi32(weight, _mm256_loadu_si256(from + 3)));
    }
    a = _mm256_packs_epi32(_mm256_srli_epi32(a, 2 * BITS), _mm256_srli_epi32(b, 2 * BITS));
    c = _mm256_packs_epi32(_mm256_srli_epi32(c, 2 * BITS), _mm256_srli_epi32(d, 2 * BITS));
    a = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(a, c), order);
    _mm256_storeu_si256((__m256i *)(crop + i), a);
  }
}

/*
 * A crop of a picture.
 *
 * picture: RGB, stride bytes from row to row; 8 bytes behind the last row that is needed can be read
 * columns: width first bytes of a row, then as many weights of pairs for each pixel as columnPairs says
 * rows: height first rows, then as many weights for each row of the crop as rowTaps says, at most MOST_TAPS
 * sums: room for rowTaps rows of 3 * width values, each with what is missing to the next block, a whole one if nothing is
 * crop: RGB, width times height, and room for a block
 */
API void Java_io_clipstream_model_clip_PixelLibrary_resize(
    void *env, void *class, int64_t picture, int32_t stride, int64_t columns, int32_t width, int32_t columnPairs,
    int64_t rows, int32_t height, int32_t rowTaps, int64_t sums, int64_t crop) {
  (void)env;
  (void)class;
  const int32_t *firstColumn = (const int32_t *)columns;
  const int32_t *firstRow = (const int32_t *)rows;
  const int32_t *rowWeights = firstRow + height;
  int length = 3 * width;
  int room = (length / BLOCK + 1) * BLOCK;
  int kept[MOST_TAPS]; /* the rows of the picture in sums: row y at y % rowTaps */
  for (int k = 0; k < rowTaps; k++) {
    kept[k] = -1;
  }
  for (int y = 0; y < height; y++, rowWeights += rowTaps) {
    const int32_t *used[MOST_TAPS];
    int32_t weights[MOST_TAPS];
    int taps = 0;
    for (int k = 0; k < rowTaps; k++) {
      if (rowWeights[k] == 0) {
        continue;
      }
      int row = firstRow[y] + k;
      int at = row % rowTaps;
      int32_t *sum = (int32_t *)sums + (int64_t)at * room;
      if (kept[at] != row) {
        kept[at] = row;
        across((const uint8_t *)picture + (int64_t)row * stride, firstColumn, firstColumn + width, width, columnPairs, sum);
      }
      used[taps] = sum;
      weights[taps++] = rowWeights[k];
    }
    down(used, weights, taps, length, (uint8_t *)crop + (int64_t)y * length);
  }
}
