#include "call.h"

#include <stdio.h>

static const char* type_name(int32_t type) {
  if (type == aoti_torch_dtype_bfloat16()) return "bfloat16";
  if (type == aoti_torch_dtype_int64()) return "int64";
  if (type == aoti_torch_dtype_int32()) return "int32";
  if (type == aoti_torch_dtype_uint8()) return "uint8";
  if (type == aoti_torch_dtype_float32()) return "float32";
  return "of another type";
}

Argument argument(Call* call, int index, const char* name, int32_t type, int64_t dims) {
  Argument a = {.name = name, .tensor = (Tensor)call->inputs[index]};
  int64_t *sizes, *strides;
  int32_t found;
  if (aoti_torch_get_dim(a.tensor, &a.dims) || aoti_torch_get_sizes(a.tensor, &sizes) ||
      aoti_torch_get_strides(a.tensor, &strides) || aoti_torch_get_dtype(a.tensor, &found) ||
      aoti_torch_get_data_ptr(a.tensor, &a.data)) {
    FAIL(call, "%s cannot be read", name);
    return a;
  }
  a.sizes = sizes;
  a.count = 1;
  for (int64_t i = 0; i < a.dims; i++) a.count *= sizes[i];
  if (a.count == 0) {
    a.data = NULL;
    return a;
  }
  if (found != type) FAIL(call, "%s is %s, expected %s", name, type_name(found), type_name(type));
  if (a.dims != dims) FAIL(call, "%s has %lld axes, expected %lld", name, (long long)a.dims, (long long)dims);
  int64_t stride = 1;
  for (int64_t i = a.dims - 1; i >= 0; i--) {
    if (sizes[i] > 1 && strides[i] != stride) FAIL(call, "%s is not contiguous", name);
    stride *= sizes[i];
  }
  if ((uintptr_t)a.data % 16) FAIL(call, "%s does not begin at a multiple of 16 bytes", name);
  return a;
}

Argument required(Call* call, int index, const char* name, int32_t type, int64_t dims) {
  Argument a = argument(call, index, name, type, dims);
  if (!a.data) FAIL(call, "%s has no elements", name);
  return a;
}

int64_t number(Call* call, int index, const char* name, int64_t most) {
  int64_t value = (int64_t)call->inputs[index];
  if (value < 1 || value > most) {
    FAIL(call, "%s is %lld, expected 1 to %lld", name, (long long)value, (long long)most);
    return 1;
  }
  return value;
}

void expect_size(Call* call, Argument a, int axis, int64_t expected) {
  if (a.data && !call->problem[0] && a.sizes[axis] != expected) {
    FAIL(call, "%s has size %lld along axis %d, expected %lld", a.name, (long long)a.sizes[axis], axis,
        (long long)expected);
  }
}

void expect_count(Call* call, Argument a, int64_t expected) {
  if (a.data && a.count != expected) {
    FAIL(call, "%s has %lld elements, expected %lld", a.name, (long long)a.count, (long long)expected);
  }
}

bool find_device(Call* call, const Argument* arguments, int count) {
  for (int i = 0; i < count && !call->problem[0]; i++) {
    int32_t type = -1, index = -1;
    if (!arguments[i].data) continue;
    aoti_torch_get_device_type(arguments[i].tensor, &type);
    aoti_torch_get_device_index(arguments[i].tensor, &index);
    if (type != aoti_torch_device_type_cuda()) FAIL(call, "%s is not on a GPU", arguments[i].name);
    if (i == 0) call->device = index;
    if (index != call->device) {
      FAIL(call, "%s is on GPU %d, expected %d, where %s is", arguments[i].name, index, call->device,
          arguments[0].name);
    }
  }
  return !call->problem[0];
}

const Gpu* common_gpu(Call* call, const Argument* arguments, int count) {
  return find_device(call, arguments, count) ? kernels_open(call->device, call->problem) : NULL;
}

void* result_of(Call* call, int index, int32_t type, int64_t rows, int64_t channels) {
  int64_t sizes[] = {rows, channels}, strides[] = {channels, 1};
  void* data = NULL;
  if (call->problem[0]) return NULL;
  if (aoti_torch_empty_strided(2, sizes, strides, type, aoti_torch_device_type_cuda(), call->device,
          &call->outputs[index])) {
    call->outputs[index] = NULL;
    // The ABI does not say why; callers tell this from other failures by PyTorch's own words.
    FAIL(call, "CUDA out of memory: %lld MiB on device %d", (long long)(rows * channels >> (type == aoti_torch_dtype_bfloat16() ? 19 : 18)), call->device);
    return NULL;
  }
  if (aoti_torch_get_data_ptr(call->outputs[index], &data)) FAIL(call, "a result cannot be read");
  return data;
}

void* result(Call* call, int index, int64_t rows, int64_t channels) {
  return result_of(call, index, aoti_torch_dtype_bfloat16(), rows, channels);
}

void launch(Call* call, Kernel kernel, Grid grid, void** arguments) {
  if (!call->problem[0]) kernels_launch(call->device, kernel, grid, arguments, call->problem);
}

unsigned blocks(int64_t count, int64_t of_each) { return (unsigned)((count + of_each - 1) / of_each); }
