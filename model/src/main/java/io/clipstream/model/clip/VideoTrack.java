package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_FFV1;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_H264;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_MJPEG;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_NONE;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_THEORA;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_ID_VP8;
import static org.bytedeco.ffmpeg.global.avcodec.AV_CODEC_PROP_INTRA_ONLY;
import static org.bytedeco.ffmpeg.global.avcodec.AV_FIELD_PROGRESSIVE;
import static org.bytedeco.ffmpeg.global.avcodec.AV_FIELD_UNKNOWN;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_DATA_DISPLAYMATRIX;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_DATA_FRAME_CROPPING;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_DATA_NEW_EXTRADATA;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_DATA_PALETTE;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_DISCARD;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PROFILE_H264_HIGH_444_PREDICTIVE;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_get_side_data;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_side_data_get;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_descriptor_get;
import static org.bytedeco.ffmpeg.global.avcodec.avcodec_get_name;
import static org.bytedeco.ffmpeg.global.avformat.av_guess_sample_aspect_ratio;
import static org.bytedeco.ffmpeg.global.avformat.avformat_index_get_entries_count;
import static org.bytedeco.ffmpeg.global.avutil.AV_FRAME_CROP_UNALIGNED;
import static org.bytedeco.ffmpeg.global.avutil.AV_FRAME_DATA_DISPLAYMATRIX;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_apply_cropping;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_get_side_data;

import java.nio.ByteBuffer;
import org.bytedeco.ffmpeg.avcodec.AVCodecDescriptor;
import org.bytedeco.ffmpeg.avcodec.AVCodecParameters;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avcodec.AVPacketSideData;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;
import org.bytedeco.ffmpeg.avformat.AVStream;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.avutil.AVFrameSideData;
import org.bytedeco.ffmpeg.avutil.AVRational;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * What a container says of its video track. A view into the container's memory: of no use once that
 * is closed.
 */
final class VideoTrack {
  private static final int MATRIX_BYTES = 9 * Integer.BYTES;

  private final AVFormatContext context;
  private final AVStream stream;
  private final int codec;
  private final boolean rawJpeg;
  private final boolean countsTicks;

  VideoTrack(AVFormatContext context, AVStream stream) {
    this.context = context;
    this.stream = stream;
    this.codec = stream.codecpar().codec_id();
    String format = context.iformat().name().getString();
    this.rawJpeg = format.equals("mjpeg");
    this.countsTicks = format.equals("mxf");
  }

  int index() {
    return stream.index();
  }

  /** The container's own number: the PID of an MPEG transport stream. */
  int streamId() {
    return stream.id();
  }

  AVCodecParameters parameters() {
    return stream.codecpar();
  }

  AVRational timeBase() {
    return stream.time_base();
  }

  /** Pixels by the header or by what a decoder found in the first packets; 0 if neither says. */
  int width() {
    return stream.codecpar().width();
  }

  int height() {
    return stream.codecpar().height();
  }

  /** Seconds of one unit of the time stamps; 0 if the file does not say. */
  double tickSeconds() {
    return rate(stream.time_base());
  }

  /** FFmpeg's number of the codec. */
  int codecId() {
    return codec;
  }

  String codecName() {
    return avcodec_get_name(codec).getString();
  }

  /**
   * For "there is no decoder for its codec": its name, or the four characters that stand for it.
   */
  String named() {
    if (codec != AV_CODEC_ID_NONE) {
      return " " + codecName();
    }
    String tag = codecTag();
    return tag.isEmpty() ? ", which is unknown" : " '" + tag + "'";
  }

  /** The four characters that a file tells its codec by; unprintable ones as ?, empty if none. */
  private String codecTag() {
    int tag = stream.codecpar().codec_tag();
    StringBuilder text = new StringBuilder();
    for (int i = 0; tag != 0 && i < 4; i++) {
      int character = (tag >>> (8 * i)) & 0xff;
      text.append(character >= ' ' && character <= '~' ? (char) character : '?');
    }
    return text.toString();
  }

  /** Whether each picture is coded without reference to another. */
  boolean intraOnly() {
    AVCodecDescriptor descriptor = avcodec_descriptor_get(codec);
    return descriptor != null && (descriptor.props() & AV_CODEC_PROP_INTRA_ONLY) != 0;
  }

