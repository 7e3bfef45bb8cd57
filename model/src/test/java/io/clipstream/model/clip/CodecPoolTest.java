package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.ffmpeg.global.avcodec.av_new_packet;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avutil.av_image_copy_to_buffer;
import static org.bytedeco.ffmpeg.global.avutil.av_image_get_buffer_size;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The pool with FFmpeg's decoders on the CPU: it does not know where its decoders decode. */
class CodecPoolTest {
  private static final DecodeLimits LIMITS = DecodeLimits.defaults();
  private static final Path RESOURCES = Path.of("src/test/resources/io/clipstream/model/clip");
  private static final int ALL = Integer.MAX_VALUE;

  private final AtomicInteger opened = new AtomicInteger();
  private final CodecPool pool = pool(8, 1L << 30);

  @TempDir Path folder;

  @BeforeEach
  void load() {
    Ffmpeg.load();
  }

  @ParameterizedTest
  @CsvSource({"libopenh264, mp4", "libvpx, webm", "libvpx-vp9, webm", "libopenh264, ts"})
  void shouldGiveWhatANewDecoderGives(String codec, String container) throws Exception {
    List<Path> files = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      VideoEncoder.Settings settings =
          VideoEncoder.Settings.of(codec, 160, 120, 25)
              .withBitRate(200_000 + 100_000L * i)
              .withKeyInterval(7 + i);
      Path file = folder.resolve(i + "." + container);
      files.add(TestVideos.write(file, settings, 30 + i));
    }
    meet(files.get(0));

    for (int wanted : new int[] {ALL, 1, 9, ALL, 20}) {
      for (Path file : files) {
        assertThat(frames(lease(file), file, wanted)).isEqualTo(fresh(file, wanted));
      }
    }

