// What the library gives to PyTorch, its operators, and to Java, the functions clipstream_*.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "copies.h"
#include "matrix.h"
#include "operators.h"

// Runs one operator on PyTorch's stack: the inputs are ours to delete, and are gone whatever happens.
static void run(const char* name, void (*operation)(Call*), int tensors, int results, uint64_t* stack) {
  Call call = {.inputs = stack};
  operation(&call);
  for (int i = 0; i < tensors; i++) aoti_torch_delete_tensor_object((Tensor)stack[i]);
  for (int i = call.problem[0] ? 0 : results; i < MOST_RESULTS; i++) {
    if (call.outputs[i]) aoti_torch_delete_tensor_object(call.outputs[i]);
  }
  if (call.problem[0]) {
    char message[PROBLEM_BYTES + 64];
    snprintf(message, sizeof message, "%s: %s", name, call.problem);
    aoti_torch_check(false, name, "operators.c", 0, message);
  }
  for (int i = 0; i < results; i++) stack[i] = (uint64_t)call.outputs[i];
}

#define OPERATORS(X) \
  X(patches, 1, 1, "(Tensor clips, int t, int h, int w) -> Tensor") \
  X(linear, 3, 1, "(Tensor x, Tensor weight, Tensor bias, bool gelu) -> Tensor") \
  X(norm, 4, 1, "(Tensor x, Tensor weight, Tensor bias, Tensor valid, int n, int length) -> Tensor") \
  X(add_norm, 6, 2, \
      "(Tensor x, Tensor y, Tensor rows, Tensor weight, Tensor bias, Tensor valid, int n, int length)" \
      " -> (Tensor, Tensor)") \
  X(merge_norm, 4, 1, "(Tensor x, Tensor y, Tensor rows, Tensor valid, int n, int length) -> Tensor") \
  X(window_attention, 4, 1, \
      "(Tensor qkv, Tensor bias, Tensor kinds, Tensor ranges, int n, int length) -> Tensor")

#define BOXED(name, tensors, results, schema) \
  static void boxed_##name(uint64_t* stack, uint64_t inputs, uint64_t outputs) { \
    (void)inputs, (void)outputs; \
    run("clipstream::" #name, op_##name, tensors, results, stack); \
  }
OPERATORS(BOXED)

#define ATTENTION "_scaled_dot_product_flash_attention_for_cpu"

// An optional argument that is there is a value in memory by C++'s new, which is malloc's; both are ours to delete.
static void forget_mask(uint64_t mask) {
  if (!mask) return;
  aoti_torch_delete_tensor_object((Tensor)*(uint64_t*)mask);
  free((void*)mask);
}

static void boxed_learning_attention(uint64_t* stack, uint64_t inputs, uint64_t outputs) {
  (void)inputs, (void)outputs;
  forget_mask(stack[5]);
  run(ATTENTION, op_learning_attention, 3, 2, stack);
}

static void boxed_learning_attention_backward(uint64_t* stack, uint64_t inputs, uint64_t outputs) {
  (void)inputs, (void)outputs;
  forget_mask(stack[8]);
  run(ATTENTION "_backward", op_learning_attention_backward, 6, 3, stack);
}

static const char* registration_problem = "the operators were not registered";
static const char* learning_problem = "PyTorch refuses an attention for networks that learn";

