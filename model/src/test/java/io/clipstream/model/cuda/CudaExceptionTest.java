package io.clipstream.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CudaExceptionTest {
  @ParameterizedTest
  @ValueSource(ints = {214, 700, 715, 719}) // ECC, an address, an instruction, a launch
  void shouldKnowErrorsThatAGpuDoesNotGetOver(int error) {
    CudaException e = new CudaException("x", error);

    assertThat(e.isSticky()).isTrue();
    assertThat(e.isOutOfMemory()).isFalse();
  }

  /** A value, memory, resources for a launch, memory that is page-locked already, a full MPS. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 701, 712, 808})
  void shouldKnowErrorsOfACallAlone(int error) {
    assertThat(new CudaException("x", error).isSticky()).isFalse();
  }

  @Test
  void shouldTellMemoryFromOtherErrors() {
    assertThat(new CudaException("x", 2).isOutOfMemory()).isTrue();
    assertThat(new CudaException("x", 1).isOutOfMemory()).isFalse();
  }
}
