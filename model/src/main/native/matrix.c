// PyTorch's own linear layer asks cublasLt for an algorithm at every call, which costs more than starting the kernel:
// at small batches the GPU waits for it.
#define _GNU_SOURCE
#include "matrix.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "driver.h"

// Of cublasLt.h, the same in CUDA 12 and 13.
enum { BFLOAT16 = 14, FLOAT32 = 0 };                                // cudaDataType_t
enum { COMPUTE_FLOAT32 = 68 };                                      // cublasComputeType_t
enum { TRANSPOSE_A = 3, EPILOGUE = 7, BIAS_POINTER = 8 };           // cublasLtMatmulDescAttributes_t
enum { ADD_BIAS = 4, GELU = 32 };                                   // cublasLtEpilogue_t
enum { MOST_WORKSPACE = 1, ALIGNMENT_A = 5, ALIGNMENT_D = 8 };      // cublasLtMatmulPreferenceAttributes_t
typedef struct {
  uint64_t algorithm[8];
  size_t workspace;
  int status;
  float waves;
  int reserved[4];
} Found;  // cublasLtMatmulHeuristicResult_t
static int (*create)(void**);
static int (*new_product)(void**, int, int);
static int (*set_product)(void*, int, const void*, size_t);
static int (*delete_product)(void*);
static int (*new_layout)(void**, int, uint64_t, uint64_t, int64_t);
static int (*delete_layout)(void*);
static int (*new_preference)(void**);
static int (*set_preference)(void*, int, const void*, size_t);
static int (*delete_preference)(void*);
static int (*find)(void*, void*, void*, void*, void*, void*, void*, int, Found*, int*);
static int (*multiply)(void*, void*, const void*, const void*, void*, const void*, void*, const void*, const void*,
    void*, void*, void*, const uint64_t*, void*, size_t, void*);

enum { WORKSPACE = 32 << 20, PLANS = 1024 };

typedef struct {
  int64_t rows, inputs, outputs;
  int device, gelu, alignment;
} Key;

static void* handles[DEVICES];
// A place is given to the next key that falls on it: sizes come from a few models' batches, so seldom.
static struct {
  Key key;
  Plan plan;
} plans[PLANS];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static bool find_library(char* problem) {
  static bool found;
  if (found) return true;
  void* library = dlopen("libcublasLt.so.12", RTLD_NOW | RTLD_NOLOAD);
  if (!library) library = dlopen("libcublasLt.so.13", RTLD_NOW | RTLD_NOLOAD);
  if (!library) return fail(problem, "this PyTorch has loaded no libcublasLt of CUDA 12 or 13");
  struct {
    const char* name;
    void* function;
  } wanted[] = {
      {"cublasLtCreate", &create},
      {"cublasLtMatmulDescCreate", &new_product},
      {"cublasLtMatmulDescSetAttribute", &set_product},
      {"cublasLtMatmulDescDestroy", &delete_product},
      {"cublasLtMatrixLayoutCreate", &new_layout},
      {"cublasLtMatrixLayoutDestroy", &delete_layout},
      {"cublasLtMatmulPreferenceCreate", &new_preference},
      {"cublasLtMatmulPreferenceSetAttribute", &set_preference},
      {"cublasLtMatmulPreferenceDestroy", &delete_preference},
      {"cublasLtMatmulAlgoGetHeuristic", &find},
      {"cublasLtMatmul", &multiply},
  };
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    void* function = dlsym(library, wanted[i].name);
    if (!function) return fail(problem, "libcublasLt has no %s", wanted[i].name);
    *(void**)wanted[i].function = function;
  }
  found = true;
  return true;
}

bool matrix_ready(char* problem) {
  pthread_mutex_lock(&mutex);
  bool ready = find_library(problem);
  pthread_mutex_unlock(&mutex);
  return ready;
}

// cublasLt counts columns first, so it is given y' = W x', where a matrix's rows are columns.
typedef struct {
  void *product, *weight, *x, *y;
} Layouts;

