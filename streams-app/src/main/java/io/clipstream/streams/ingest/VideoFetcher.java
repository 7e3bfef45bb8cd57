package io.clipstream.streams.ingest;

import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.DoubleSupplier;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the video of a reference a local file, within the limits of a {@link FetchPolicy}. All
 * threads; {@link #fetch} blocks its caller, as many as there are, and an interrupt ends it.
 *
 * <ul>
 *   <li>{@code file:} the file itself, if it lies under a configured root;
 *   <li>{@code http:}, {@code https:} (presigned addresses of object stores among them) a download
 *       into the work directory, from servers of the public internet unless allowed otherwise. The
 *       addresses a name has are checked when the connection is made, for every redirect anew, and
 *       the connection goes to an address that was checked.
 * </ul>
 *
 * <p>Certificates are checked against Java's trust store ({@code javax.net.ssl.trustStore}).
 */
public final class VideoFetcher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(VideoFetcher.class);

  private final FetchPolicy policy;
  private final FetchClock clock;
  private final DoubleSupplier random;
  private final WorkDirectory work;
  private final FileSource files;
  private final HttpSource http;
  private final Semaphore downloads;
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * Removes what crashed predecessors left in the work directory; those that live may share it.
   *
   * @param workDirectory where downloads are kept until closed; made if it is not there
   * @throws FetchSystemException if the work directory or a file root cannot be used
   */
  public VideoFetcher(FetchPolicy policy, Path workDirectory) {
    this(
        policy,
        workDirectory,
        HostLookup.SYSTEM,
        FetchClock.SYSTEM,
        () -> ThreadLocalRandom.current().nextDouble(),
        defaultTls());
  }

  VideoFetcher(
      FetchPolicy policy,
      Path workDirectory,
      HostLookup lookup,
      FetchClock clock,
      DoubleSupplier random,
      SSLContext tls) {
    this.policy = policy;
    this.clock = clock;
    this.random = random;
    this.files = new FileSource(policy.fileRoots(), policy.limits().maxBytes());
    this.work = new WorkDirectory(workDirectory, policy.limits().maxDiskBytes());
    this.http = new HttpSource(policy, lookup, clock, tls);
    this.downloads = new Semaphore(policy.limits().maxConcurrent(), true);
  }

  /** Whether this address is downloaded, so that fetching it waits for a server; any text. */
  public static boolean isDownload(String uri) {
    return uri.regionMatches(true, 0, "http:", 0, 5) || uri.regionMatches(true, 0, "https:", 0, 6);
  }

  /** Downloads at a time; further callers of {@link #fetch} wait. */
  public int maxDownloads() {
    return policy.limits().maxConcurrent();
  }

  /**
   * Fetches one video.
   *
   * @param uri as the reference gives it
   * @param sha256 64 hexadecimal digits that the video's bytes must have
   * @throws FetchSystemException if the fetcher cannot work, which no video is to blame for
   */
  public FetchResult fetch(String uri, Optional<String> sha256) throws InterruptedException {
    checkOpen();
    try {
      VideoUri source = VideoUri.parse(uri);
      Optional<String> digest = Digests.normalise(sha256);
      if (source instanceof VideoUri.OfFile file) {
        Deadline deadline = new Deadline(clock, policy.limits().total());
        return retried(deadline, attempt -> files.open(file.path(), digest, deadline, attempt));
      }
      HttpTarget target = ((VideoUri.OfHttp) source).target();
      downloads.acquire();
      try (Download download = new Download(work, digest.isPresent())) {
        Deadline deadline = new Deadline(clock, policy.limits().total());
        return retried(
            deadline,
            attempt -> {
              http.attempt(target, download, deadline);
              if (digest.isPresent()) {
                Digests.compare(digest.get(), download.sha256());
              }
              return download.handOver(attempt);
            });
      } finally {
        downloads.release();
      }
    } catch (RejectedExecutionException timerOrLookupsAreShut) {
      throw new FetchSystemException("the fetcher was closed", timerOrLookupsAreShut);
    } catch (FetchFailure refused) {
      return new FetchResult.Rejected(refused.reason(), refused.detail(), 0);
    }
  }

  private FetchResult retried(Deadline deadline, Attempt source) throws InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        return new FetchResult.Fetched(source.run(attempt));
      } catch (FetchFailure failed) {
        checkOpen();
        if (!failed.worthRetrying()) {
          return new FetchResult.Rejected(failed.reason(), failed.detail(), attempt);
        }
        if (attempt == policy.retries().maxAttempts()) {
          return rejected(failed, "after " + attempt + " attempts", attempt);
        }
        Duration pause = pause(failed, attempt);
        if (pause.toNanos() >= deadline.remaining()) {
          return rejected(failed, "no time is left for another attempt", attempt);
        }
        LOG.debug("{}; attempt {} follows in {}", failed.detail(), attempt + 1, pause);
        clock.sleep(pause);
      }
    }
  }

  private Duration pause(FetchFailure failed, int attempt) {
    Duration own = policy.retries().pause(attempt, random.getAsDouble());
    Duration asked = failed.retryAfter().orElse(own);
    Duration longest = policy.retries().longestPause();
    Duration longer = asked.compareTo(own) > 0 ? asked : own;
    return longer.compareTo(longest) > 0 ? longest : longer;
  }

  private void checkOpen() {
    if (closed.get()) {
      throw new FetchSystemException("the fetcher was closed");
    }
  }

  private static FetchResult rejected(FetchFailure failed, String why, int attempts) {
    return new FetchResult.Rejected(failed.reason(), failed.detail() + " (" + why + ")", attempts);
  }

  /**
   * Ends fetches under way with {@link FetchSystemException} and deletes every download, also those
   * whose {@link LocalVideo} was not closed.
   */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      http.close();
      work.close();
    }
  }

  private static SSLContext defaultTls() {
    try {
      return SSLContext.getDefault();
    } catch (NoSuchAlgorithmException broken) {
      throw new FetchSystemException("TLS cannot be set up: " + broken.getMessage(), broken);
    }
  }

  private interface Attempt {
    LocalVideo run(int attempt) throws FetchFailure, InterruptedException;
  }
}
