package io.clipstream.streams.cli;

import io.clipstream.model.Nearest;
import io.clipstream.model.OutputFile;
import io.clipstream.model.Progress;
import io.clipstream.model.Sha256;
import io.clipstream.model.UserError;
import io.clipstream.model.checkpoint.CheckpointDownload;
import io.clipstream.model.fetch.ExpectedDigest;
import io.clipstream.schemas.ModelRelease;
import io.clipstream.schemas.models.ArtifactReader;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.TransferLimits;
import io.clipstream.streams.config.Folders;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/** Brings an artifact into a file, from Kafka or from where its release says it is. */
final class ReleaseFetch {
  private final ModelLogConfig log;
  private final Progress progress;

  ReleaseFetch(ModelLogConfig log, Progress progress) {
    this.log = log;
    this.progress = progress;
  }

  /**
   * @param file appears, or is replaced, once all is there with its digest
   * @throws IOException if it cannot be had; one line
   */
  void fetch(ModelRelease release, Path named) throws IOException, InterruptedException {
    Path file = OutputFile.of(named);
    Path folder = file.getParent();
    if (!Files.isDirectory(folder)) {
      throw new UserError(
          "no folder " + folder + ", expected one for the model" + Nearest.hint(folder));
    }
    if (release.getUri() == null) {
      new ArtifactReader(log).download(release, file, TransferLimits.defaults(), progress::at);
    } else if (release.getUri().startsWith("file:")) {
      copy(release, file);
    } else {
      download(release, file);
    }
  }

  private static void copy(ModelRelease release, Path file) throws IOException {
    Path source = Path.of(URI.create(release.getUri()));
    Path part = file.resolveSibling(file.getFileName() + ".part");
    Files.copy(source, part, StandardCopyOption.REPLACE_EXISTING);
    String digest = Sha256.of(part);
    if (!digest.equals(release.getModel().getDigest())) {
      Files.delete(part);
      throw new IOException(
          source + ": its SHA-256 is " + digest + ", expected " + release.getModel().getDigest());
    }
    Files.move(part, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  private void download(ModelRelease release, Path file) throws IOException, InterruptedException {
    Path folder = file.resolveSibling(file.getFileName() + ".download");
    Path downloaded =
        new CheckpointDownload(folder, progress::at)
            .fetch(
                URI.create(release.getUri()),
                Optional.of(new ExpectedDigest(release.getModel().getDigest())));
    Files.move(
        downloaded, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    Folders.delete(folder);
  }
}
