package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.clipstream.model.UserError;
import io.clipstream.model.clip.VideoEncoder.Settings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VideoEncoderTest {
  private static final Settings MPEG4 = Settings.of("mpeg4", 64, 48, 25);

  @TempDir Path directory;

  @Test
  void shouldNameWhatItCannotUse() {
    assertThatThrownBy(
            () -> new VideoEncoder(directory.resolve("a.mp4"), Settings.of("x264", 64, 48, 25)))
        .isInstanceOf(UserError.class)
        .hasMessage("there is no encoder named x264");
    assertThatThrownBy(() -> new VideoEncoder(directory.resolve("a.nothing"), MPEG4))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("a.nothing");
    assertThatThrownBy(
            () -> new VideoEncoder(directory.resolve("a.mp4"), MPEG4.withPixelFormat("rgb")))
        .isInstanceOf(UserError.class)
        .hasMessage("no pixel format is named rgb");
    assertThatThrownBy(() -> new VideoEncoder(directory.resolve("no/such/folder.mp4"), MPEG4))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("cannot be written");
  }

  @Test
  void shouldRefuseAPictureThatIsTooSmall() throws IOException {
    try (VideoEncoder encoder = new VideoEncoder(directory.resolve("a.mp4"), MPEG4)) {
      assertThatThrownBy(() -> encoder.add(ByteBuffer.allocateDirect(10)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("the picture has 10 bytes, expected 9216");
      encoder.add(ByteBuffer.allocate(64 * 48 * 3)); // a buffer on the heap is as good
    }
  }

  @Test
  void shouldCloseTwiceAndWriteTheSameFileAgain() throws IOException {
    Path file = directory.resolve("b.mp4");
    for (int i = 0; i < 2; i++) {
      VideoEncoder encoder = new VideoEncoder(file, MPEG4);
      encoder.add(TestVideos.picture(i, MPEG4));
      encoder.close();
      encoder.close();
      assertThat(Files.size(file)).isGreaterThan(300);
    }
  }
}
