package io.clipstream.trainer.loop;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class MemoryInUseTest {
  @Test
  @EnabledOnOs(OS.LINUX)
  void shouldTellWhatTheProcessTakesWithoutAGpu() {
    MemoryInUse memory = new MemoryInUse(List.of(Device.cpu()));

    String first = memory.note();

    assertThat(first).matches(", \\d+\\.\\d GiB");
    assertThat(memory.note()).isNotEmpty();
  }
}
