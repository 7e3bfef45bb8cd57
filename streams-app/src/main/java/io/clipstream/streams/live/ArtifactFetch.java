package io.clipstream.streams.live;

import io.clipstream.model.fetch.ExpectedDigest;
import io.clipstream.model.fetch.FetchResult;
import io.clipstream.model.fetch.FileFetcher;
import io.clipstream.model.fetch.LocalFile;
import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.models.ArtifactReader;
import io.clipstream.schemas.models.TransferLimits;
import io.clipstream.schemas.models.TransferProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/** Brings the artifact of a release, out of the log or from where its uri says. All threads. */
final class ArtifactFetch {
  private final ArtifactReader log;
  private final FileFetcher fetcher;
  private final TransferLimits limits;

  /**
   * @param fetcher for uris; stays the caller's
   */
  ArtifactFetch(ArtifactReader log, FileFetcher fetcher, TransferLimits limits) {
    this.log = log;
    this.fetcher = fetcher;
    this.limits = limits;
  }

  /**
   * Goes on where an earlier download to this file broke off.
   *
   * @param file replaced when all is there
   * @throws IOException if the artifact cannot be had; one line
   */
  void download(ModelRelease release, Path file, TransferProgress progress)
      throws IOException, InterruptedException {
    if (release.getChunks() != null) {
      log.download(release, file, limits, progress);
      return;
    }
    FetchResult result =
        fetcher.keep(
            release.getUri(),
            file,
            Optional.of(new ExpectedDigest(release.getModel().getDigest())),
            (bytes, total) -> progress.at(bytes, release.getBytes()));
    if (result instanceof FetchResult.Rejected rejected) {
      throw new IOException("its artifact cannot be fetched: " + rejected.detail());
    }
    try (LocalFile fetched = ((FetchResult.Fetched) result).file()) {
      if (!Files.isSameFile(fetched.path(), file)) { // a file: is left where it lies
        Files.copy(fetched.path(), file, StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }
}
