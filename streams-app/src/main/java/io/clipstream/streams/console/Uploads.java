package io.clipstream.streams.console;

import io.clipstream.model.UserError;
import io.clipstream.schemas.VideoLabels;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.classify.VideoLabeller;
import io.clipstream.streams.classify.VideoLabeller.Submission;
import io.clipstream.streams.classify.VideoRequest;
import io.clipstream.streams.outcome.Outcome;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.avro.specific.SpecificRecord;

/**
 * Labels files that are dropped on the page: by this instance, which alone has them, and so beside
 * what comes from Kafka. The page alone is told the outcome, and the file is deleted. All threads;
 * those that bring a file wait for it.
 */
final class Uploads {
  private static final int AT_ONCE = 2;
  private static final long LIMIT_SECONDS = 300;

  private final Path folder;
  private final VideoLabeller labeller;
  private final Thumbnails thumbnails;
  private final Semaphore places = new Semaphore(AT_ONCE);

  /**
   * @param folder whose files the labeller may fetch
   */
  Uploads(Path folder, VideoLabeller labeller, Thumbnails thumbnails) {
    this.folder = folder;
    this.labeller = labeller;
    this.thumbnails = thumbnails;
  }

  /**
   * The outcome of a file, as the page gets it.
   *
   * @param name for people
   * @throws UserError if too many others are labelled, or this one takes too long
   */
  Map<String, Object> label(String name, InputStream content)
      throws IOException, InterruptedException {
    if (!places.tryAcquire()) {
      throw new UserError(AT_ONCE + " files are being labelled already: try again in a moment");
    }
    Path file = folder.resolve(UUID.randomUUID().toString());
    try {
      Files.copy(content, file);
      String place = "upload-" + file.getFileName();
      SpecificRecord record = outcome(name, file);
      if (record instanceof VideoLabels labels) {
        var unused = thumbnails.of(place, labels);
      }
      Map<String, Object> page = OutcomePage.of(place, record);
      page.put("uri", null); // Nobody else finds it there.
      return page;
    } finally {
      Files.deleteIfExists(file);
      places.release();
    }
  }

  private SpecificRecord outcome(String name, Path file) throws InterruptedException {
    VideoReference reference =
        VideoReference.newBuilder()
            .setId(name)
            .setUri(file.toUri().toString())
            .setSubmittedAt(Instant.now())
            .build();
    CompletableFuture<Outcome> done = new CompletableFuture<>();
    Submission submission =
        labeller.submit(VideoRequest.of(reference), done::complete, done::completeExceptionally);
    try {
      return done.get(LIMIT_SECONDS, TimeUnit.SECONDS) instanceof Outcome.Labelled labelled
          ? labelled.labels()
          : ((Outcome.Rejected) done.join()).video();
    } catch (TimeoutException e) {
      throw new UserError(
          "it has no outcome after " + LIMIT_SECONDS + " s: the instance is busy", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("the pipeline is broken: " + e.getCause().getMessage(), e);
    } finally {
      submission.cancel();
    }
  }
}
