package io.clipstream.streams.classify;

import java.util.HashSet;
import java.util.List;

/**
 * Names of the topics that the topology reads and writes.
 *
 * @param incoming references to videos, {@code VideoReference} by video id
 * @param labeled {@code VideoLabels} by video id
 * @param rejected {@code RejectedVideo} by video id
 * @param deadLetter records of {@code incoming} that are no references, byte for byte unless they
 *     are too large
 */
public record Topics(String incoming, String labeled, String rejected, String deadLetter) {
  public Topics {
    if (new HashSet<>(List.of(incoming, labeled, rejected, deadLetter)).size() < 4) {
      throw new IllegalArgumentException(
          "topics are "
              + List.of(incoming, labeled, rejected, deadLetter)
              + ", expected four different ones");
    }
  }

  public static Topics defaults() {
    return new Topics("videos.incoming", "videos.labeled", "videos.rejected", "videos.dead-letter");
  }

  public List<String> all() {
    return List.of(incoming, labeled, rejected, deadLetter);
  }
}
