package io.clipstream.streams.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.engine.Engine;
import io.clipstream.model.UserError;
import org.junit.jupiter.api.Test;

class TrainDevicesTest {
  @Test
  void shouldShareOverWhatIsThere() {
    int gpus = Engine.getEngine("PyTorch").getGpuCount();

    assertThat(TrainDevices.of("all")).hasSize(Math.max(1, gpus));
    assertThat(TrainDevices.of("1")).containsExactly(gpus > 0 ? Device.gpu(0) : Device.cpu());
    assertThat(TrainDevices.of("cpu")).containsExactly(Device.cpu());
  }

  @Test
  void shouldSayWhatIsNotThere() {
    assertThatThrownBy(() -> TrainDevices.of("64"))
        .isInstanceOf(UserError.class)
        .hasMessageStartingWith("--devices is 64, but PyTorch sees ");
    assertThatThrownBy(() -> TrainDevices.of("gpu99"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("gpu99");
    for (String text : new String[] {"", "0", "-1", "two", "gpu"}) {
      assertThatThrownBy(() -> TrainDevices.of(text))
          .isInstanceOf(UserError.class)
          .hasMessage(
              "--devices is '%s', expected all, a number, cpu, or GPUs such as gpu0,gpu1", text);
    }
  }
}
