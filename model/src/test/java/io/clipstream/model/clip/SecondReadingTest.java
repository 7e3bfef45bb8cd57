package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_free_context;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A video that is read once more from its start, as after a GPU has failed in its midst. */
class SecondReadingTest {
  private static final ClipSpec SPEC = TestVideos.spec(4, 25);
  private static final DecodeLimits LIMITS = DecodeLimits.defaults();

  private final ClipBuffers buffers = new ClipBuffers(SPEC.clipBytes(), 8L * SPEC.clipBytes());

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5, 17, 39})
  void shouldGiveEachClipOnce(int pictures) throws Exception {
    Path file =
        TestVideos.write(
            folder.resolve("v.mp4"),
            VideoEncoder.Settings.of("libopenh264", 160, 120, 25).withKeyInterval(8),
            40);
    Sampling sampling = Sampling.sliding(20);
    List<byte[]> expected = new ArrayList<>();
    new VideoDecoder(SPEC, LIMITS, buffers)
        .decode(file, sampling, Optional.empty(), clip -> keep(clip, expected));
    List<byte[]> clips = new ArrayList<>();

    try (Deadline deadline = new Deadline(Duration.ofMinutes(1));
        VideoSource source = VideoSource.open(file, LIMITS)) {
      PacketScan scan = PacketScan.of(source, LIMITS);
      FramePlan plan = FramePlan.of(scan.timeline(), sampling, SPEC, Optional.empty());
      try (ClipAssembly assembly =
          new ClipAssembly(SPEC, plan, 1, buffers, deadline, clip -> keep(clip, clips))) {
        FailingScaler failing = new FailingScaler(SPEC, pictures);
        assertThatThrownBy(() -> read(source, scan, plan, assembly, failing, watchedBy(failing)))
            .isInstanceOf(CardFailedException.class);
        assertThat(failing.cutOff).as("a decoder went while its pictures were read").isFalse();
        assembly.again();
        Scaler scaler = new PictureScaler(SPEC, 1);
        read(source, scan, plan, assembly, scaler, Codecs.onCpu(LIMITS));
        assertThat(assembly.clips()).isEqualTo(expected.size());
      }
    }

    assertThat(clips)
        .hasSize(10)
        .usingElementComparator(java.util.Arrays::compare)
        .isEqualTo(expected);
    assertThat(buffers.lent()).isZero();
  }

  @Test
  void shouldTakeAnyLossForAFailureWhereNoneIsTolerated() {
    Losses losses = new Losses(false);
    assertThatThrownBy(losses::packetRefused).isInstanceOf(CardFailedException.class);
    assertThatThrownBy(losses::frameDamaged).isInstanceOf(CardFailedException.class);
    assertThatThrownBy(losses::frameMissed).isInstanceOf(CardFailedException.class);
    assertThatThrownBy(() -> losses.clipsDropped(1)).isInstanceOf(CardFailedException.class);
  }

  private static void read(
      VideoSource source,
      PacketScan scan,
      FramePlan plan,
      ClipAssembly clips,
      Scaler scaler,
      Codecs codecs)
      throws Exception {
    try (scaler;
        FrameReader reader =
            new FrameReader(
                source,
                scan.timeline(),
                plan,
                clips,
                new Losses(false),
                codecs,
                scaler,
                LIMITS,
                false)) {
      reader.read();
    }
  }

  /** Decoders that tell the scaler, which reads their pictures, when they end. */
  private static Codecs watchedBy(FailingScaler scaler) {
    return track ->
        new Codec(
            Codec.openContext(track, LIMITS, null),
            null,
            codec -> {
              scaler.cutOff |= scaler.busy;
              avcodec_free_context(codec.context());
            });
  }

  private static void keep(Clip clip, List<byte[]> to) {
    try (clip) {
      byte[] bytes = new byte[clip.pixels().remaining()];
      clip.pixels().get(0, bytes);
      to.add(bytes);
    }
  }

  /** Fails behind so many pictures. */
  private static final class FailingScaler implements Scaler {
    private final PictureScaler scaler;
    private int left;
    private boolean busy; // as long as nobody has waited for what was begun
    private boolean cutOff; // a decoder ended meanwhile

    FailingScaler(ClipSpec spec, int pictures) {
      scaler = new PictureScaler(spec, 1);
      left = pictures;
    }

    @Override
    public void scale(AVFrame frame, double pixelAspect, Orientation orientation)
        throws UnusableVideoException {
      if (left-- == 0) {
        throw new CardFailedException("as a test wants it");
      }
      busy = true;
      scaler.scale(frame, pixelAspect, orientation);
    }

    @Override
    public void copy(int crop, ByteBuffer to, int offset) {
      scaler.copy(crop, to, offset);
    }

    @Override
    public void await() {
      busy = false;
    }

    @Override
    public void close() {
      scaler.close();
    }
  }
}
