package io.clipstream.model.clip;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StillPictureTest {
  @TempDir Path folder;

  private static byte[] picture(String format) throws Exception {
    BufferedImage image = new BufferedImage(61, 33, BufferedImage.TYPE_INT_RGB);
    Random random = new Random(1);
    for (int i = 0; i < 61 * 33; i++) {
      image.setRGB(i % 61, i / 61, random.nextInt());
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, format, bytes);
    return bytes.toByteArray();
  }

  private Path file(byte[] bytes) throws Exception {
    return Files.write(folder.resolve("picture"), bytes);
  }

  @ParameterizedTest
  @EnumSource
  void shouldTellFormatAndSize(StillPicture.Format format) throws Exception {
    byte[] bytes = picture(format.name());
    Path whole = file(bytes);

    assertThat(StillPicture.of(whole)).contains(new StillPicture(format, 61, 33));
    assertThat(StillPicture.hasEnd(whole, format)).isTrue();
    // Phones put a video or another picture behind it.
    for (int more : new int[] {1, 1000, 1 << 20}) {
      Path behind = file(Arrays.copyOf(bytes, bytes.length + more));
      assertThat(StillPicture.hasEnd(behind, format)).as("%d bytes behind it", more).isTrue();
    }
    for (int left : new int[] {bytes.length * 2 / 3, bytes.length - 15}) {
      Path cut = file(Arrays.copyOf(bytes, left));
      assertThat(StillPicture.of(cut)).isPresent();
      assertThat(StillPicture.hasEnd(cut, format)).isFalse();
    }
  }

  /** Whose end is none of the picture's own. */
  @Test
  void shouldNotTakeTheEndOfAPreviewForThatOfThePicture() throws Exception {
    byte[] own = picture("jpeg");
    byte[] preview = Arrays.copyOf(own, 4000);
    preview[3998] = (byte) 0xff;
    preview[3999] = (byte) 0xd9;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(own, 0, 2);
    bytes.writeBytes(new byte[] {(byte) 0xff, (byte) 0xe1, 0x0f, (byte) 0xa2});
    bytes.writeBytes(preview);
    bytes.write(own, 2, own.length - 2);
    byte[] whole = bytes.toByteArray();

    assertThat(StillPicture.hasEnd(file(whole), StillPicture.Format.JPEG)).isTrue();
    Path cut = file(Arrays.copyOf(whole, whole.length - 2));
    assertThat(StillPicture.of(cut)).isPresent();
    assertThat(StillPicture.hasEnd(cut, StillPicture.Format.JPEG)).isFalse();
  }

  /** A camera's data before the size may be long, and has pictures of its own in it. */
  @Test
  void shouldPassOverWhatIsBeforeTheSizeOfAJpeg() throws Exception {
    byte[] own = picture("jpeg");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(own, 0, 2);
    for (int i = 0; i < 3; i++) {
      bytes.writeBytes(
          new byte[] {(byte) 0xff, (byte) 0xff, (byte) 0xe1, (byte) 0xff, (byte) 0xf0});
      bytes.writeBytes(Arrays.copyOf(own, 0xffee));
    }
    bytes.write(own, 2, own.length - 2);

    assertThat(StillPicture.of(file(bytes.toByteArray())))
        .contains(new StillPicture(StillPicture.Format.JPEG, 61, 33));
  }

  @Test
  void shouldFindNothingInWhatIsNoPicture() throws Exception {
    byte[] jpeg = picture("jpeg");
    for (byte[] none :
        new byte[][] {
          {},
          {(byte) 0xff},
          "text".getBytes(),
          Arrays.copyOf(jpeg, 2),
          Arrays.copyOf(jpeg, 150),
          Arrays.copyOf(picture("png"), 20)
        }) {
      assertThat(StillPicture.of(file(none))).as(Arrays.toString(none)).isEmpty();
    }
  }

  /** Segments that never end. */
  @Test
  void shouldEndOnHostileJpegs() throws Exception {
    byte[] fill = new byte[1 << 20];
    Arrays.fill(fill, (byte) 0xff);
    fill[1] = (byte) 0xd8;

    assertThat(StillPicture.of(file(fill))).isEmpty();
  }
}
