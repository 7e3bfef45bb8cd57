// What is used of PyTorch's C ABI (torch/csrc/inductor/aoti_torch/c/shim.h). It has been the same from libtorch 2.7 to
// 2.15, so one library serves all of them, and building it takes none of PyTorch's headers.
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct TensorOpaque* Tensor;  // owned, one reference
typedef struct LibraryOpaque* Library;

// Functions return 0, or say on standard error what is wrong.
int32_t aoti_torch_library_init_fragment(const char* name_space, const char* file, uint32_t line, Library*);
int32_t aoti_torch_library_init_impl(const char* name_space, const char* key, const char* file, uint32_t line, Library*);
int32_t aoti_torch_library_def(Library, const char* schema);
int32_t aoti_torch_library_impl(Library, const char* name, void (*)(uint64_t* stack, uint64_t inputs, uint64_t outputs));
int32_t aoti_torch_delete_tensor_object(Tensor);
int32_t aoti_torch_get_data_ptr(Tensor, void**);
int32_t aoti_torch_get_dim(Tensor, int64_t*);
int32_t aoti_torch_get_sizes(Tensor, int64_t**);
int32_t aoti_torch_get_strides(Tensor, int64_t**);
int32_t aoti_torch_get_dtype(Tensor, int32_t*);
int32_t aoti_torch_get_device_type(Tensor, int32_t*);
int32_t aoti_torch_get_device_index(Tensor, int32_t*);
int32_t aoti_torch_empty_strided(int64_t dims, const int64_t* sizes, const int64_t* strides, int32_t dtype,
    int32_t device_type, int32_t device_index, Tensor*);
int32_t aoti_torch_device_type_cuda(void);
int32_t aoti_torch_dtype_bfloat16(void);
int32_t aoti_torch_dtype_float32(void);
int32_t aoti_torch_dtype_int32(void);
int32_t aoti_torch_dtype_int64(void);
int32_t aoti_torch_dtype_uint8(void);
// Throws c10::Error, a C++ exception, where the condition is false.
void aoti_torch_check(bool condition, const char* function, const char* file, uint32_t line, const char* message);