// For all devices: on another than a GPU the operator itself says what is wrong.
__attribute__((constructor)) static void register_operators(void) {
  Library definitions, implementations;  // live as long as the process
  if (aoti_torch_library_init_fragment("clipstream", "operators.c", 0, &definitions) ||
      aoti_torch_library_init_impl("clipstream", "CompositeExplicitAutograd", "operators.c", 0, &implementations)) {
    return;
  }
#define REGISTER(name, tensors, results, schema) \
  if (aoti_torch_library_def(definitions, #name schema) || \
      aoti_torch_library_impl(implementations, #name, boxed_##name)) { \
    registration_problem = "PyTorch refuses the operator " #name; \
    return; \
  }
  OPERATORS(REGISTER)
  registration_problem = NULL;
  Library attention;
  if (!aoti_torch_library_init_impl("aten", "CUDA", "learning.c", 0, &attention) &&
      !aoti_torch_library_impl(attention, ATTENTION, boxed_learning_attention) &&
      !aoti_torch_library_impl(attention, ATTENTION "_backward", boxed_learning_attention_backward)) {
    learning_problem = NULL;
  }
}

#define EXPORTED __attribute__((visibility("default")))

static __thread char last_problem[PROBLEM_BYTES];

// Whether the operators can run on a GPU, with windows of so many tokens: null, or one line that says what is missing.
EXPORTED const char* clipstream_kernels_problem(int device, int tokens) {
  if (registration_problem) return registration_problem;
  const Gpu* gpu = kernels_open(device, last_problem);
  if (!gpu || !matrix_ready(last_problem)) return last_problem;
  if (attention_shared_bytes(tokens) > gpu->shared_bytes) {
    fail(last_problem, "a window of %d tokens takes %d bytes of shared memory, the GPU has %d", tokens,
        attention_shared_bytes(tokens), gpu->shared_bytes);
    return last_problem;
  }
  return NULL;
}

// The same for attention of networks that learn, with a table of bias of so many rows.
EXPORTED const char* clipstream_learning_problem(int device, int tokens, int table_rows) {
  if (registration_problem || learning_problem) return registration_problem ? registration_problem : learning_problem;
  const Gpu* gpu = kernels_open(device, last_problem);
  if (!gpu) return last_problem;
  long long bytes = learning_shared_bytes(tokens, table_rows);
  if (bytes > gpu->shared_bytes) {
    fail(last_problem, "a window of %d tokens takes %lld bytes of shared memory, the GPU has %d", tokens, bytes,
        gpu->shared_bytes);
    return last_problem;
  }
  return NULL;
}

// A tensor of Java's, which stays its own: on a GPU, with at least so many bytes.
static Argument tensor_of(Call* call, const uint64_t* tensor, int32_t type, int64_t dims, int64_t bytes) {
  call->inputs = tensor;
  Argument a = required(call, 0, "the tensor", type, dims);
  int64_t size = a.count * (type == aoti_torch_dtype_uint8() ? 1 : 4);
  if (bytes < 1 || bytes > size) FAIL(call, "%lld bytes to copy, expected 1 to %lld", (long long)bytes, (long long)size);
  find_device(call, &a, 1);
  return a;
}

static const char* problem_of(const Call* call) {
  if (!call->problem[0]) return NULL;
  memcpy(last_problem, call->problem, PROBLEM_BYTES);
  return last_problem;
}

// Copies bytes from host memory to the beginning of a tensor, uint8 of five axes, beside what PyTorch computes there, and
// waits until they are there. This and what follows: null, or one line that says why not.
EXPORTED const char* clipstream_upload(uint64_t tensor, const void* from, int64_t bytes) {
  Call call = {.inputs = NULL};
  Argument to = tensor_of(&call, &tensor, aoti_torch_dtype_uint8(), 5, bytes);
  if (!call.problem[0]) copies_upload(call.device, to.data, from, (size_t)bytes, call.problem);
  return problem_of(&call);
}

// Begins to copy a tensor, float32 of two axes, to host memory, behind all that was begun on PyTorch's current stream
// until now. The mark is for clipstream_await, which must follow before the memory is used.
EXPORTED const char* clipstream_download(uint64_t tensor, void* to, int64_t bytes, void** mark) {
  Call call = {.inputs = NULL};
  Argument from = tensor_of(&call, &tensor, aoti_torch_dtype_float32(), 2, bytes);
  if (!call.problem[0]) copies_download(call.device, to, from.data, (size_t)bytes, mark, call.problem);
  return problem_of(&call);
}

// Waits for a mark on a device, once.
EXPORTED const char* clipstream_await(int device, void* mark) {
  return copies_await(device, mark, last_problem) ? NULL : last_problem;
}

// SHA-256 of the sources that this library was built from.
EXPORTED const char* clipstream_kernels_sources(void) { return SOURCES; }