  /** Whether it is Motion JPEG. */
  boolean isJpeg() {
    return codec == AV_CODEC_ID_MJPEG;
  }

  /** Whether it is of the codec whose slices {@link SliceChecksums} looks at. */
  boolean mayHaveChecksums() {
    return codec == AV_CODEC_ID_FFV1;
  }

  /**
   * Whether decoding has to begin with the file's first packet: x264 before build 151 wrote 4:4:4
   * in its own way, and only the first packet says which build.
   */
  boolean firstPacketTells() {
    return codec == AV_CODEC_ID_H264
        && stream.codecpar().profile() == AV_PROFILE_H264_HIGH_444_PREDICTIVE;
  }

  /** The codec's header, as the container keeps it. */
  ByteBuffer header() {
    return header(stream.codecpar());
  }

  static ByteBuffer header(AVCodecParameters parameters) {
    return parameters.extradata_size() <= 0
        ? ByteBuffer.allocate(0)
        : parameters.extradata().capacity(parameters.extradata_size()).asByteBuffer();
  }

  /** A copy of it. */
  byte[] headerBytes() {
    ByteBuffer header = header();
    byte[] bytes = new byte[header.remaining()];
    header.get(bytes);
    return bytes;
  }

  /** FFmpeg's number of the pixel format, as far as the header or a first look says. */
  int pixelFormat() {
    return stream.codecpar().format();
  }

  /** Packets that a frame may be stored as: 2 where its fields may be apart. */
  int fields() {
    int order = stream.codecpar().field_order();
    return order == AV_FIELD_UNKNOWN || order == AV_FIELD_PROGRESSIVE ? 1 : 2;
  }

  /** Whether its pictures may be decoded in another order than they are shown in. */
  boolean mayReorder() {
    return stream.codecpar().video_delay() > 0;
  }

  /** When the track ends by the header, in its own time; MISSING if it does not say. */
  long statedEnd() {
    boolean stated = stream.duration() > 0 && stream.duration() < Long.MAX_VALUE / 4;
    long start = stream.start_time() == Timeline.MISSING ? 0 : stream.start_time();
    return stated && Math.abs(start) < Long.MAX_VALUE / 4
        ? start + stream.duration()
        : Timeline.MISSING;
  }

  /** Packets that the container's index lists; 0 if it has none. */
  int indexedFrames() {
    return avformat_index_get_entries_count(stream);
  }

  /** Whether a frame has a tick: MXF's edit units. */
  boolean countsTicks() {
    return countsTicks;
  }

  /** Frames that the header promises; 0 if it does not say. */
  long promisedFrames() {
    boolean byLength = countsTicks && stream.nb_frames() == 0 && stream.duration() > 0;
    return byLength ? stream.duration() : stream.nb_frames();
  }

  /** Frames a second by the header; 0 if it does not say. */
  double headerRate() {
    double average = rate(stream.avg_frame_rate());
    return average > 0 ? average : rate(stream.r_frame_rate());
  }

  private static double rate(AVRational rational) {
    return rational.den() > 0 ? rational.num() / (double) rational.den() : 0;
  }

  /** What a decoder shows for a packet of this track. */
  PacketTable.Shows shows(AVPacket packet) {
    if ((packet.flags() & AV_PKT_FLAG_DISCARD) != 0) {
      return PacketTable.Shows.NOTHING; // cut away by an edit list
    }
    if (packet.size() == 0) {
      return PacketTable.Shows.LAST_FRAME; // Theora's and AVI's way to repeat a picture
    }
    boolean hidden =
        switch (codec) {
          // VP8 stores hidden reference frames as packets: show_frame is bit 4 (RFC 6386, 9.1).
          case AV_CODEC_ID_VP8 -> (packet.data().get() & 0x10) == 0;
          case AV_CODEC_ID_THEORA -> (packet.data().get() & 0x80) != 0; // a header
          default -> false;
        };
    return hidden ? PacketTable.Shows.NOTHING : PacketTable.Shows.FRAME;
  }

