package io.clipstream.streams.classify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.clip.Clip;
import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.clip.VideoDecoder;
import io.clipstream.schemas.VideoReference;
import io.clipstream.streams.classify.ClipSource.Result;
import io.clipstream.streams.ingest.FetchPolicy;
import io.clipstream.streams.ingest.RawServer;
import io.clipstream.streams.ingest.VideoFetcher;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class FetchedClipsTest {
  @TempDir Path directory;

  @Test
  void shouldDecodeOnlySoManyAtOnceAndRemoveTheDownloadThatWaitsWhenInterrupted() throws Exception {
    Path file = WholePathTest.video(directory.resolve("video.mp4"), 25);
    CountDownLatch decoding = new CountDownLatch(1);
    CountDownLatch permit = new CountDownLatch(1);
    byte[] bytes = Files.readAllBytes(file);
    RawServer.Script script =
        (connection, request, to) ->
            to.send("HTTP/1.1 200 OK\r\nContent-Length: " + bytes.length + "\r\n\r\n")
                .send(bytes, 0, bytes.length);
    try (RawServer server = new RawServer(script);
        FetchedClips source = source(1)) {
      FutureTask<Result> first =
          new FutureTask<>(
              () ->
                  source.read(
                      reference(file.toUri().toString()),
                      clip -> {
                        clip.close();
                        decoding.countDown();
                        permit.await();
                      }));
      new Thread(first).start();
      decoding.await();
      FutureTask<Result> second =
          new FutureTask<>(
              () -> source.read(reference(server.url("/v.mp4")), FetchedClipsTest::refuse));
      Thread waiting = new Thread(second);
      waiting.start();
      while (!source.turns.hasQueuedThreads()) {
        assertThat(second).isNotDone();
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      }
      assertThat(downloads()).hasSize(1);

      waiting.interrupt();

      assertThatThrownBy(() -> second.get(30, TimeUnit.SECONDS))
          .hasCauseInstanceOf(InterruptedException.class);
      assertThat(downloads()).isEmpty();
      permit.countDown();
      assertThat(first.get(30, TimeUnit.SECONDS)).isInstanceOf(Result.Read.class);
      assertThat(source.read(reference(file.toUri().toString()), Clip::close))
          .isInstanceOf(Result.Read.class);
    }
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
    try (FetchedClips source = source(1)) {
      assertThat(source.isRemote(reference(uri))).isEqualTo(remote);
      assertThat(source.maxRemote()).isEqualTo(32);
    }
  }

  private FetchedClips source(int maxDecodes) {
    FetchPolicy policy = FetchPolicy.defaults();
    int clipBytes = WholePathTest.SPEC.clipBytes();
    return new FetchedClips(
        new VideoFetcher(
            policy
                .withFileRoots(List.of(directory))
                .withAddresses(policy.addresses().withAllowPrivate(List.of("127.0.0.0/8"))),
            directory.resolve("work")),
        new VideoDecoder(
            WholePathTest.SPEC,
            DecodeLimits.defaults(),
            new ClipBuffers(clipBytes, 8L * clipBytes)),
        Sampling.sliding(10),
        maxDecodes);
  }

  private List<Path> downloads() throws IOException {
    try (Stream<Path> files = Files.walk(directory.resolve("work"))) {
      return files.filter(file -> file.getFileName().toString().startsWith("video-")).toList();
    }
  }

  private static void refuse(Clip clip) {
    clip.close();
    throw new AssertionError("decoded before its turn");
  }

  private static VideoReference reference(String uri) {
    return VideoReference.newBuilder().setId("v").setUri(uri).build();
  }
}
