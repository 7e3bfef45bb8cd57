package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_MJPEG;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_PNG;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_KEY;
import static org.bytedeco.ffmpeg.global.avcodec.av_new_packet;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_VIDEO;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avutil.AVRational;

/**
 * Puts pictures, encoded as they are, into a MOV file as the frames of a video, so that what
 * decodes videos decodes them. One thread; {@link #finish} it and close it. Owns native memory.
 */
public final class PicturesFile implements AutoCloseable {
  /** Rates are taken to so many parts of a frame a second. */
  private static final int PARTS = 1000;

  private final Path file;
  private final EncodedFile encoded;
  private final AVPacket packet;
  private final AVRational frame = new AVRational();

  /**
   * Creates the file.
   *
   * @param file to be written, with the suffix {@code .mov}
   * @param like what all pictures are
   * @throws IOException if the file cannot be written
   */
  public PicturesFile(Path file, StillPicture like, double framesPerSecond) throws IOException {
    Ffmpeg.load();
    this.file = file;
    int parts = Math.max(1, (int) Math.round(framesPerSecond * PARTS));
    int common = BigInteger.valueOf(parts).gcd(BigInteger.valueOf(PARTS)).intValue();
    frame.num(PARTS / common).den(parts / common);
    this.encoded = new EncodedFile(file);
    this.packet = av_packet_alloc();
    try {
      encoded.begin(
          frame,
          parameters -> {
            parameters.codec_type(AVMEDIA_TYPE_VIDEO);
            parameters.codec_id(
                switch (like.format()) {
                  case JPEG -> AV_CODEC_ID_MJPEG;
                  case PNG -> AV_CODEC_ID_PNG;
                });
            parameters.width(like.width()).height(like.height());
          });
    } catch (Throwable e) {
      close();
      throw e;
    }
  }

  /**
   * Adds a picture.
   *
   * @param picture the bytes of its file
   * @param number of the frame, from 0 and ascending; where numbers are left out, the frame before
   *     stays
   */
  public void add(byte[] picture, long number) throws IOException {
    if (av_new_packet(packet, picture.length) < 0) {
      throw new IOException(file + ": no native memory for a picture of " + picture.length);
    }
    packet.data().put(picture, 0, picture.length);
    packet.pts(number).dts(number).duration(1);
    packet.flags(AV_PKT_FLAG_KEY);
    encoded.write(packet, frame);
  }

  /** Writes what comes after the last picture. */
  public void finish() throws IOException {
    encoded.finish();
  }

  /** Frees what it holds; a file that was not finished is of no use. */
  @Override
  public void close() {
    av_packet_free(packet);
    encoded.close();
    frame.close();
  }
}
