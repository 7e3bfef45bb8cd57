// Matrix products with their epilogues, by the cublasLt that PyTorch has loaded. Any thread.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// y [rows, outputs] = x [rows, inputs] times the transpose of weight [outputs, inputs], plus bias [outputs], all
// bfloat16 with sums in float32; then GELU in its tanh form, if wanted.
typedef struct {
  const void *x, *weight, *bias;
  void* y;
  int64_t rows, inputs, outputs;
  bool gelu;
} Product;

// How a product of such sizes is computed: found once, and always the same on a GPU.
typedef struct {
  uint64_t algorithm[8];  // cublasLtMatmulAlgo_t
  size_t workspace;       // bytes on the device
} Plan;

// Whether cublasLt is there; if not, one line in problem.
bool matrix_ready(char* problem);

// The plan for a product on a device whose context is this thread's. False with one line in problem if there is none.
bool matrix_plan(int device, const Product*, Plan*, char* problem);

// Starts a product on a stream.
bool matrix_start(int device, const Product*, const Plan*, void* workspace, void* stream, char* problem);
