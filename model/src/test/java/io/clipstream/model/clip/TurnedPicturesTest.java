package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;

import io.clipstream.model.clip.DecodeResult.Decoded;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * H.264 may say that its pictures are to be turned, once or before each key frame (display
 * orientation SEI). The files have 30 pictures of 64 x 48, black on the left and white on the
 * right, a key frame every ten, and are to be turned by 90 degrees against the clock.
 */
@Timeout(120)
class TurnedPicturesTest {
  private static final int WIDTH = 48;
  private static final int HEIGHT = 64;

  @ParameterizedTest
  @ValueSource(strings = {"turned-once.mkv", "turned-often.ts"})
  void shouldTurnEveryPictureAsOneOfThemSays(String name) throws Exception {
    assertThat(shown(name, Sampling.sliding(100))).hasSize(30);
  }

  @ParameterizedTest
  @ValueSource(strings = {"turned-once.mkv", "turned-often.ts"})
  void shouldTurnThoseInTheMiddle(String name) throws Exception {
    assertThat(shown(name, Sampling.views(1, 1))).hasSize(1);
  }

  private static List<ByteBuffer> shown(String name, Sampling sampling) throws Exception {
    Path file = Path.of(TurnedPicturesTest.class.getResource(name).toURI());
    List<ByteBuffer> shown = new ArrayList<>();

    DecodeResult result =
        DecodedPictures.decode(file, DecodedPictures.whole(WIDTH, HEIGHT), sampling, shown);

    assertThat(((Decoded) result).note()).isEmpty();
    assertThat(((Decoded) result).info().rotation()).isEqualTo(270);
    assertThat(shown)
        .allSatisfy(
            picture -> {
              assertThat(picture.get(0) & 0xff).isGreaterThan(230);
              assertThat(picture.get(3 * WIDTH * HEIGHT - 1) & 0xff).isLessThan(25);
            });
    return shown;
  }
}
