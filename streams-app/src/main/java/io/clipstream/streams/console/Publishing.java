package io.clipstream.streams.console;

import ai.djl.Device;
import io.clipstream.model.FileProblem;
import io.clipstream.model.UserError;
import io.clipstream.model.artifact.ModelArtifact;
import io.clipstream.model.infer.GoldenCheck;
import io.clipstream.model.infer.TrialLimits;
import io.clipstream.model.infer.TrialProcess;
import io.clipstream.schemas.models.ModelLogConfig;
import io.clipstream.schemas.models.ModelLogException;
import io.clipstream.schemas.models.ModelPublisher;
import io.clipstream.schemas.models.ModelTopicSetup;
import io.clipstream.schemas.models.Publication;
import io.clipstream.schemas.models.PublishSettings;
import io.clipstream.streams.live.Descriptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import org.apache.kafka.clients.admin.Admin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a model's file from the page to disk, runs it once in a process of its own, holds it to its
 * golden outputs, and publishes it as {@code model publish} does: one model at a time. What becomes
 * of it all pages are told; who sent it need not wait.
 *
 * <p>All threads; one of its own checks and publishes.
 */
final class Publishing implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Publishing.class);

  private final Path folder;
  private final ModelLogConfig models;
  private final Semaphore turn = new Semaphore(1);
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread made = new Thread(task, "console-publishing");
            made.setDaemon(true);
            return made;
          });

  private volatile Progress progress;

  /**
   * How far a model is.
   *
   * @param state receiving, checking, publishing, published, failed
   * @param percent of the step; null: not known
   */
  private record Progress(String name, String state, Integer percent, String detail, long at) {
    static Progress of(String name, String state, Integer percent, String detail) {
      return new Progress(name, state, percent, detail, System.currentTimeMillis());
    }
  }

  /**
   * @param folder for models on their way; stays the caller's
   */
  Publishing(Path folder, ModelLogConfig models) {
    this.folder = folder;
    this.models = models;
  }

  /** The model that is on its way, or the last one that was; null if there was none. */
  Map<String, Object> page() {
    Progress now = progress;
    if (now == null) {
      return null;
    }
    Map<String, Object> page = new LinkedHashMap<>();
    page.put("name", now.name);
    page.put("state", now.state);
    page.put("percent", now.percent);
    page.put("detail", now.detail);
    page.put("at", now.at);
    return page;
  }

  /**
   * Takes a file; once it is there the rest happens without the sender.
   *
   * @param name of the file, for people
   * @param bytes that it has
   * @param author who is said to have published it
   * @throws UserError if another model is on its way, or the disk has no room
   * @throws IOException if the sender or the disk fails
   */
  Map<String, Object> receive(String name, long bytes, String author, InputStream content)
      throws IOException {
    if (!turn.tryAcquire()) {
      throw new UserError("another model is being published: try again when it is done");
    }
    Path file = folder.resolve(UUID.randomUUID() + ".pt");
    boolean taken = false;
    try {
      requireRoom(bytes);
      progress = Progress.of(name, "receiving", null, null);
      Files.copy(content, file);
      thread.execute(() -> finish(name, author, file));
      taken = true;
      return Map.of("received", bytes);
    } catch (IOException | RuntimeException e) {
      progress = Progress.of(name, "failed", null, "it did not arrive whole");
      throw e;
    } finally {
      if (!taken) {
        delete(file);
        turn.release();
      }
    }
  }

  private void requireRoom(long bytes) throws IOException {
    FileStore disk = Files.getFileStore(folder);
    if (disk.getUsableSpace() < bytes) {
      throw new UserError(
          "the model has " + bytes + " bytes, the disk of this instance has no room for it");
    }
  }

  private void finish(String name, String author, Path file) {
    try {
      progress = Progress.of(name, "checking", null, null);
      ModelArtifact artifact = check(file);
      String id = artifact.manifest().id();
      progress = Progress.of(id, "publishing", 0, null);
      Publication publication = publish(id, artifact, author);
      log.info("{} was published from the console by {}", id, author);
      progress =
          Progress.of(
              id,
              "published",
              null,
              publication.written() ? null : "it is in Kafka already, the same file");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      progress = Progress.of(name, "failed", null, "the instance ends");
    } catch (IOException | RuntimeException | Error e) {
      String why = line(e, name, file);
      log.warn("Model {} of the console is not published: {}", name, why);
      progress = Progress.of(name, "failed", null, why);
    } finally {
      delete(file);
      turn.release();
    }
  }

  private static ModelArtifact check(Path file) throws IOException, InterruptedException {
    ModelArtifact artifact = ModelArtifact.open(file);
    // On the CPU: devices are for videos.
    Optional<GoldenCheck> check =
        new TrialProcess(TrialLimits.defaults()).check(artifact, Device.cpu());
    if (check.isPresent() && !check.get().passed()) {
      throw new UserError(
          "it does not give what it gave when it was made: off by %.2g, at most %.0e is allowed"
              .formatted(check.get().relative(), check.get().tolerance()));
    }
    return artifact;
  }

  private Publication publish(String id, ModelArtifact artifact, String author)
      throws IOException, InterruptedException {
    Admin admin = models.admin();
    try {
      List<String> created = new ModelTopicSetup(admin, models.topics()).create();
      if (!created.isEmpty()) {
        log.info("Created topics {}", created);
      }
    } finally {
      admin.close(Duration.ZERO);
    }
    return new ModelPublisher(models, PublishSettings.defaults(), Optional.empty())
        .publish(
            Descriptions.of(artifact.path(), artifact.manifest(), author),
            artifact.path(),
            (done, all) ->
                progress = Progress.of(id, "publishing", (int) (100 * done / all), null));
  }

  /** For people, who know the file by its name. */
  private static String line(Throwable e, String name, Path file) {
    String message =
        e instanceof IOException io
            ? FileProblem.line(io)
            : e instanceof UserError || e instanceof ModelLogException
                ? e.getMessage()
                : e.toString();
    return Shown.text(message.replace(file.toString(), name));
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      log.warn("{} was not deleted: {}", file, e.toString());
    }
  }

  /** Gives up what is on its way: nothing of it is published. */
  @Override
  public void close() {
    thread.shutdownNow();
  }
}
