package io.clipstream.model.fetch;

import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLContext;

/**
 * Makes what an address names a local file, within the limits of a {@link FetchPolicy}. All
 * threads; {@link #fetch} and {@link #keep} block their callers, as many as there are, and an
 * interrupt ends them.
 *
 * <ul>
 *   <li>{@code file:} the file itself, if it lies under a configured root;
 *   <li>{@code http:}, {@code https:} (presigned addresses of object stores among them) a download,
 *       from servers of the public internet unless allowed otherwise. The addresses a name has are
 *       checked when the connection is made, for every redirect anew, and the connection goes to an
 *       address that was checked.
 * </ul>
 *
 * <p>Certificates are checked against Java's trust store ({@code javax.net.ssl.trustStore}) unless
 * another is given.
 */
public final class FileFetcher implements AutoCloseable {
  private static final int PROBE_SECONDS = 10;

  private final FetchPolicy policy;
  private final FetchClock clock;
  private final Retries retries;
  private final WorkDirectory work;
  private final Disk disk;
  private final FullDisk fullDisk;
  private final FileSource files;
  private final HttpSource http;
  private final Semaphore downloads;
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * Removes what crashed predecessors left in the work directory; those that live may share it.
   *
   * @param workDirectory where downloads of {@link #fetch} are until closed; made if it is not
   *     there
   * @throws FetchSystemException if the work directory or a file root cannot be used; a root that
   *     is not there is waited for
   */
  public FileFetcher(FetchPolicy policy, Path workDirectory) {
    this(policy, workDirectory, defaultTls());
  }

  /**
   * As the other.
   *
   * @param tls which servers are trusted
   */
  public FileFetcher(FetchPolicy policy, Path workDirectory, SSLContext tls) {
    this(
        policy,
        workDirectory,
        HostLookup.SYSTEM,
        FetchClock.SYSTEM,
        () -> ThreadLocalRandom.current().nextDouble(),
        tls,
        Disk.SYSTEM);
    fullDisk.compare(policy.limits().maxDiskBytes());
  }

  FileFetcher(
      FetchPolicy policy,
      Path workDirectory,
      HostLookup lookup,
      FetchClock clock,
      DoubleSupplier random,
      SSLContext tls,
      Disk disk) {
    this.policy = policy;
    this.clock = clock;
    this.retries = new Retries(policy.retries(), clock, random);
    this.files =
        new FileSource(
            policy.fileRoots(),
            policy.probes().rootMarker(),
            policy.limits().maxBytes(),
            rootPatience(policy.limits()));
    this.work = new WorkDirectory(workDirectory, policy.limits().maxDiskBytes());
    this.disk = disk;
    this.fullDisk = new FullDisk(disk, work, clock);
    this.http = new HttpSource(policy, lookup, clock, tls);
    this.downloads = new Semaphore(policy.limits().maxConcurrent(), true);
  }

  private static Duration rootPatience(FetchLimits limits) {
    Duration silence = limits.silence();
    return silence.compareTo(RootThreads.PATIENCE) < 0 ? silence : RootThreads.PATIENCE;
  }

  /** Whether this address is downloaded, so that fetching it waits for a server; any text. */
  public static boolean isDownload(String uri) {
    return uri.regionMatches(true, 0, "http:", 0, 5) || uri.regionMatches(true, 0, "https:", 0, 6);
  }

  /** Why an address can never be fetched, whatever the policy allows; one line without secrets. */
  public static Optional<String> problem(String uri) {
    try {
      var unused = FetchUri.parse(uri);
      return Optional.empty();
    } catch (FetchFailure refused) {
      return Optional.of(refused.detail());
    }
  }

  /** Downloads at a time; further callers of {@link #fetch} and {@link #keep} wait. */
  public int maxDownloads() {
    return policy.limits().maxConcurrent();
  }

  /**
   * Fetches a file for as long as its result is open, such as a video. A download that meets a full
   * disk waits until there is room, however long that takes.
   *
   * @param uri as the reference gives it
   * @param sha256 64 hexadecimal digits that the bytes must have
   * @throws FetchSystemException if the fetcher cannot work, which no file is to blame for
   */
  public FetchResult fetch(String uri, Optional<String> sha256) throws InterruptedException {
    return guarded(
        () ->
            once(
                uri,
                ExpectedDigest.ofReference(sha256),
                this::orEnd,
                (target, digest) ->
                    fullDisk.await(
                        this::checkOpen,
                        () -> download(target, digest, retries::run, FetchProgress.NONE))));
  }

  /**
   * As {@link #fetch}, for callers who wait and try again themselves: answers {@link
   * FetchResult.Unavailable} at once where more than the file may be to blame or the disk has no
   * room, and does not end because a root or all file descriptors are gone.
   *
   * @param progress of a download, told for the first time when the server begins to send
   */
  public FetchResult tryFetch(String uri, Optional<String> sha256, FetchProgress progress)
      throws InterruptedException {
    try {
      return guarded(
          () -> {
            String label = label(uri);
            Trying handingBack =
                (deadline, arrived, open, attempt) ->
                    retries.tryRun(deadline, arrived, open, attempt, label);
            return once(
                uri,
                ExpectedDigest.ofReference(sha256),
                handingBack,
                (target, digest) ->
                    fullDisk.tryRun(uri, () -> download(target, digest, handingBack, progress)));
          });
    } catch (OutOfFilesException none) {
      return FetchFailure.ofInstance(none.getMessage()).unavailable("", 1);
    }
  }

  /** As details of failures begin. */
  private static String label(String uri) throws FetchFailure {
    FetchUri source = FetchUri.parse(uri);
    return source instanceof FetchUri.OfFile file
        ? file.path().normalize().toString()
        : ((FetchUri.OfHttp) source).target().label();
  }

  /** Where what an address names comes from; {@link Origin#NONE} for one that is refused. */
  public Origin origin(String uri) {
    try {
      FetchUri source = FetchUri.parse(uri);
      return source instanceof FetchUri.OfFile file
          ? files.root(file.path()).map(FileRoot::origin).orElse(Origin.NONE)
          : Origin.of(((FetchUri.OfHttp) source).target());
    } catch (FetchFailure refused) {
      return Origin.NONE;
    }
  }

  /**
   * Whether the origin of an address is in order, whatever is wrong with the file itself: a server
   * answers, a root is what it was and does not hang. Blocks for {@value #PROBE_SECONDS} s at most.
   */
  public boolean answers(String uri) throws InterruptedException {
    checkOpen();
    try {
      FetchUri source = FetchUri.parse(uri);
      return source instanceof FetchUri.OfFile file
          ? files.answers(file.path())
          : http.answers(
              ((FetchUri.OfHttp) source).target(),
              new Deadline(clock, Duration.ofSeconds(PROBE_SECONDS)));
    } catch (RejectedExecutionException timerOrLookupsAreShut) {
      throw new FetchSystemException("the fetcher was closed", timerOrLookupsAreShut);
    } catch (FetchFailure refused) {
      return true;
    }
  }

  private FetchResult once(
      String uri, Optional<ExpectedDigest> digest, Trying local, Downloading remote)
      throws FetchFailure, InterruptedException {
    FetchUri source = FetchUri.parse(uri);
    if (source instanceof FetchUri.OfFile file) {
      return local(file, digest, local);
    }
    HttpTarget target = ((FetchUri.OfHttp) source).target();
    return remote.run(target, digest);
  }

  private FetchResult download(
      HttpTarget target, Optional<ExpectedDigest> digest, Trying trying, FetchProgress progress)
      throws FetchFailure, InterruptedException {
    downloads.acquire();
    try (TemporaryDownload download =
        TemporaryDownload.open(work, disk, digest.isPresent(), progress)) {
      Deadline deadline = deadline();
      return trying.run(
          deadline,
          () -> 0,
          this::checkOpen,
          attempt -> {
            http.attempt(target, download, deadline);
            if (digest.isPresent()) {
              digest.get().check(download.sha256());
            }
            return download.handOver(attempt);
          });
    } finally {
      downloads.release();
    }
  }

  /**
   * Fetches a file to stay, such as a model: a download goes to {@code target} and is left there
   * when its result is closed; a {@code file:} is used where it lies. What arrived before a break
   * is continued, by a later process too, if the server confirms that its file is still the same
   * (RFC 9110, If-Range); attempts count only while nothing new arrives. Who keeps the same file at
   * the same time, in this process or another, waits. The room on disk is the caller's care; one
   * file has at most {@link FetchLimits#maxBytes}.
   *
   * @param target replaced in one step once the file is whole and has the digest; names that begin
   *     with its name are used beside it
   * @param digest that the bytes must have; if the target has it already, nothing is downloaded
   * @throws FetchSystemException if the fetcher cannot work, which no file is to blame for
   */
  public FetchResult keep(
      String uri, Path target, Optional<ExpectedDigest> digest, FetchProgress progress)
      throws InterruptedException {
    return guarded(
        () -> {
          FetchUri source = FetchUri.parse(uri);
          if (source instanceof FetchUri.OfFile file) {
            return local(file, digest, this::orEnd);
          }
          HttpTarget from = ((FetchUri.OfHttp) source).target();
          try (KeptDownload download =
              KeptDownload.open(target, uri, digest.isPresent(), progress, clock, deadline())) {
            Optional<LocalFile> present = digest.flatMap(download::present);
            if (present.isPresent()) {
              return new FetchResult.Fetched(present.get());
            }
            downloads.acquire();
            try {
              Deadline deadline = deadline();
              return retries.run(
                  deadline,
                  download::bytes,
                  this::checkOpen,
                  attempt -> {
                    http.attempt(from, download, deadline);
                    if (digest.isPresent()) {
                      checkKept(digest.get(), download);
                    }
                    return download.finish(attempt);
                  });
            } finally {
              downloads.release();
            }
          }
        });
  }

  private static void checkKept(ExpectedDigest digest, KeptDownload download)
      throws FetchFailure, InterruptedException {
    try {
      digest.check(download.sha256());
    } catch (FetchFailure another) {
      download.forget(); // continued, it would never become the right one
      throw another;
    }
  }

  private FetchResult local(FetchUri.OfFile file, Optional<ExpectedDigest> digest, Trying trying)
      throws InterruptedException {
    Deadline deadline = deadline();
    return trying.run(
        deadline,
        () -> 0,
        this::checkOpen,
        attempt -> files.open(file.path(), digest, deadline, attempt));
  }

  /** As {@link Retries#run}: who waits here cannot wait for a root. */
  private FetchResult orEnd(
      Deadline deadline, LongSupplier arrived, Runnable open, Retries.Attempt source)
      throws InterruptedException {
    return retries.run(
        deadline,
        arrived,
        open,
        attempt -> {
          try {
            return source.run(attempt);
          } catch (FetchFailure failed) {
            if (failed.fault() == Fault.ORIGIN) {
              throw new FetchSystemException(failed.detail());
            }
            throw failed;
          }
        });
  }

  private Deadline deadline() {
    return new Deadline(clock, policy.limits().total());
  }

  private FetchResult guarded(Fetch fetch) throws InterruptedException {
    checkOpen();
    try {
      return fetch.run();
    } catch (RejectedExecutionException timerOrLookupsAreShut) {
      throw new FetchSystemException("the fetcher was closed", timerOrLookupsAreShut);
    } catch (FetchFailure refused) {
      return new FetchResult.Rejected(refused.reason(), refused.detail(), 0);
    }
  }

  private void checkOpen() {
    if (closed.get()) {
      throw new FetchSystemException("the fetcher was closed");
    }
  }

  /**
   * Ends fetches under way with {@link FetchSystemException} and deletes every download of {@link
   * #fetch}, also those whose {@link LocalFile} was not closed; what {@link #keep} has so far
   * stays.
   */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      http.close();
      files.close();
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

  private interface Fetch {
    FetchResult run() throws FetchFailure, InterruptedException;
  }

  /** With or without waiting for a disk that is full. */
  private interface Downloading {
    FetchResult run(HttpTarget target, Optional<ExpectedDigest> digest)
        throws FetchFailure, InterruptedException;
  }

  /** {@link Retries#run}, or another way of it. */
  private interface Trying {
    FetchResult run(Deadline deadline, LongSupplier arrived, Runnable open, Retries.Attempt attempt)
        throws InterruptedException;
  }
}
