package io.clipstream.streams.app;

import ai.djl.Device;
import io.clipstream.model.Count;
import io.clipstream.model.DeviceName;
import io.clipstream.model.Nearest;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.cuda.CudaException;
import io.clipstream.model.cuda.Gpu;
import io.clipstream.model.fetch.RootCheck;
import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.schemas.serde.AvroSerde;
import io.clipstream.schemas.serde.RegistryCheck;
import io.clipstream.streams.config.AppSettings;
import io.clipstream.streams.config.SerdeSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.avro.Schema;

/**
 * Looks at what an instance needs beside the brokers, and changes nothing: the registry, the model,
 * the devices, the folders. One thread.
 */
public final class HostCheck {
  private static final double GIB = 1L << 30;

  private final AppSettings settings;
  private final Consumer<CheckLine> found;

  /**
   * @param found takes each line at once
   */
  public HostCheck(AppSettings settings, Consumer<CheckLine> found) {
    this.settings = settings;
    this.found = found;
  }

  public void run() throws InterruptedException {
    checkRegistry();
    if (!settings.live().fromLog()) {
      found.accept(CheckLine.of("model", this::model));
    }
    found.accept(CheckLine.of("devices", this::devices));
    checkFolders();
    found.accept(disk());
  }

  private void checkRegistry() throws InterruptedException {
    SerdeSettings serde = settings.connection().serde();
    if (!serde.className().equals(AvroSerde.class.getName())) {
      found.accept(
          CheckLine.warning("registry", "not looked at, as serde.class is " + serde.className()));
      return;
    }
    var topics = settings.connection().topics();
    checkSubject(topics.incoming(), VideoReference.getClassSchema());
    checkSubject(topics.labeled(), VideoLabels.getClassSchema());
    checkSubject(topics.rejected(), RejectedVideo.getClassSchema());
  }

  private void checkSubject(String topic, Schema schema) throws InterruptedException {
    found.accept(
        CheckLine.of(
            "registry for " + topic,
            () -> RegistryCheck.check(settings.connection().serde().settings(), topic, schema)));
  }

  private String model() throws IOException {
    ModelArtifact model = settings.model().open();
    int labels = model.manifest().labels().size();
    return model.manifest().id() + " with " + Count.of(labels, "label");
  }

  private String devices() {
    return settings.model().devices().devices().stream()
        .map(HostCheck::named)
        .collect(Collectors.joining(", "));
  }

  private static String named(Device device) {
    String name = DeviceName.of(device);
    try {
      return device.isGpu() ? "%s (%s)".formatted(name, Gpu.modelOf(device.getDeviceId())) : name;
    } catch (CudaException e) { // what PyTorch has is enough to run
      return name;
    }
  }

  private void checkFolders() throws InterruptedException {
    if (settings.fetch().fileRoots().isEmpty()) {
      found.accept(CheckLine.ok("file roots", "none: file: references are rejected"));
    }
    for (Path root : settings.fetch().fileRoots()) {
      CheckLine line = CheckLine.of("file root " + root, () -> readable(root));
      found.accept(
          line.state() == CheckLine.State.OK && RootCheck.isEmpty(root)
              ? CheckLine.warning(line.part(), "readable, but empty: is a mount missing?")
              : line);
    }
  }

  private String readable(Path root) {
    Optional<String> marker = settings.fetch().probes().rootMarker();
    Optional<String> trouble = RootCheck.trouble(root, marker);
    if (trouble.isPresent()) {
      throw new UserError(
          "it " + trouble.get() + Nearest.hint(root) + "; run starts, and its videos wait");
    }
    return marker.map(name -> "readable, holds " + name).orElse("readable");
  }

  private CheckLine disk() throws InterruptedException {
    Path existing = settings.work().directory().toAbsolutePath();
    while (!Files.exists(existing)) {
      existing = existing.getParent();
    }
    Path folder = existing;
    long wanted = settings.fetch().limits().maxDiskBytes();
    long[] space = new long[1];
    CheckLine line =
        CheckLine.of(
            "disk",
            () -> {
              if (!Files.isWritable(folder)) {
                throw new UserError(folder + " cannot be written to");
              }
              space[0] = Files.getFileStore(folder).getUsableSpace();
              return "%.1f GiB are free at %s, fetch.max-disk is %.1f GiB"
                  .formatted(space[0] / GIB, folder, wanted / GIB);
            });
    return line.state() == CheckLine.State.OK && space[0] < wanted
        ? CheckLine.warning(line.part(), line.detail())
        : line;
  }
}
