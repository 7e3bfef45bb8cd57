package io.clipstream.streams.config;

import ai.djl.Device;
import ai.djl.engine.Engine;
import io.clipstream.model.UserError;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Where a model shall run: {@code auto} (every GPU, else the CPU), {@code cpu}, or GPUs such as
 * {@code gpu0,gpu1}.
 *
 * @param text as the user wrote it
 */
public record DeviceChoice(String text) {
  public static final String EXPECTED = "auto, cpu, or GPUs such as gpu0,gpu1";

  public DeviceChoice {
    if (!text.matches("auto|cpu|gpu\\d{1,3}(\\s*,\\s*gpu\\d{1,3})*")) {
      throw new UserError("device is '" + text + "', expected " + EXPECTED);
    }
  }

  static DeviceChoice parse(String text) {
    return new DeviceChoice(text);
  }

  /**
   * The devices that this means on this machine; starts PyTorch.
   *
   * @throws UserError for a GPU that PyTorch does not see
   */
  public List<Device> devices() {
    if (text.equals("cpu")) {
      return List.of(Device.cpu());
    }
    int gpus = Engine.getEngine("PyTorch").getGpuCount();
    if (text.equals("auto")) {
      return gpus == 0
          ? List.of(Device.cpu())
          : IntStream.range(0, gpus).mapToObj(Device::gpu).toList();
    }
    return Stream.of(text.split(","))
        .map(name -> Integer.parseInt(name.strip().substring("gpu".length())))
        .map(index -> gpu(index, gpus))
        .toList();
  }

  /** The first of them, for what runs on one device. */
  public Device first() {
    return devices().get(0);
  }

  private static Device gpu(int index, int gpus) {
    if (index >= gpus) {
      throw new UserError("gpu" + index + " is named, but PyTorch sees " + gpus + " GPUs");
    }
    return Device.gpu(index);
  }
}
