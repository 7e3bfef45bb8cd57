package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_MJPEG;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_PCM_S16LE;
import static org.bytedeco.ffmpeg.global.avcodec.av_new_packet;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avformat.AVIO_FLAG_WRITE;
import static org.bytedeco.ffmpeg.global.avformat.AV_DISPOSITION_ATTACHED_PIC;
import static org.bytedeco.ffmpeg.global.avformat.av_interleaved_write_frame;
import static org.bytedeco.ffmpeg.global.avformat.av_write_trailer;
import static org.bytedeco.ffmpeg.global.avformat.avformat_alloc_output_context2;
import static org.bytedeco.ffmpeg.global.avformat.avformat_free_context;
import static org.bytedeco.ffmpeg.global.avformat.avformat_new_stream;
import static org.bytedeco.ffmpeg.global.avformat.avformat_write_header;
import static org.bytedeco.ffmpeg.global.avformat.avio_closep;
import static org.bytedeco.ffmpeg.global.avformat.avio_open;
import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_AUDIO;
import static org.bytedeco.ffmpeg.global.avutil.AVMEDIA_TYPE_VIDEO;
import static org.bytedeco.ffmpeg.global.avutil.AV_SAMPLE_FMT_S16;
import static org.bytedeco.ffmpeg.global.avutil.av_channel_layout_default;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVIOContext;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVDictionary;
import org.bytedeco.javacpp.BytePointer;

/** Files with sound but no video, with or without a picture on the cover. */
public final class TestSounds {
  private static final int RATE = 8000;

  private TestSounds() {}

  /**
   * A second of silence, as uncompressed samples.
   *
   * @param cover a JPEG, or null
   */
  public static Path write(Path file, byte[] cover) throws IOException {
    Ffmpeg.load();
    AVFormatContext format = new AVFormatContext(null);
    avformat_alloc_output_context2(format, null, null, file.toString());
    AVStream sound = avformat_new_stream(format, null);
    sound.codecpar().codec_type(AVMEDIA_TYPE_AUDIO).codec_id(AV_CODEC_ID_PCM_S16LE);
    sound.codecpar().format(AV_SAMPLE_FMT_S16).sample_rate(RATE).bits_per_coded_sample(16);
    sound.codecpar().block_align(2);
    av_channel_layout_default(sound.codecpar().ch_layout(), 1);
    sound.time_base().num(1).den(RATE);
    if (cover != null) {
      AVStream picture = avformat_new_stream(format, null);
      picture.codecpar().codec_type(AVMEDIA_TYPE_VIDEO).codec_id(AV_CODEC_ID_MJPEG);
      picture.codecpar().width(320).height(240);
      picture.disposition(AV_DISPOSITION_ATTACHED_PIC);
      picture.time_base().num(1).den(90_000);
    }
    AVIOContext bytes = new AVIOContext(null);
    check(avio_open(bytes, "file:" + file, AVIO_FLAG_WRITE));
    format.pb(bytes);
    check(avformat_write_header(format, (AVDictionary) null));
    if (cover != null) {
      write(format, 1, cover, 0, 0);
    }
    for (int i = 0; i < 10; i++) {
      write(format, 0, new byte[RATE / 10 * 2], (long) i * RATE / 10, RATE / 10);
    }
    check(av_write_trailer(format));
    avio_closep(bytes);
    avformat_free_context(format);
    return file;
  }

  private static void write(
      AVFormatContext format, int stream, byte[] content, long time, long duration)
      throws IOException {
    AVPacket packet = av_packet_alloc();
    check(av_new_packet(packet, content.length));
    new BytePointer(packet.data()).put(content);
    packet.stream_index(stream).pts(time).dts(time).duration(duration).flags(1);
    check(av_interleaved_write_frame(format, packet));
    av_packet_free(packet);
  }

  /** Silent MPEG audio frames behind an ID3 tag with a picture. */
  static byte[] mp3(byte[] cover) {
    ByteArrayOutputStream picture = new ByteArrayOutputStream();
    picture.writeBytes("\0image/jpeg\0\3\0".getBytes(StandardCharsets.ISO_8859_1));
    picture.writeBytes(cover);
    ByteArrayOutputStream tag = new ByteArrayOutputStream();
    tag.writeBytes("APIC".getBytes(StandardCharsets.ISO_8859_1));
    tag.writeBytes(ByteBuffer.allocate(6).putInt(picture.size()).array());
    tag.writeBytes(picture.toByteArray());
    int size = tag.size();
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes("ID3\3\0\0".getBytes(StandardCharsets.ISO_8859_1));
    for (int shift = 21; shift >= 0; shift -= 7) {
      file.write(size >> shift & 0x7f);
    }
    file.writeBytes(tag.toByteArray());
    for (int i = 0; i < 100; i++) { // layer III, 128 kbit/s, 44.1 kHz: 417 bytes each
      byte[] frame = new byte[417];
      frame[0] = (byte) 0xff;
      frame[1] = (byte) 0xfb;
      frame[2] = (byte) 0x90;
      frame[3] = 0x64;
      file.writeBytes(frame);
    }
    return file.toByteArray();
  }

  private static void check(int error) throws IOException {
    if (error < 0) {
      throw new IOException(Ffmpeg.message(error));
    }
  }
}