  /**
   * Whether a packet brings a palette, or another header than the track's. FFmpeg gives it with one
   * packet and not again behind a seek, so that what is decoded from there on would be without it.
   */
  boolean bringsHeader(AVPacket packet) {
    if (packet.side_data_elems() == 0) {
      return false;
    }
    try (SizeTPointer size = new SizeTPointer(1)) {
      if (av_packet_get_side_data(packet, AV_PKT_DATA_PALETTE, size) != null) {
        return true;
      }
      BytePointer header = av_packet_get_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, size);
      return header != null && !header.capacity(size.get()).asByteBuffer().equals(header());
    }
  }

  /**
   * Whether a picture of raw Motion JPEG ends before its end marker. Its decoder does not say so,
   * and shows whatever is in memory where data is missing.
   */
  boolean isCutOff(AVPacket packet) {
    if (!rawJpeg || packet.size() == 0) {
      return false;
    }
    ByteBuffer bytes = packet.data().capacity(packet.size()).asByteBuffer();
    for (int i = bytes.limit() - 2; i >= 0; i--) {
      if (bytes.get(i) == (byte) 0xff && bytes.get(i + 1) == (byte) 0xd9) {
        return false;
      }
    }
    return true;
  }

  /** Whether a packet is for the decoder: not if it is empty, or a comment between Ogg streams. */
  boolean hasPicture(AVPacket packet) {
    return packet.size() > 0
        && !(codec == AV_CODEC_ID_THEORA && (packet.data().get() & 0xff) == 0x81);
  }

  /** Whether the container says that a part of each picture is not shown. */
  boolean isCropped() {
    return sideData(AV_PKT_DATA_FRAME_CROPPING, 16) != null;
  }

  /**
   * Cuts off a decoded picture what the container says is not shown: Matroska's PixelCrop, the
   * clean aperture of MP4 and MOV. What would leave nothing is a lie.
   */
  void crop(AVFrame frame) {
    BytePointer cut = sideData(AV_PKT_DATA_FRAME_CROPPING, 16);
    if (cut == null) {
      return;
    }
    IntPointer edges = new IntPointer(cut);
    long top = Integer.toUnsignedLong(edges.get(0));
    long bottom = Integer.toUnsignedLong(edges.get(1));
    long left = Integer.toUnsignedLong(edges.get(2));
    long right = Integer.toUnsignedLong(edges.get(3));
    if (left + right < frame.width() && top + bottom < frame.height()) {
      frame.crop_top(top).crop_bottom(bottom).crop_left(left).crop_right(right);
      av_frame_apply_cropping(frame, AV_FRAME_CROP_UNALIGNED);
    }
  }

  /**
   * What the container says beside of all pictures; null if nothing, or less than so many bytes.
   */
  private BytePointer sideData(int type, int bytes) {
    AVCodecParameters parameters = stream.codecpar();
    AVPacketSideData data =
        av_packet_side_data_get(
            parameters.coded_side_data(), parameters.nb_coded_side_data(), type);
    return data == null || data.size() < bytes ? null : data.data();
  }

  /**
   * How a decoded picture is shown.
   *
   * @param turned as the pictures before it said
   */
  ShownPicture shown(AVFrame frame, Orientation turned) {
    BytePointer matrix = sideData(AV_PKT_DATA_DISPLAYMATRIX, MATRIX_BYTES);
    Orientation orientation = matrix == null ? turned : orientation(matrix);
    return ShownPicture.of(frame.width(), frame.height(), pixelAspect(frame), orientation);
  }

  /** Width of a pixel over its height; 1 where the file says nothing sensible. */
  private double pixelAspect(AVFrame frame) {
    AVRational aspect = av_guess_sample_aspect_ratio(context, stream, frame);
    double ratio = aspect.num() / (double) Math.max(1, aspect.den());
    return ratio >= 0.05 && ratio <= 20 ? ratio : 1;
  }

  /**
   * How a picture of H.264 or HEVC says that it and those behind it are turned, for FFmpeg tells it
   * of that one alone; as those before it, if it says nothing.
   */
  static Orientation turned(AVFrame frame, Orientation before) {
    AVFrameSideData matrix = av_frame_get_side_data(frame, AV_FRAME_DATA_DISPLAYMATRIX);
    return matrix == null || matrix.size() < MATRIX_BYTES ? before : orientation(matrix.data());
  }

  private static Orientation orientation(BytePointer matrix) {
    IntPointer m = new IntPointer(matrix);
    return Orientation.of(m.get(0), m.get(1), m.get(3), m.get(4));
  }
}
