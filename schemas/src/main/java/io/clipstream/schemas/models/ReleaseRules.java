package io.clipstream.schemas.models;

import io.clipstream.schemas.ModelChunks;
import io.clipstream.schemas.ModelRelease;
import java.util.Optional;

/** Whether a record that can be read is a release that makes sense: anybody may have written it. */
final class ReleaseRules {
  /** A larger one would cost every reader as much memory. */
  static final int MAX_CHUNK_BYTES = 64 << 20;

  private ReleaseRules() {}

  /** What is wrong with it, one line, if anything. */
  static Optional<String> fault(String key, ModelRelease release) {
    String name = release.getModel().getName();
    String version = release.getModel().getVersion();
    if (!ModelNames.isName(name) || !ModelNames.isName(version)) {
      return Optional.of("its model is '" + name + "', version '" + version + "'");
    }
    if (!ModelNames.releaseKey(name, version).equals(key)) {
      return Optional.of(
          "its key is '" + key + "', expected " + ModelNames.releaseKey(name, version));
    }
    if (!ModelNames.isDigest(release.getModel().getDigest())) {
      return Optional.of("its digest is not 64 lower-case hexadecimal digits");
    }
    if (release.getBytes() < 1) {
      return Optional.of("it has " + release.getBytes() + " bytes, expected at least 1");
    }
    if ((release.getChunks() == null) == (release.getUri() == null)) {
      return Optional.of("it has chunks and a uri, or neither, expected one of them");
    }
    return release.getChunks() == null
        ? Optional.empty()
        : fault(release.getBytes(), release.getChunks());
  }

  private static Optional<String> fault(long bytes, ModelChunks chunks) {
    int chunkBytes = chunks.getChunkBytes();
    if (chunkBytes < 1 || chunkBytes > MAX_CHUNK_BYTES) {
      return Optional.of(
          "its chunks have " + chunkBytes + " bytes, expected 1 to " + MAX_CHUNK_BYTES);
    }
    int count = chunks.getChecksums().size();
    if (count != (bytes - 1) / chunkBytes + 1) {
      return Optional.of(
          "it has " + count + " chunks of " + chunkBytes + " bytes for " + bytes + " bytes");
    }
    long first = chunks.getFirstOffset();
    long last = chunks.getLastOffset();
    if (chunks.getPartition() < 0 || first < 0 || last < first || last - first < count - 1) {
      return Optional.of(
          "its "
              + count
              + " chunks are at offsets "
              + first
              + " to "
              + last
              + " of partition "
              + chunks.getPartition());
    }
    return Optional.empty();
  }
}
