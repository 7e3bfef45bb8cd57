package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Whole clips against what the code that each origin runs made of the same files: places of clips,
 * sizes and places of crops, and pixels. {@code make_protocols.py} wrote {@code origins.bin}.
 */
@Timeout(300)
class OriginPixelsTest {
  private static final Path VIDEOS =
      Path.of("../streams-app/src/main/resources/io/clipstream/streams/demo");

  private static final int PATCH = 6;

  /** As FILES of make_protocols.py. */
  private record Source(String file, int shortSide, int crop) {}

  private static final List<Source> SOURCES =
      List.of(new Source("real-toy.webm", 256, 224), new Source("real-cockatoo.mkv", 128, 112));

  @Test
  void shouldCutThePixelsOfEachOrigin() throws Exception {
    try (InputStream origins = OriginPixelsTest.class.getResourceAsStream("origins.bin")) {
      for (Source source : SOURCES) {
        for (Protocol protocol : Protocol.values()) {
          String name = source.file() + " by " + protocol;
          ByteBuffer one = clips(source, source.shortSide(), protocol, Sampling.views(1, 1)).get(0);
          for (int frame : new int[] {0, 15, 31}) {
            compare(name, one, frame, source.crop(), origins);
          }
          if (protocol != Protocol.TORCHVISION) {
            for (ByteBuffer clip : clips(source, source.crop(), protocol, Sampling.views(4, 3))) {
              compare(name, clip, 0, source.crop(), origins);
            }
          }
        }
      }
      assertThat(origins.read()).isEqualTo(-1);
    }
  }

  private static List<ByteBuffer> clips(
      Source source, int shortSide, Protocol protocol, Sampling sampling) throws Exception {
    CropSize crop = CropSize.square(source.crop());
    List<Float> zero = List.of(0f, 0f, 0f);
    List<Float> one = List.of(1f, 1f, 1f);
    ClipSpec spec = new ClipSpec(32, 0, 2, shortSide, crop, false, zero, one, protocol);
    ClipBuffers buffers = new ClipBuffers(spec.clipBytes(), 12L * spec.clipBytes());
    List<ByteBuffer> clips = new ArrayList<>();
    DecodeResult result =
        new VideoDecoder(spec, DecodeLimits.defaults(), buffers)
            .decode(
                VIDEOS.resolve(source.file()),
                sampling,
                Optional.empty(),
                clip -> {
                  try (clip) {
                    clips.add(ByteBuffer.allocate(spec.clipBytes()).put(clip.pixels()).flip());
                  }
                });
    assertThat(result).isInstanceOf(DecodeResult.Decoded.class);
    return clips;
  }

  /** The corners and the middle of a crop. */
  private static void compare(
      String name, ByteBuffer clip, int frame, int side, InputStream origins) throws IOException {
    int far = side - PATCH;
    int middle = far / 2;
    int[][] places = {{0, 0}, {far, 0}, {0, far}, {far, far}, {middle, middle}};
    for (int[] place : places) {
      byte[] theirs = origins.readNBytes(PATCH * PATCH * 3);
      int sum = 0;
      for (int i = 0; i < theirs.length; i++) {
        int y = place[1] + i / (3 * PATCH);
        int at = ((frame * side + y) * side + place[0]) * 3 + i % (3 * PATCH);
        int difference = Math.abs((clip.get(at) & 0xff) - (theirs[i] & 0xff));
        assertThat(difference)
            .as("%s, frame %d, near %d, %d", name, frame, place[0], place[1])
            .isLessThanOrEqualTo(2);
        sum += difference;
      }
      assertThat(sum / (double) theirs.length)
          .as("%s, frame %d, near %d, %d", name, frame, place[0], place[1])
          .isLessThan(0.5);
    }
  }
}
