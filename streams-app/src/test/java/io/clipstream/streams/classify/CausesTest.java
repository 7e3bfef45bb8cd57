package io.clipstream.streams.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import io.clipstream.model.clip.DecodeReason;
import io.clipstream.model.clip.DecodeResult;
import io.clipstream.model.fetch.FetchLimits;
import io.clipstream.model.fetch.FetchPolicy;
import io.clipstream.model.fetch.FetchResult;
import io.clipstream.model.fetch.FetchSystemException;
import io.clipstream.model.fetch.FileFetcher;
import io.clipstream.model.fetch.HungMount;
import io.clipstream.model.fetch.RetryRules;
import io.clipstream.schemas.RejectedVideo;
import io.clipstream.schemas.RejectionReason;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.intake.WaitRules;
import io.clipstream.streams.outcome.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The table of causes and answers in ops/README.md, row by row, with real files and sockets. */
@Timeout(300)
class CausesTest {
  private static final Duration MILLISECOND = Duration.ofMillis(1);

  @TempDir Path directory;
  private final Versions versions = new Versions(PipelineObserver.NONE);

  /** What the server answers by path: a status, 0 for silence. Others get a video. */
  private final ConcurrentMap<String, Integer> answers = new ConcurrentHashMap<>();

  private final ConcurrentMap<String, AtomicInteger> asked = new ConcurrentHashMap<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private volatile String retryAfter = "";
  private volatile String location = "";
  private HttpServer server;
  private Path root;
  private List<Path> roots;
  private LabelPipeline pipeline;

  @BeforeEach
  void start() throws Exception {
    root = Files.createDirectory(directory.toRealPath().resolve("videos"));
    Files.createFile(root.resolve("a.mp4"));
    roots = List.of(root);
    server = serve(0);
    pipeline = pipeline(Duration.ofHours(6));
  }

