package io.clipstream.streams.cli;

import ai.djl.Device;
import io.clipstream.model.UserError;
import io.clipstream.streams.config.DeviceChoice;
import java.util.List;

/** Reads {@code train --devices}: {@code all}, a number of them, or names. */
final class TrainDevices {
  private TrainDevices() {}

  /**
   * The devices that share the training; starts PyTorch.
   *
   * @throws UserError if there are not as many
   */
  static List<Device> of(String text) {
    if (text.matches("cpu|gpu\\d{1,3}(\\s*,\\s*gpu\\d{1,3})*")) {
      return new DeviceChoice(text).devices();
    }
    if (!text.matches("all|[1-9]\\d{0,2}")) {
      throw new UserError(
          "--devices is '" + text + "', expected all, a number, cpu, or GPUs such as gpu0,gpu1");
    }
    List<Device> there = new DeviceChoice("auto").devices();
    if (text.equals("all")) {
      return there;
    }
    int wanted = Integer.parseInt(text);
    if (wanted > there.size()) {
      throw new UserError(
          "--devices is %d, but PyTorch sees %s"
              .formatted(
                  wanted,
                  there.get(0).isGpu()
                      ? "%d GPUs".formatted(there.size())
                      : "no GPU, only the CPU"));
    }
    return there.subList(0, wanted);
  }
}