static bool describe(const Product* p, Layouts* l) {
  int transpose = 1, epilogue = p->gelu ? GELU | ADD_BIAS : ADD_BIAS;
  memset(l, 0, sizeof *l);
  return !new_product(&l->product, COMPUTE_FLOAT32, FLOAT32) &&
         !set_product(l->product, TRANSPOSE_A, &transpose, sizeof transpose) &&
         !set_product(l->product, EPILOGUE, &epilogue, sizeof epilogue) &&
         !set_product(l->product, BIAS_POINTER, &p->bias, sizeof p->bias) &&
         !new_layout(&l->weight, BFLOAT16, p->inputs, p->outputs, p->inputs) &&
         !new_layout(&l->x, BFLOAT16, p->inputs, p->rows, p->inputs) &&
         !new_layout(&l->y, BFLOAT16, p->outputs, p->rows, p->outputs);
}

static void forget(Layouts* l) {
  if (l->product) delete_product(l->product);
  if (l->weight) delete_layout(l->weight);
  if (l->x) delete_layout(l->x);
  if (l->y) delete_layout(l->y);
}

// The largest power of two, up to 256, that all addresses are multiples of.
static int alignment(const Product* p) {
  uintptr_t bits = (uintptr_t)p->x | (uintptr_t)p->weight | (uintptr_t)p->bias | (uintptr_t)p->y | 256;
  return (int)(bits & -bits);
}

static bool search(void* handle, const Product* p, int aligned, Plan* plan, char* problem) {
  Layouts l;
  void* preference = NULL;
  Found found = {.workspace = 0};
  int count = 0;
  size_t workspace = WORKSPACE;
  uint32_t bytes = (uint32_t)aligned;
  bool good = describe(p, &l) && !new_preference(&preference) &&
              !set_preference(preference, MOST_WORKSPACE, &workspace, sizeof workspace);
  for (int i = ALIGNMENT_A; good && i <= ALIGNMENT_D; i++) good = !set_preference(preference, i, &bytes, sizeof bytes);
  int error = good ? find(handle, l.product, l.weight, l.x, l.y, l.y, preference, 1, &found, &count) : -1;
  if (preference) delete_preference(preference);
  forget(&l);
  if (error || count < 1) {
    return fail(problem, "cublasLt has no algorithm for [%lld, %lld] times [%lld, %lld] (error %d)",
        (long long)p->rows, (long long)p->inputs, (long long)p->inputs, (long long)p->outputs, error);
  }
  memcpy(plan->algorithm, found.algorithm, sizeof plan->algorithm);
  plan->workspace = found.workspace;
  return true;
}

bool matrix_plan(int device, const Product* p, Plan* plan, char* problem) {
  Key key;
  memset(&key, 0, sizeof key);
  key.rows = p->rows, key.inputs = p->inputs, key.outputs = p->outputs;
  key.device = device, key.gelu = p->gelu, key.alignment = alignment(p);
  uint64_t hash = (uint64_t)p->rows * 0x9e3779b97f4a7c15u ^ (uint64_t)p->inputs * 0xc2b2ae3d27d4eb4fu ^
                  (uint64_t)p->outputs * 0x165667b19e3779f9u ^ (uint64_t)(device * 4 + p->gelu);
  size_t place = (hash ^ hash >> 29) % PLANS;
  pthread_mutex_lock(&mutex);
  bool good = find_library(problem);
  if (good && memcmp(&plans[place].key, &key, sizeof key) != 0) {
    if (!handles[device] && create(&handles[device])) {
      handles[device] = NULL;
      good = fail(problem, "cublasLt does not start");
    }
    good = good && search(handles[device], p, key.alignment, &plans[place].plan, problem);
    if (good) plans[place].key = key;
  }
  *plan = plans[place].plan;
  pthread_mutex_unlock(&mutex);
  return good;
}

bool matrix_start(int device, const Product* p, const Plan* plan, void* workspace, void* stream, char* problem) {
  Layouts l;
  float one = 1, zero = 0;
  int error = -1;
  if (describe(p, &l)) {
    error = multiply(handles[device], l.product, &one, p->weight, l.weight, p->x, l.x, &zero, p->y, l.y, p->y, l.y,
        plan->algorithm, workspace, plan->workspace, stream);
  }
  forget(&l);
  return !error || fail(problem, "cublasLt fails: error %d", error);
}
