package io.clipstream.streams.topology;

import java.util.HashSet;
import java.util.List;

/**
 * Names of the topics that the application reads and writes, and of the one that people write.
 *
 * @param incoming references to videos, {@code VideoReference} by video id
 * @param labeled {@code VideoLabels} by video id
 * @param rejected {@code RejectedVideo} by video id
 * @param deadLetter records of {@code incoming} that are no references, byte for byte unless they
 *     are too large
 * @param shadow {@code VideoLabels} of shadow versions by video id; not part of the topology
 * @param feedback what people say videos really show, {@code LabelCorrection} by video id; commands
 *     alone use it
 */
public record Topics(
    String incoming,
    String labeled,
    String rejected,
    String deadLetter,
    String shadow,
    String feedback) {
  public Topics {
    List<String> names = List.of(incoming, labeled, rejected, deadLetter, shadow, feedback);
    if (new HashSet<>(names).size() < names.size()) {
      throw new IllegalArgumentException("topics are " + names + ", expected different ones");
    }
  }

  public static Topics defaults() {
    return new Topics(
        "videos.incoming",
        "videos.labeled",
        "videos.rejected",
        "videos.dead-letter",
        "videos.shadow",
        "videos.feedback");
  }

  /** Those that an instance reads and writes. */
  public List<String> all() {
    return List.of(incoming, labeled, rejected, deadLetter, shadow);
  }

  /** Without which no instance runs. */
  public List<String> required() {
    return List.of(incoming, labeled, rejected, deadLetter);
  }
}
