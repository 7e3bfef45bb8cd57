package io.clipstream.streams.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.fetch.FetchPolicy;
import io.clipstream.model.fetch.FileFetcher;
import io.clipstream.model.fetch.RawServer;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.classify.VideoLabeller.Submission;
import io.clipstream.streams.outcome.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(300)
class VideoReaderTest {
  @TempDir Path directory;

  @Test
  void shouldDecodeOnlySoManyAtOnceAndRemoveTheDownloadThatWaitsWhenItsVideoIsCancelled()
      throws Exception {
    Path file = WholePathTest.video(directory.resolve("video.mp4"), 25);
    byte[] bytes = Files.readAllBytes(file);
    RawServer.Script script =
        (connection, request, to) ->
            to.send("HTTP/1.1 200 OK\r\nContent-Length: " + bytes.length + "\r\n\r\n")
                .send(bytes, 0, bytes.length);
    CountDownLatch decoding = new CountDownLatch(1);
    CountDownLatch permit = new CountDownLatch(1);
    ClipBuffers buffers = new ClipBuffers(Fixtures.SPEC.clipBytes(), 1 << 20);
    Cutter held =
        (video, range, sink) -> {
          decoding.countDown();
          permit.await();
          Clip clip = buffers.take(new TimeRange(0, 1), 0);
          sink.accept(clip);
          return new CutResult.Cut(Fixtures.INFO, 1, true, "", "", 0);
        };
    PipelineSettings settings =
        new PipelineSettings(1, BatchPolicy.upTo(1, Duration.ofMillis(1)), 4, 1);
    Generation generation =
        new Generation(
            Fixtures.MODEL,
            held,
            List.of(new DeviceModel("fake", FixedScores::new)),
            settings.batch(),
            PipelineObserver.NONE);
    generation.start();
    generation.awaitReady();
    try (RawServer server = new RawServer(script);
        VideoReader reader = new VideoReader(fetcher(), 1, ReadGate.OPEN, PipelineObserver.NONE)) {
      CompletableFuture<Outcome> first = new CompletableFuture<>();
      read(reader, video(generation, settings, file.toUri().toString(), first));
      decoding.await();
      CompletableFuture<Outcome> second = new CompletableFuture<>();
      VideoInFlight waiting = video(generation, settings, server.url("/v.mp4"), second);
      Thread thread = read(reader, waiting);
      await().atMost(Duration.ofSeconds(60)).until(reader.turns::hasQueuedThreads);
      assertThat(downloads()).hasSize(1);

      ((Submission) waiting).cancel();

      thread.join();
      assertThat(downloads()).isEmpty();
      permit.countDown();
      assertThat(first.get(30, TimeUnit.SECONDS)).isInstanceOf(Outcome.Labelled.class);
      assertThat(second).isNotDone();
    } finally {
      generation.close();
    }
    assertThat(generation.awaitClosed(Duration.ofSeconds(30))).isTrue();
    assertThat(buffers.lent()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "http://a.example/v.mp4, true",
    "HTTPS://a.example/v.mp4, true",
    "http:, true",
    "file:///videos/v.mp4, false",
    "httpx://a, false",
    "s3://bucket/v.mp4, false",
    "'', false",
  })
  void shouldTakeDownloadsAloneAsRemote(String uri, boolean remote) {
    try (Fetcher fetcher = fetcher()) {
      assertThat(fetcher.isRemote(request(uri))).isEqualTo(remote);
      assertThat(fetcher.maxRemote()).isEqualTo(32);
    }
  }

  private static VideoInFlight video(
      Generation generation,
      PipelineSettings settings,
      String uri,
      CompletableFuture<Outcome> outcome) {
    assertThat(generation.tryAcquire()).isTrue();
    VideoInFlight video =
        new VideoInFlight(
            request(uri),
            new GenerationSource.Answer.Acquired(generation, 0),
            settings,
            PipelineObserver.NONE,
            outcome::complete,
            outcome::completeExceptionally,
            over -> {},
            () -> {},
            Optional.empty());
    generation.admit(video);
    return video;
  }

  private static Thread read(VideoReader reader, VideoInFlight video) {
    Thread thread =
        new Thread(
            () -> {
              try {
                reader.read(video);
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    thread.start();
    return thread;
  }

  private Fetcher fetcher() {
    FetchPolicy policy = FetchPolicy.defaults();
    return new ReferenceFetcher(
        new FileFetcher(
            policy
                .withFileRoots(List.of(directory))
                .withAddresses(policy.addresses().withAllowPrivate(List.of("127.0.0.0/8"))),
            directory.resolve("work")));
  }

  private List<Path> downloads() throws IOException {
    try (Stream<Path> files = Files.walk(directory.resolve("work"))) {
      return files.filter(file -> file.getFileName().toString().startsWith("video-")).toList();
    }
  }

  private static VideoRequest request(String uri) {
    return VideoRequest.of(VideoReference.newBuilder().setId("v").setUri(uri).build());
  }
}
