package io.clipstream.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import org.junit.jupiter.api.Test;

class DeviceNameTest {
  @Test
  void shouldNameDevicesAsSettingsDo() {
    assertThat(DeviceName.of(Device.cpu())).isEqualTo("cpu");
    assertThat(DeviceName.of(Device.gpu(0))).isEqualTo("gpu0");
    assertThat(DeviceName.of(Device.gpu(11))).isEqualTo("gpu11");
  }
}
