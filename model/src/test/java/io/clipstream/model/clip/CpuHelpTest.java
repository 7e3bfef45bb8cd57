package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CpuHelpTest {
  private final CpuHelp help = new CpuHelp(16);

  @Test
  void shouldHelpUntilItIsKnownHowLongThatTakes() {
    assertThat(help.isWanted(0)).isTrue();
    help.gpuTook(200);
    assertThat(help.isWanted(0)).isTrue();
  }

  @Test
  void shouldHelpWhereTheLineIsLongerThanTheWork() {
    help.gpuTook(200);
    help.cpuTook(1000); // five times as long: as long as 4 times 16 in line

    assertThat(help.isWanted(0)).isFalse();
    assertThat(help.isWanted(64)).isFalse();
    assertThat(help.isWanted(65)).isTrue();
  }

  @Test
  void shouldFollowTheTimes() {
    help.gpuTook(200);
    help.cpuTook(1000);
    for (int i = 0; i < 100; i++) {
      help.cpuTook(300);
    }

    assertThat(help.isWanted(9)).isTrue();
    assertThat(help.isWanted(7)).isFalse();
  }
}