    assertThat(opened).hasValue(1);
  }

  /** FFmpeg's HEVC decoder keeps the pictures that it has not given out over a flush. */
  @Test
  void shouldNotGiveTheLastVideosPicturesToTheNext() throws Exception {
    Path file = RESOURCES.resolve("hevc-open-gop.mp4");
    List<Integer> all = fresh(file, ALL);
    meet(file);

    for (int left = 1; left < 5; left++) {
      assertThat(frames(lease(file), file, all.size() - left)).hasSize(all.size() - left);
      assertThat(frames(lease(file), file, ALL)).as("%d left before", left).isEqualTo(all);
    }

    assertThat(opened).hasValue(1);
  }

  @Test
  void shouldOpenADecoderAtTheSecondSight() throws Exception {
    Path file = video("a", 64, 48);

    assertThat(tryLease(pool, file)).isEmpty();
    assertThat(pool.decoders()).isZero();
    try (Codec codec = lease(file)) {
      assertThat(pool.decoders()).isEqualTo(1);
      assertThat(codec.isUsed()).isFalse();
    }
  }

  @Test
  void shouldThrowAwayWhatMetWithAnErrorOrWasNotDone() throws Exception {
    Path file = video("a", 64, 48);
    meet(file);
    lease(file).close(); // not done
    assertThat(pool.decoders()).isZero();

    try (Codec codec = lease(file)) {
      AVPacket packet = av_packet_alloc();
      av_new_packet(packet, 100);
      packet.data().fill((byte) 7);
      assertThat(codec.send(packet)).isFalse();
      av_packet_free(packet);
      codec.done();
    }

    assertThat(pool.decoders()).isZero();
    assertThat(frames(lease(file), file, ALL)).isEqualTo(fresh(file, ALL));
    assertThat(pool.decoders()).isEqualTo(1);
  }

  @Test
  void shouldLetTheLeastRecentlyUsedGoForAnother() throws Exception {
    CodecPool small = pool(2, 1L << 30);
    List<Path> files = List.of(video("a", 64, 48), video("b", 80, 48), video("c", 96, 48));
    for (Path file : files) {
      tryLease(small, file);
    }
    for (int i : new int[] {0, 1, 0, 2}) { // 2 for 1
      frames(tryLease(small, files.get(i)).orElseThrow(), files.get(i), ALL);
    }
    assertThat(opened).hasValue(3);

    frames(tryLease(small, files.get(0)).orElseThrow(), files.get(0), ALL);
    assertThat(opened).hasValue(3);
    frames(tryLease(small, files.get(1)).orElseThrow(), files.get(1), ALL);
    assertThat(opened).hasValue(4);
    assertThat(small.decoders()).isEqualTo(2);
    small.close();
    assertThat(small.decoders()).isZero();
  }

  @Test
  void shouldStayWithinItsMemoryWhateverSizesCome() throws Exception {
    long most = 5 << 20;
    CodecPool small = pool(64, most);
    List<Path> files = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      files.add(video("s" + i, 64 + 16 * i, 48));
      tryLease(small, files.get(i));
    }
    for (int round = 0; round < 2; round++) {
      for (Path file : files) {
        frames(tryLease(small, file).orElseThrow(), file, ALL);
        assertThat(small.bytes()).isLessThanOrEqualTo(most);
      }
    }
    assertThat(opened).hasValue(2 * files.size()); // each went before it came again

    frames(tryLease(small, files.get(49)).orElseThrow(), files.get(49), ALL);
    assertThat(opened).hasValue(2 * files.size());
    small.close();
    assertThat(small.decoders()).isZero();
    assertThat(small.bytes()).isZero();
  }

  @Test
  void shouldGiveNoneBeyondItsBounds() throws Exception {
    Path file = video("a", 64, 48);
    long bytes = 24 * 64 * 48 * 3 / 2;
    for (CodecPool small : List.of(pool(2, 1L << 30), pool(8, 2 * bytes + 1))) {
      tryLease(small, file);
      try (Codec first = tryLease(small, file).orElseThrow();
          Codec second = tryLease(small, file).orElseThrow()) {
        assertThat(first).isNotSameAs(second);
        assertThat(tryLease(small, file)).isEmpty();
      }
      assertThat(tryLease(small, file)).isPresent();
    }
  }

  @Test
  void shouldOpenFewAtATimeUntilTheyHaveDecodedAVideo() throws Exception {
    Path file = video("a", 64, 48);
    meet(file);
    List<Codec> codecs = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      codecs.add(lease(file));
    }
    assertThat(tryLease(pool, file)).isEmpty();

    frames(codecs.remove(0), file, ALL);
    codecs.add(lease(file)); // the one that was used
    codecs.add(lease(file));
    assertThat(tryLease(pool, file)).isEmpty();

    assertThat(opened).hasValue(5);
    codecs.forEach(Codec::close);
  }

  @Test
  void shouldGiveNoneOfAKindThatWasRefused() throws Exception {
    Path file = video("a", 64, 48);
    meet(file);
    try (VideoSource source = open(file)) {
      pool.refuse(source.track());
    }

    assertThat(tryLease(pool, file)).isEmpty();
  }

  @Test
  void shouldServeManyThreads() throws Exception {
    CodecPool small = pool(3, 1L << 30);
    List<Path> files = new ArrayList<>();
    List<List<Integer>> expected = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      Path file = video("f" + i, 64 + 16 * i, 48);
      files.add(file);
      expected.add(fresh(file, ALL));
      tryLease(small, file);
    }
    AtomicInteger served = new AtomicInteger();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Callable<Void>> tasks = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        int at = i * 7 % files.size();
        tasks.add(
            () -> {
              try (Deadline unused = new Deadline(LIMITS.timeout())) {
                Optional<Codec> codec = tryLease(small, files.get(at));
                assertThat(small.decoders()).isLessThanOrEqualTo(3);
                if (codec.isPresent()) {
                  assertThat(frames(codec.get(), files.get(at), ALL)).isEqualTo(expected.get(at));
                  served.incrementAndGet();
                }
                return null;
              }
            });
      }
      for (Future<Void> task : threads.invokeAll(tasks)) {
        task.get();
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(served.get()).isGreaterThan(files.size());
    assertThat(small.decoders()).isLessThanOrEqualTo(3);
  }

  private CodecPool pool(int decoders, long bytes) {
    return new CodecPool(
        (track, limits) -> {
          opened.incrementAndGet();
          return Codec.openContext(track, limits, null);
        },
        new CodecPool.Bounds(decoders, bytes));
  }

  private Path video(String name, int width, int height) throws Exception {
    return TestVideos.write(
        folder.resolve(name + ".mp4"),
        VideoEncoder.Settings.of("libopenh264", width, height, 25),
        8);
  }

  /** The first sight of its kind. */
  private void meet(Path file) throws Exception {
    assertThat(tryLease(pool, file)).isEmpty();
  }

  private Codec lease(Path file) throws Exception {
    return tryLease(pool, file).orElseThrow();
  }

  private static Optional<Codec> tryLease(CodecPool pool, Path file) throws Exception {
    try (VideoSource source = open(file)) {
      return pool.lease(source.track(), LIMITS);
    }
  }

  private static VideoSource open(Path file) throws Exception {
    return VideoSource.open(file, LIMITS);
  }

  private static List<Integer> fresh(Path file, int wanted) throws Exception {
    try (VideoSource source = open(file)) {
      return frames(Codec.open(source.track(), LIMITS), file, wanted);
    }
  }

  /** Hashes of the first pictures of a file; the codec is closed, as a reader closes it. */
  private static List<Integer> frames(Codec codec, Path file, int wanted) throws Exception {
    List<Integer> hashes = new ArrayList<>();
    try (codec;
        VideoSource source = open(file)) {
      while (hashes.size() < wanted && source.next()) {
        codec.send(source.packet());
        receive(codec, hashes, wanted);
      }
      if (hashes.size() < wanted) {
        codec.drain();
        receive(codec, hashes, wanted);
      }
      codec.done();
    }
    return hashes;
  }

  private static void receive(Codec codec, List<Integer> hashes, int wanted) {
    while (hashes.size() < wanted && codec.receive() == Codec.Received.FRAME) {
      AVFrame frame = codec.frame();
      int size = av_image_get_buffer_size(frame.format(), frame.width(), frame.height(), 1);
      byte[] bytes = new byte[size];
      try (BytePointer pixels = new BytePointer(size)) {
        assertThat(
                av_image_copy_to_buffer(
                    pixels,
                    size,
                    frame.data(),
                    frame.linesize(),
                    frame.format(),
                    frame.width(),
                    frame.height(),
                    1))
            .isEqualTo(size);
        pixels.get(bytes);
      }
      hashes.add(Arrays.hashCode(bytes));
      codec.release();
    }
  }
}
