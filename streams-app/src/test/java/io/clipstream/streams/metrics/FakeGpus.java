package io.clipstream.streams.metrics;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import io.clipstream.model.clip.DecodingGpu;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** Two GPUs, the second of which does not tell how busy it is. */
public final class FakeGpus implements Nvml {
  private static final int NOT_SUPPORTED = 3;
  private static final int LOST = 15;

  boolean lost;
  boolean stopped;

  /** One that has decoded seven videos. */
  record Decoding(int number) implements DecodingGpu {
    @Override
    public long decoded() {
      return 7;
    }

    @Override
    public int decoders() {
      return 2;
    }

    @Override
    public long decoderBytes() {
      return 1 << 20;
    }

    @Override
    public long opened() {
      return 3;
    }
  }

  /** Measures them. */
  public static void bind(MeterRegistry registry) {
    var unused = new GpuMeters(Optional.of(new FakeGpus()), registry);
    DecodeMeters.bind(List.of(new Decoding(0), new Decoding(1)), Enum::ordinal, registry);
  }

  @Override
  public int nvmlInit_v2() {
    return SUCCESS;
  }

  @Override
  public int nvmlShutdown() {
    stopped = true;
    return SUCCESS;
  }

  @Override
  public int nvmlDeviceGetCount_v2(IntByReference count) {
    count.setValue(2);
    return SUCCESS;
  }

  @Override
  public int nvmlDeviceGetHandleByIndex_v2(int index, PointerByReference device) {
    device.setValue(new Pointer(1000 + index));
    return SUCCESS;
  }

  @Override
  public int nvmlDeviceGetName(Pointer device, byte[] text, int length) {
    return fill(text, "A card");
  }

  @Override
  public int nvmlDeviceGetUUID(Pointer device, byte[] text, int length) {
    return fill(text, "GPU-" + (Pointer.nativeValue(device) - 1000));
  }

  private static int fill(byte[] text, String value) {
    byte[] bytes = value.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, text, 0, bytes.length);
    return SUCCESS;
  }

  @Override
  public int nvmlDeviceGetUtilizationRates(Pointer device, int[] percents) {
    if (Pointer.nativeValue(device) != 1000) {
      return NOT_SUPPORTED;
    }
    percents[0] = 87;
    percents[1] = 31;
    return lost ? LOST : SUCCESS;
  }

  @Override
  public int nvmlDeviceGetMemoryInfo(Pointer device, long[] bytes) {
    bytes[0] = 80L << 30;
    bytes[1] = 77L << 30;
    bytes[2] = 3L << 30;
    return lost ? LOST : SUCCESS;
  }

  @Override
  public int nvmlDeviceGetDecoderUtilization(
      Pointer device, IntByReference percent, IntByReference periodMicros) {
    percent.setValue(12);
    return lost ? LOST : SUCCESS;
  }
}
