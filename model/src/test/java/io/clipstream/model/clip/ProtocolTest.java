package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against what {@code make_protocols.py} had the code of each origin say. */
class ProtocolTest {
  private static final List<Float> ZERO = List.of(0f, 0f, 0f);
  private static final List<Float> ONE = List.of(1f, 1f, 1f);

  static Stream<String> crops() throws IOException {
    return lines("protocols.csv");
  }

  static Stream<String> clips() throws IOException {
    return lines("protocol-clips.csv");
  }

  @ParameterizedTest
  @MethodSource("crops")
  void shouldCutWhereTheReferenceCuts(String line) {
    String[] cells = line.split(",", -1);
    int[] numbers = Arrays.stream(cells).skip(1).mapToInt(Integer::parseInt).toArray();
    int crops = numbers[2];
    ClipSpec spec = spec(Protocol.valueOf(cells[0]));
    PictureFormat format =
        new PictureFormat(numbers[0], numbers[1], 0, 1, Orientation.UPRIGHT, 0, false);
    List<CropGeometry.Part> parts =
        IntStream.range(0, crops)
            .mapToObj(crop -> CropGeometry.part(spec, format, crop, crops))
            .sorted(Comparator.comparingInt(part -> part.x() + part.y()))
            .toList();
    for (int crop = 0; crop < crops; crop++) {
      assertThat(parts.get(crop))
          .isEqualTo(
              new CropGeometry.Part(
                  numbers[3], numbers[4], numbers[5 + 2 * crop], numbers[6 + 2 * crop], 224, 224));
    }
  }

  @ParameterizedTest
  @MethodSource("clips")
  void shouldBeginClipsWhereTheReferenceBegins(String line) {
    String[] cells = line.split(",", -1);
    int last = cells.length - 1;
    int[] numbers = Arrays.stream(cells, 1, last).mapToInt(Integer::parseInt).toArray();
    double[] seconds = IntStream.range(0, numbers[0]).mapToDouble(i -> i / 30.0).toArray();

    List<ClipSampler.Window> windows =
        ClipSampler.sample(
            Sampling.views(numbers[1], 1),
            spec(Protocol.valueOf(cells[0])),
            seconds,
            numbers[0] / 30.0);

    assertThat(windows.stream().mapToInt(window -> window.frames()[0]).toArray())
        .isEqualTo(Arrays.copyOfRange(numbers, 2, numbers.length));
    assertThat(checksum(windows)).as("all frames").isEqualTo(Long.parseLong(cells[last]));
  }

  private static long checksum(List<ClipSampler.Window> windows) {
    ByteBuffer frames = ByteBuffer.allocate(4 * 32 * windows.size()).order(ByteOrder.LITTLE_ENDIAN);
    windows.forEach(window -> Arrays.stream(window.frames()).forEach(frames::putInt));
    CRC32 crc = new CRC32();
    crc.update(frames.flip());
    return crc.getValue();
  }

  private static ClipSpec spec(Protocol protocol) {
    return new ClipSpec(32, 0, 2, 256, CropSize.square(224), false, ZERO, ONE, protocol);
  }

  private static Stream<String> lines(String resource) throws IOException {
    try (var in = ProtocolTest.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines();
    }
  }
}
