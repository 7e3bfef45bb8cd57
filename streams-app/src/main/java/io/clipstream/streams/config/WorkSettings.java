package io.clipstream.streams.config;

import io.clipstream.model.Bounds;
import io.clipstream.model.Settings;
import io.clipstream.model.UserError;
import io.clipstream.streams.topology.PendingLimits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * What one instance holds at once.
 *
 * @param pending references in flight; no more are taken
 * @param maxDecodedBytes of pixels of clips
 * @param maxClipsPerVideo a longer video is sampled with wider spacing
 * @param directory of downloads until they are decoded
 * @param shutdownTimeout longest that a shutdown waits for videos in work
 */
public record WorkSettings(
    PendingLimits pending,
    long maxDecodedBytes,
    int maxClipsPerVideo,
    Path directory,
    Duration shutdownTimeout) {

  private static final Bounds<Integer> PENDING = Bounds.of(1, 10_000_000);
  private static final Bounds<Long> PENDING_BYTES = Bounds.of(1L << 10, 1L << 50);
  private static final Bounds<Integer> DEATHS = Bounds.of(2, 100);
  private static final Bounds<Long> DECODED = Bounds.of(1L << 10, 1L << 50);
  private static final Bounds<Integer> CLIPS = Bounds.of(1, 10_000);
  private static final Bounds<Duration> SHUTDOWN = Bounds.of(Duration.ZERO, Duration.ofDays(1));

  public WorkSettings {
    DECODED.check("maxDecodedBytes", maxDecodedBytes);
    CLIPS.check("maxClipsPerVideo", maxClipsPerVideo);
    SHUTDOWN.check("shutdownTimeout", shutdownTimeout);
  }

  static WorkSettings read(Settings settings) {
    return new WorkSettings(
        new PendingLimits(
            settings.integer("pipeline.max-pending", PENDING),
            settings.bytes("pipeline.max-pending-bytes", PENDING_BYTES),
            settings.value(
                "pipeline.max-deaths", "0 or a whole number from " + DEATHS, WorkSettings::deaths)),
        settings.bytes("pipeline.max-decoded", DECODED),
        settings.integer("pipeline.max-clips-per-video", CLIPS),
        settings.value(
            "pipeline.work-directory", "temp or a folder, made if need be", WorkSettings::folder),
        settings.duration("pipeline.shutdown-timeout", SHUTDOWN));
  }

  /**
   * The folder that a path is or may become; null if it cannot.
   *
   * @throws UserError if this user may not write there
   */
  static Path possible(String text) {
    Path folder = Path.of(text);
    Path existing = folder.toAbsolutePath();
    while (!Files.exists(existing)) {
      existing = existing.getParent();
    }
    if (text.isEmpty() || !Files.isDirectory(existing)) {
      return null;
    }
    if (!Files.isWritable(existing)) {
      throw new UserError("this user may not write to " + existing);
    }
    return folder;
  }

  private static Integer deaths(String text) {
    int deaths = Integer.parseInt(text);
    return deaths == 0 || DEATHS.contain(deaths) ? deaths : null;
  }

  private static Path folder(String text) {
    if (text.equals("temp")) {
      return possible(
          Path.of(
                  System.getProperty("java.io.tmpdir"),
                  "clipstream-" + System.getProperty("user.name"))
              .toString());
    }
    return possible(text);
  }
}
