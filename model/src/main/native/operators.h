// The bodies of the operators; library.c has their schemas.
#pragma once
#include "call.h"

void op_patches(Call*);
void op_linear(Call*);
void op_norm(Call*);
void op_add_norm(Call*);
void op_merge_norm(Call*);
void op_window_attention(Call*);
void op_learning_attention(Call*);
void op_learning_attention_backward(Call*);

// What a window of so many tokens takes of a block's shared memory.
int attention_shared_bytes(int64_t tokens);

// The same while a network learns, with a table of so many rows.
int64_t learning_shared_bytes(int64_t tokens, int64_t table_rows);