  @AfterEach
  void stop() {
    pipeline.close();
    server.stop(0);
    threads.shutdownNow();
    assertThat(versions.faults).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "/404, 404, NOT_FOUND",
    "/410, 410, NOT_FOUND",
    "/401, 401, ACCESS_DENIED",
    "/403, 403, ACCESS_DENIED",
    "/400, 400, FETCH_FAILED"
  })
  void shouldRejectWhatTheServerHasNotGot(String path, int status, RejectionReason reason)
      throws Exception {
    answers.put(path, status);

    assertThat(rejection(submit(url(path))).getReason()).isEqualTo(reason);
    assertThat(pipeline.troubles()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {500, 503, 0})
  void shouldRejectTheOneVideoThatFailsWhileOthersOfItsHostDoNot(int status) throws Exception {
    answers.put("/bad", status);
    CompletableFuture<Outcome> bad = submit(url("/bad"));

    for (int i = 0; !bad.isDone(); i++) {
      labelled(submit(url("/good-" + i)));
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }

    RejectedVideo rejected = rejection(bad);
    assertThat(rejected.getReason())
        .isEqualTo(status == 0 ? RejectionReason.FETCH_TIMEOUT : RejectionReason.FETCH_FAILED);
    assertThat(rejected.getAttempts()).isGreaterThanOrEqualTo(3);
  }

  @Test
  void shouldRejectTheOnlyVideoOfAHostThatAnswersOtherwise() throws Exception {
    answers.put("/bad", 500);

    assertThat(rejection(submit(url("/bad"))).getReason()).isEqualTo(RejectionReason.FETCH_FAILED);
  }

  @ParameterizedTest
  @ValueSource(ints = {500, 503, 0})
  void shouldWaitForAHostThatFailsForAll(int status) throws Exception {
    for (String path : new String[] {"/", "/1", "/2", "/3", "/4"}) {
      answers.put(path, status);
    }
    CompletableFuture<?>[] outcomes = {
      submit(url("/1")), submit(url("/2")), submit(url("/3")), submit(url("/4"))
    };
    await(() -> !pipeline.troubles().isEmpty());

    labelled(submit(file("a.mp4")));
    assertThat(outcomes).noneMatch(CompletableFuture::isDone);
    answers.clear();

    for (CompletableFuture<?> outcome : outcomes) {
      assertThat(outcome.get(60, TimeUnit.SECONDS)).isInstanceOf(Outcome.Labelled.class);
    }
    await(() -> pipeline.troubles().isEmpty());
  }

  @Test
  void shouldComeBackWhenTheServerAskedFor() throws Exception {
    answers.put("/1", 429);
    retryAfter = "2";
    long start = System.nanoTime();
    CompletableFuture<Outcome> first = submit(url("/1"));
    await(() -> !pipeline.troubles().isEmpty());
    CompletableFuture<Outcome> second = submit(url("/2"));
    answers.clear();

    labelled(first);
    labelled(second);

    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(2_000_000_000L);
    assertThat(asked.get("/1")).hasValue(2);
  }

  /** Whoever sent the video there answers, and serves its others. */
  @Test
  void shouldWaitForTheHostThatARedirectLedTo() throws Exception {
    HttpServer other = serve(0);
    int port = other.getAddress().getPort();
    other.stop(0);
    answers.put("/moved", 302);
    location = "http://127.0.0.1:" + port + "/there";
    CompletableFuture<Outcome> moved = submit(url("/moved"));
    await(() -> !pipeline.troubles().isEmpty());

    assertThat(pipeline.troubles().get(0).origin()).hasToString("http://127.0.0.1:" + port);
    assertThat(pipeline.troubles()).hasSize(1);
    labelled(submit(url("/1")));
    assertThat(moved).isNotDone();

    other = serve(port);
    try {
      labelled(moved);
      await(() -> pipeline.troubles().isEmpty());
    } finally {
      other.stop(0);
    }
  }

  /** A mount that goes while a video of it is decoded. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldWaitForARootThatGoesWhileAVideoIsDecoded(boolean decoderTells) throws Exception {
    pipeline.close();
    Path mounted = directory.resolve("mounted");
    AtomicInteger cuts = new AtomicInteger();
    Cutter real = versions.cutter(2);
    Cutter losing =
        (video, range, sink) -> {
          if (cuts.getAndIncrement() > 0) {
            return real.cut(video, range, sink);
          }
          try {
            Files.move(root, mounted);
          } catch (IOException e) {
            throw new AssertionError(e);
          }
          if (decoderTells) {
            throw new UncheckedIOException(new IOException("Input/output error"));
          }
          return new ClipCutter(
                  (file, within, to) ->
                      new DecodeResult.Rejected(DecodeReason.CORRUPT, "it ends too soon"))
              .cut(video, range, sink);
        };
    pipeline = pipeline(Duration.ofHours(6), losing);
    CompletableFuture<Outcome> local = submit(file("a.mp4"));
    await(() -> cuts.get() > 0 && pipeline.waiting().videos() == 1);
    assertThat(local).isNotDone();

    Files.move(mounted, root);

    labelled(local);
  }

  /** FFmpeg opens each file once more than the fetcher does. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldRejectNobodyForWhomTheDecoderHasNoFileDescriptor(boolean remote) throws Exception {
    pipeline.close();
    AtomicInteger left = new AtomicInteger(5);
    Cutter real = versions.cutter(2);
    Cutter without =
        (video, range, sink) -> {
          if (left.getAndDecrement() > 0) {
            throw new UncheckedIOException(
                new FileSystemException(video.path().toString(), null, "Too many open files"));
          }
          return real.cut(video, range, sink);
        };
    pipeline = pipeline(Duration.ofHours(6), without);

    labelled(submit(remote ? url("/1") : file("a.mp4")));

    assertThat(left.get()).as("tried until there was one").isNegative();
    assertThat(pipeline.troubles()).isEmpty();
  }

  @Test
  void shouldRejectAfterThePatience() throws Exception {
    pipeline.close();
    pipeline = pipeline(Duration.ofSeconds(2));
    answers.put("/1", 429);
    answers.put("/2", 429);
    retryAfter = "3600";

    CompletableFuture<Outcome> first = submit(url("/1"));
    await(() -> !pipeline.troubles().isEmpty());
    CompletableFuture<Outcome> second = submit(url("/2"));

    assertThat(rejection(first).getDetail())
        .isEqualTo(
            "http://127.0.0.1:"
                + server.getAddress().getPort()
                + " did not serve it within 2 s (fetch.patience): answers HTTP 429");
    assertThat(rejection(second).getReason()).isEqualTo(RejectionReason.FETCH_FAILED);
    assertThat(asked.get("/1")).as("while the server wants to be left alone").hasValue(1);
  }

  @Test
  void shouldWaitForAHostThatIsNotThere() throws Exception {
    int port = server.getAddress().getPort();
    server.stop(0);
    CompletableFuture<Outcome> remote = submit(url("/1"));
    await(() -> !pipeline.troubles().isEmpty());
    assertThat(remote).isNotDone();

    server = serve(port);

    labelled(remote);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldWaitForARootWhoseMountIsGone(boolean emptyFolderIsLeft) throws Exception {
    Path mounted = directory.resolve("mounted");
    Files.move(root, mounted);
    if (emptyFolderIsLeft) {
      Files.createDirectory(root);
    }
    CompletableFuture<Outcome> local = submit(file("a.mp4"));
    CompletableFuture<Outcome> missing = submit(file("none.mp4"));
    await(() -> !pipeline.troubles().isEmpty());
    labelled(submit(url("/1")));
    assertThat(local).isNotDone();
    assertThat(missing).isNotDone();

    Files.deleteIfExists(root);
    Files.move(mounted, root);

    labelled(local);
    assertThat(rejection(missing).getReason()).isEqualTo(RejectionReason.NOT_FOUND);
  }

  @Test
  void shouldWaitForARootThatIsNotThereAtTheStart() throws Exception {
    pipeline.close();
    Path later = directory.resolve("later");
    Files.move(root, later);
    pipeline = pipeline(Duration.ofHours(6));
    CompletableFuture<Outcome> local = submit(file("a.mp4"));
    await(() -> !pipeline.troubles().isEmpty());
    labelled(submit(url("/1")));
    Files.createDirectory(root);
    CompletableFuture<Outcome> missing = submit(file("none.mp4"));
    await(() -> pipeline.troubles().get(0).problem().contains("is empty"));
    assertThat(local).isNotDone();
    assertThat(missing).isNotDone();

    Files.delete(root);
    Files.move(later, root);

    labelled(local);
    assertThat(rejection(missing).getReason()).isEqualTo(RejectionReason.NOT_FOUND);
  }

  @Test
  void shouldHoldUpNoOthersForARootThatHangs() throws Exception {
    Path other = Files.createDirectory(directory.toRealPath().resolve("other"));
    Files.createFile(other.resolve("b.mp4"));
    roots = List.of(root, other);
    pipeline.close();
    pipeline = pipeline(Duration.ofHours(6));
    String hanging = file("a.mp4"); // To make an address of a path looks at the file, too.
    String good = other.resolve("b.mp4").toUri().toString();
    labelled(submit(hanging));
    List<CompletableFuture<Outcome>> held = new ArrayList<>();
    try (HungMount hung = HungMount.over(root).orElse(null)) {
      assumeTrue(hung != null, "this user cannot mount a file system that hangs");
      for (int i = 0; i < 20; i++) {
        held.add(submit(hanging));
      }
      for (int i = 0; i < 20; i++) {
        labelled(submit(good));
        labelled(submit(url("/" + i)));
      }
      await(() -> !pipeline.troubles().isEmpty());
      assertThat(pipeline.troubles().get(0).problem()).contains("does not answer");
      assertThat(held).noneMatch(CompletableFuture::isDone);
    }

    for (CompletableFuture<Outcome> outcome : held) {
      labelled(outcome);
    }
  }

  @Test
  void shouldCountOnForHowLongOthersSawAVideoWait() throws Exception {
    pipeline.close();
    pipeline = pipeline(Duration.ofSeconds(100));
    server.stop(0);
    VideoRequest fresh = request(url("/1"));
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    var submission =
        pipeline.submit(
            new VideoRequest(
                fresh.key(),
                fresh.headers(),
                fresh.reference(),
                0,
                fresh.attempt(),
                Duration.ofHours(1)),
            outcome::complete,
            outcome::completeExceptionally);
    assertThat(submission.waited()).isGreaterThanOrEqualTo(Duration.ofHours(1));

    assertThat(rejection(outcome).getDetail()).contains("did not serve it within 60 min");
  }

  @Test
  void shouldRejectWhatIsWrongWithOneFile() throws Exception {
    assertThat(rejection(submit(file("none.mp4"))).getReason())
        .isEqualTo(RejectionReason.NOT_FOUND);
    assertThat(rejection(submit("file://" + root)).getReason())
        .isEqualTo(RejectionReason.FORBIDDEN_PATH);
    assertThat(rejection(submit("file:///etc/passwd")).getReason())
        .isEqualTo(RejectionReason.FORBIDDEN_PATH);
    assertThat(rejection(submit("s3://bucket/a")).getReason())
        .isEqualTo(RejectionReason.UNSUPPORTED_URI);
    assertThat(rejection(submit("http://10.0.0.1/a")).getReason())
        .isEqualTo(RejectionReason.FORBIDDEN_ADDRESS);
    assertThat(pipeline.waiting().videos()).isZero();
  }

  @Test
  void shouldBlameNoRootForPathsAtWhichNoFileCanBe() throws Exception {
    Files.createSymbolicLink(root.resolve("loop"), root.resolve("loop"));
    Files.createSymbolicLink(root.resolve("through"), root.resolve("a.mp4/b.mp4"));
    List<CompletableFuture<Outcome>> wrong = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      wrong.add(submit(file("a.mp4/" + i + ".mp4")));
      wrong.add(submit(file("loop/" + i + ".mp4")));
      wrong.add(submit(file("through")));
      wrong.add(submit(file("n".repeat(300 + i))));
    }

    for (CompletableFuture<Outcome> each : wrong) {
      RejectedVideo rejected = rejection(each);
      assertThat(rejected.getReason()).isEqualTo(RejectionReason.NOT_FOUND);
      assertThat(rejected.getAttempts()).isEqualTo(1);
    }
    assertThat(pipeline.troubles()).isEmpty();
    labelled(submit(file("a.mp4")));
  }

  @Test
  void shouldStopWhereTheInstanceIsBroken() throws Exception {
    pipeline.close();
    pipeline =
        new LabelPipeline(
            new Fetcher() {
              @Override
              public FetchResult fetch(VideoRequest request) {
                throw new FetchSystemException("the work directory is gone");
              }
            },
            new CurrentGeneration(versions.started(2)),
            settings(Duration.ofHours(6)),
            PipelineObserver.NONE);
    pipeline.start();

    assertThatThrownBy(() -> submit(url("/1")).get(60, TimeUnit.SECONDS))
        .hasRootCauseMessage("the work directory is gone");
  }

  @Test
  void shouldForgetAVideoThatWaitsOnceItIsCancelled() throws Exception {
    int port = server.getAddress().getPort();
    server.stop(0);
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    VideoLabeller.Submission submission =
        pipeline.submit(request(url("/1")), outcome::complete, outcome::completeExceptionally);
    await(submission::isHeldUp);

    submission.cancel();

    await(() -> pipeline.inFlight() == 0 && pipeline.waiting().videos() == 0);
    server = serve(port);
    labelled(submit(url("/2")));
    assertThat(outcome).isNotDone();
  }

  private HttpServer serve(int port) throws IOException {
    HttpServer made =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 50);
    made.setExecutor(threads);
    made.createContext(
        "/",
        exchange -> {
          String path = exchange.getRequestURI().getPath();
          asked.computeIfAbsent(path, first -> new AtomicInteger()).incrementAndGet();
          while (answers.getOrDefault(path, 200) == 0) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
            if (Thread.interrupted()) {
              return;
            }
          }
          int status = answers.getOrDefault(path, 200);
          if (!retryAfter.isEmpty() && status == 429) {
            exchange.getResponseHeaders().set("Retry-After", retryAfter);
          }
          if (status == 302) {
            exchange.getResponseHeaders().set("Location", location);
          }
          exchange.sendResponseHeaders(status, -1);
          exchange.close();
        });
    made.start();
    return made;
  }

  private LabelPipeline pipeline(Duration patience) {
    return pipeline(patience, versions.started(2));
  }

  private LabelPipeline pipeline(Duration patience, Cutter cutter) {
    Generation generation =
        new Generation(
            Versions.model(2),
            cutter,
            List.of(new DeviceModel("fake", () -> versions.new Counted(2))),
            Versions.BATCH,
            PipelineObserver.NONE);
    generation.start();
    generation.awaitReady();
    return pipeline(patience, generation);
  }

  private LabelPipeline pipeline(Duration patience, Generation generation) {
    FetchPolicy policy = FetchPolicy.defaults();
    LabelPipeline made =
        new LabelPipeline(
            new ReferenceFetcher(
                new FileFetcher(
                    policy
                        .withFileRoots(roots)
                        .withRetries(new RetryRules(3, MILLISECOND, MILLISECOND))
                        .withLimits(
                            new FetchLimits(
                                1 << 20,
                                1 << 24,
                                8,
                                Duration.ofMinutes(5),
                                Duration.ofSeconds(10),
                                Duration.ofMillis(500),
                                5,
                                0))
                        .withAddresses(policy.addresses().withAllowPrivate(List.of("127.0.0.1"))),
                    directory.resolve("work"))),
            new CurrentGeneration(generation),
            settings(patience),
            PipelineObserver.NONE);
    made.start();
    return made;
  }

  private static PipelineSettings settings(Duration patience) {
    return new PipelineSettings(2, Versions.BATCH, 4, 2, new WaitRules(patience, 1000, 1 << 20, 3));
  }

  private String url(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path;
  }

  private String file(String name) {
    return root.resolve(name).toUri().toString();
  }

  private static VideoRequest request(String uri) {
    return VideoRequest.of(
        VideoReference.newBuilder().setId("v").setUri(uri).setMetadata(Map.of()).build());
  }

  private CompletableFuture<Outcome> submit(String uri) {
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    var unused = pipeline.submit(request(uri), outcome::complete, outcome::completeExceptionally);
    return outcome;
  }

  private static void labelled(CompletableFuture<Outcome> outcome) throws Exception {
    assertThat(outcome.get(60, TimeUnit.SECONDS)).isInstanceOf(Outcome.Labelled.class);
  }

  private static RejectedVideo rejection(CompletableFuture<Outcome> outcome) throws Exception {
    assertThat(outcome.get(60, TimeUnit.SECONDS)).isInstanceOf(Outcome.Rejected.class);
    return ((Outcome.Rejected) outcome.get()).video();
  }

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(end);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
  }
}
