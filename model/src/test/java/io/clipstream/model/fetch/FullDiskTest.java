package io.clipstream.model.fetch;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Downloads onto the device that is always full, until the test gives them a real file. */
@Timeout(300)
class FullDiskTest {
  private static final byte[] VIDEO = "x".repeat(100_000).getBytes(ISO_8859_1);

  /** Of a body that ends with its connection. */
  private static final String UNTOLD = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";

  @TempDir Path folder;
  private final TestClock clock = new TestClock();
  private final AtomicInteger full = new AtomicInteger(3);
  private final AtomicLong looks = new AtomicLong();
  private volatile long room = 10;

  private final Disk disk =
      new Disk() {
        @Override
        public FileChannel create(Path file) throws IOException {
          return full.getAndDecrement() > 0
              ? FileChannel.open(Path.of("/dev/full"), StandardOpenOption.WRITE)
              : Disk.SYSTEM.create(file);
        }

        @Override
        public long free(Path where) {
          return looks.incrementAndGet() % 5 == 0 && room == 10 ? Long.MAX_VALUE : room;
        }
      };

  @Test
  void shouldWaitForRoomAndDownloadThen() throws Exception {
    try (RawServer server =
            new RawServer((n, request, to) -> to.send(ok()).send(VIDEO, 0, VIDEO.length));
        FileFetcher fetcher = fetcher()) {
      FetchResult result = fetcher.fetch(server.url("/a.mp4"), Optional.empty());

      assertThat(result).isInstanceOf(FetchResult.Fetched.class);
      try (LocalFile video = ((FetchResult.Fetched) result).file()) {
        assertThat(video.path()).hasBinaryContent(VIDEO);
        assertThat(video.attempts()).isEqualTo(1);
      }
      assertThat(server.requests).hasSize(4);
      try (var left = Files.walk(folder).filter(file -> file.toString().contains("video-"))) {
        assertThat(left).isEmpty();
      }
    }
  }

