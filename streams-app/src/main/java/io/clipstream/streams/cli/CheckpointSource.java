package io.clipstream.streams.cli;

import io.clipstream.model.CacheFolder;
import io.clipstream.model.FileProblem;
import io.clipstream.model.Nearest;
import io.clipstream.model.Progress;
import io.clipstream.model.Sha256;
import io.clipstream.model.UserError;
import io.clipstream.model.checkpoint.CheckpointDownload;
import io.clipstream.model.fetch.ExpectedDigest;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where a checkpoint comes from: a file, or an address that is downloaded into the cache folder of
 * the user.
 *
 * @param named as the user did
 * @param sha256 first digits of its digest; by default those in its name, if there are any
 */
record CheckpointSource(String named, Optional<String> sha256) {
  private static final Pattern SHA256 = Pattern.compile("[0-9a-fA-F]{8,64}");

  CheckpointSource {
    if (sha256.isPresent() && !SHA256.matcher(sha256.get()).matches()) {
      throw new UserError("--sha256 is '" + sha256.get() + "', expected 8 to 64 hex digits");
    }
  }

  /**
   * A checkpoint that is there and is the right one.
   *
   * @param digest its SHA-256
   */
  record Found(Path file, String digest) {}

  /** Downloads it if need be. */
  Found find(Progress progress) throws IOException, InterruptedException {
    Path file = file(progress);
    String digest = Sha256.of(file);
    if (sha256.isPresent() && !digest.startsWith(sha256.get().toLowerCase(Locale.ROOT))) {
      throw new UserError(
          file + ": its SHA-256 is " + digest + ", expected one that begins with " + sha256.get());
    }
    Optional<ExpectedDigest> inName = CheckpointDownload.namedDigest(file.getFileName().toString());
    if (sha256.isEmpty() && inName.isPresent() && !inName.get().matches(digest)) {
      throw new UserError(
          file
              + ": its SHA-256 is "
              + digest
              + ", but its name says "
              + inName.get().digits()
              + ": if the file is right, rename it or give --sha256 "
              + digest.substring(0, 8));
    }
    return new Found(file, digest);
  }

  private Path file(Progress progress) throws IOException, InterruptedException {
    if (!named.contains("://")) {
      if (named.isEmpty()) { // Java would take it for this folder.
        throw new UserError("the checkpoint's name is empty, expected a file or an address");
      }
      Path file = Path.of(named);
      if (!Files.exists(file)) {
        throw new UserError(file + ": " + FileProblem.missing(file) + Nearest.hint(file));
      }
      if (!Files.isRegularFile(file)) {
        throw new UserError(
            file
                + ": not a file, expected a checkpoint, or the index.json of one of several files");
      }
      return file;
    }
    URI address;
    try {
      address = new URI(named);
    } catch (URISyntaxException e) {
      throw new UserError("'" + named + "' is no address: " + e.getReason(), e);
    }
    progress.startBytes(name());
    try (progress) {
      return new CheckpointDownload(CacheFolder.path().resolve("checkpoints"), progress::at)
          .fetch(address, sha256.map(ExpectedDigest::new));
    }
  }

  /** Without its folders, and without the query of an address, which can hold keys. */
  String name() {
    String path = named.contains("://") ? named.replaceFirst("[?#].*", "") : named;
    return path.substring(path.lastIndexOf('/') + 1);
  }
}
