package io.clipstream.trainer.report;

import io.clipstream.model.clip.ClipBuffers;
import io.clipstream.model.clip.ClipSpec;
import io.clipstream.model.clip.CropSize;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.clip.VideoDecoder;
import io.clipstream.trainer.data.ClipList;
import io.clipstream.trainer.data.Footage;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;

/** Small pictures out of the middle of videos. One thread. */
final class Thumbnails {
  /** Side in pixels. */
  static final int SIDE = 96;

  private static final ClipSpec ONE =
      new ClipSpec(
          1, 1, 0, SIDE, CropSize.square(SIDE), true, List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));

  private final VideoDecoder decoder =
      new VideoDecoder(
          ONE, DecodeLimits.defaults(), new ClipBuffers(ONE.clipBytes(), ONE.clipBytes()));

  /** The picture as a {@code data:} address, empty if the video does not decode. */
  String of(ClipList.Entry video) throws InterruptedException {
    String[] address = {""};
    try (Footage footage = Footage.open(video)) {
      footage.decode(
          decoder,
          Sampling.views(1, 1),
          clip -> {
            try (clip) {
              address[0] = address(clip.pixels());
            }
          });
    }
    return address[0];
  }

  private static String address(ByteBuffer rgb) {
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < SIDE * SIDE; i++) {
      int pixel = rgb(rgb.get(3 * i), rgb.get(3 * i + 1), rgb.get(3 * i + 2));
      image.setRGB(i % SIDE, i / SIDE, pixel);
    }
    ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "jpeg", jpeg);
    } catch (IOException e) {
      throw new UncheckedIOException("a picture cannot be written to memory", e);
    }
    return "data:image/jpeg;base64," + Base64.getEncoder().encodeToString(jpeg.toByteArray());
  }

  private static int rgb(byte red, byte green, byte blue) {
    return ((red & 0xff) << 16) | ((green & 0xff) << 8) | (blue & 0xff);
  }
}