  @Test
  void shouldDownloadWhatThereIsRoomForWhileALargerFileWaits() throws Exception {
    full.set(2);
    room = 150_000;
    ExecutorService threads = Executors.newCachedThreadPool();
    try (RawServer server =
            new RawServer(
                (n, request, to) ->
                    to.send(request.contains("/large") ? ok(200_000) : ok(VIDEO.length))
                        .send(VIDEO, 0, VIDEO.length));
        FileFetcher fetcher = fetcher(FetchClock.SYSTEM)) {
      Future<FetchResult> large =
          threads.submit(() -> fetcher.fetch(server.url("/large.mp4"), Optional.empty()));
      while (looks.get() == 0) {
        Thread.onSpinWait(); // It found no room, and waits.
      }

      Future<FetchResult> small =
          threads.submit(() -> fetcher.fetch(server.url("/a.mp4"), Optional.empty()));

      assertThat(small.get(60, TimeUnit.SECONDS)).isInstanceOf(FetchResult.Fetched.class);
      assertThat(large).isNotDone();
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void shouldHandBackWhatThereIsNoRoomForAndAskNoServerBeforeThereIs() throws Exception {
    full.set(1);
    room = VIDEO.length - 1;
    try (RawServer server =
            new RawServer((n, request, to) -> to.send(ok()).send(VIDEO, 0, VIDEO.length));
        FileFetcher fetcher = fetcher(FetchClock.SYSTEM)) {
      for (int i = 0; i < 5; i++) {
        FetchResult result =
            fetcher.tryFetch(server.url("/a.mp4"), Optional.empty(), FetchProgress.NONE);
        assertThat(((FetchResult.Unavailable) result).fault()).isEqualTo(Fault.DISK);
      }
      assertThat(server.requests).hasSize(1);

      room = VIDEO.length;

      FetchResult result =
          fetcher.tryFetch(server.url("/a.mp4"), Optional.empty(), FetchProgress.NONE);
      assertThat(result).isInstanceOf(FetchResult.Fetched.class);
      ((FetchResult.Fetched) result).file().close();
    }
  }

  @Test
  void shouldKeepNoRoomForWhatHasNotCome() throws Exception {
    full.set(0);
    room = Long.MAX_VALUE;
    CountDownLatch begun = new CountDownLatch(4);
    ExecutorService threads = Executors.newCachedThreadPool();
    try (RawServer server =
            new RawServer(
                (n, request, to) -> {
                  if (request.contains("/slow")) {
                    to.send(request.contains("untold") ? UNTOLD : ok(1 << 30)).send(VIDEO, 0, 100);
                    begun.countDown();
                    to.awaitHangUp();
                  } else {
                    to.send(ok()).send(VIDEO, 0, VIDEO.length);
                  }
                });
        FileFetcher fetcher = fetcher(FetchClock.SYSTEM, 1 << 30, 1 << 30)) {
      for (String slow : List.of("/slow/1", "/slow/2", "/slow/untold/1", "/slow/untold/2")) {
        threads.submit(() -> fetcher.fetch(server.url(slow), Optional.empty()));
      }
      begun.await();

      Future<FetchResult> small =
          threads.submit(() -> fetcher.fetch(server.url("/a.mp4"), Optional.empty()));

      assertThat(small.get(20, TimeUnit.SECONDS)).isInstanceOf(FetchResult.Fetched.class);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void shouldHandBackWhatThereIsNoRoomForAmongDownloads() throws Exception {
    full.set(0);
    room = Long.MAX_VALUE;
    try (RawServer server =
            new RawServer(
                (n, request, to) ->
                    to.send(request.contains("untold") ? UNTOLD : ok())
                        .send(VIDEO, 0, VIDEO.length));
        FileFetcher fetcher = fetcher(FetchClock.SYSTEM, 128 << 10, 192 << 10)) {
      FetchResult first =
          fetcher.tryFetch(server.url("/a.mp4"), Optional.empty(), FetchProgress.NONE);

      for (String path : List.of("/b.mp4", "/untold.mp4", "/b.mp4", "/untold.mp4")) {
        FetchResult result =
            fetcher.tryFetch(server.url(path), Optional.empty(), FetchProgress.NONE);
        assertThat(((FetchResult.Unavailable) result).fault()).isEqualTo(Fault.DISK);
      }
      assertThat(server.requests).hasSize(3);

      ((FetchResult.Fetched) first).file().close();

      for (String path : List.of("/b.mp4", "/untold.mp4")) {
        FetchResult result =
            fetcher.tryFetch(server.url(path), Optional.empty(), FetchProgress.NONE);
        try (LocalFile video = ((FetchResult.Fetched) result).file()) {
          assertThat(video.path()).hasBinaryContent(VIDEO);
        }
      }
    }
  }

  @Test
  void shouldTellAFullDiskFromABrokenOne() throws Exception {
    try (FileChannel channel = FileChannel.open(Path.of("/dev/full"), StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1));
      throw new AssertionError("it was not full");
    } catch (IOException noSpace) {
      assertThat(Disk.isFull(noSpace)).isTrue();
    }
    assertThat(Disk.isFull(new IOException("Input/output error"))).isFalse();
    assertThat(Disk.isFull(new IOException((String) null))).isFalse();
  }

  private FileFetcher fetcher() throws Exception {
    return fetcher(clock);
  }

  private FileFetcher fetcher(FetchClock time) throws Exception {
    FetchLimits limits = FetchPolicy.defaults().limits();
    return fetcher(time, limits.maxBytes(), limits.maxDiskBytes());
  }

  private FileFetcher fetcher(FetchClock time, long maxBytes, long maxDiskBytes) throws Exception {
    FetchPolicy policy = FetchPolicy.defaults();
    FetchLimits limits = policy.limits();
    return new FileFetcher(
        policy
            .withAddresses(policy.addresses().withAllowPrivate(List.of("127.0.0.1")))
            .withLimits(
                new FetchLimits(
                    maxBytes,
                    maxDiskBytes,
                    limits.maxConcurrent(),
                    limits.total(),
                    limits.connect(),
                    limits.silence(),
                    limits.maxRedirects(),
                    limits.minRate())),
        folder,
        HostLookup.SYSTEM,
        time,
        () -> 0.5,
        SSLContext.getDefault(),
        disk);
  }

  private static String ok() {
    return ok(VIDEO.length);
  }

  private static String ok(int length) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n";
  }
}
