package io.clipstream.model.clip;

import static org.bytedeco.ffmpeg.global.avcodec.AVDISCARD_ALL;
import static org.bytedeco.ffmpeg.global.avcodec.AV_PKT_FLAG_KEY;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_alloc;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_free;
import static org.bytedeco.ffmpeg.global.avcodec.av_packet_unref;
import static org.bytedeco.ffmpeg.global.avformat.AVSEEK_FLAG_BACKWARD;
import static org.bytedeco.ffmpeg.global.avformat.av_read_frame;
import static org.bytedeco.ffmpeg.global.avformat.av_seek_frame;
import static org.bytedeco.ffmpeg.global.avformat.avio_tell;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EAGAIN;
import static org.bytedeco.ffmpeg.global.avutil.AVERROR_EOF;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.NavigableSet;
import org.bytedeco.ffmpeg.avcodec.AVPacket;
import org.bytedeco.ffmpeg.avformat.AVFormatContext;

/**
 * The packets of a file's video track, in the order of the file. One thread, under a {@link
 * Deadline}.
 */
final class VideoSource implements AutoCloseable {
  private static final double BACK_SECONDS = 1;

  /** What FFmpeg's reader of GXF says at the end of a file, too. */
  private static final int NOTHING_MORE = -1;

  private final Path file;
  private final DecodeLimits limits;
  private final AVPacket packet = av_packet_alloc();
  private Container container;
  private List<VideoTrack> tracks;
  private VideoTrack track;
  private SliceData slices;
  private boolean othersDiscarded;

  private VideoSource(Path file, DecodeLimits limits) {
    this.file = file;
    this.limits = limits;
  }

  /**
   * Opens a file and chooses its video track.
   *
   * @throws java.io.UncheckedIOException if the file is missing or cannot be read
   */
  static VideoSource open(Path file, DecodeLimits limits)
      throws UnusableVideoException, InterruptedException {
    VideoSource source = new VideoSource(file, limits);
    try {
      source.open();
      return source;
    } catch (Throwable e) {
      source.close();
      throw e;
    }
  }

  private void open() throws UnusableVideoException, InterruptedException {
    container = Container.open(file, limits);
    tracks = TrackChoice.candidates(container.context(), container.name());
    track = tracks.get(0);
    othersDiscarded = false;
  }

  Container container() {
    return container;
  }

  /** All video tracks, the likeliest first. */
  List<VideoTrack> tracks() {
    return tracks;
  }

  /**
   * Makes a track the one whose packets are read.
   *
   * @param checksummed whether its slices have checksums behind them
   */
  void choose(VideoTrack chosen, boolean checksummed) {
    track = chosen;
    slices = new SliceData(track, checksummed);
  }

  /** The video track whose packets are read; another object after {@link #restart()}. */
  VideoTrack track() {
    return track;
  }

  /**
   * Reads the next packet of any track, which {@link #packet()} then is until the next call.
   *
   * @return 0, or FFmpeg's error: AVERROR_EOF at the end of the file
   */
  int read() throws UnusableVideoException, InterruptedException {
    av_packet_unref(packet);
    int error;
    long at;
    do { // the reader of MPEG-TS gives up after 64 KiB that are no packets, and goes on from there
      Deadline.check();
      at = avio_tell(container.context().pb());
      error = av_read_frame(container.context(), packet);
    } while (error == AVERROR_EAGAIN() && avio_tell(container.context().pb()) > at);
    if (error < 0) {
      Deadline.check();
    }
    if (error == NOTHING_MORE && container.context().pb().eof_reached() != 0) {
      return AVERROR_EOF;
    }
    return Math.min(error, 0);
  }

  /**
   * Reads the next packet of the video track, which {@link #packet()} then is until the next call.
   *
   * @return false at the end of what can be read
   */
  boolean next() throws UnusableVideoException, InterruptedException {
    while (read() == 0) {
      if (packet.stream_index() == track.index()) {
        return true;
      }
    }
    return false;
  }

  AVPacket packet() {
    return packet;
  }

  /**
   * How many bytes the file lacks at its end, by what its container says.
   *
   * @param read where the last packet ends
   */
  long missing(long read) throws UnusableVideoException, InterruptedException {
    return look((format, bytes) -> StatedEnd.missing(format, bytes, read));
  }

  /**
   * Chunks of AVI without a byte behind the last packet of the track.
   *
   * @param read where that ends
   */
  long emptyChunks(long read) throws UnusableVideoException, InterruptedException {
    return look((format, bytes) -> StatedEnd.emptyChunks(bytes, read, track.index()));
  }

  /**
   * Bytes of the file that cannot be read as what has to be there.
   *
   * @param read where the last packet ends
   */
  long unreadable(long read) throws UnusableVideoException, InterruptedException {
    return look((format, bytes) -> StatedEnd.unreadable(format, bytes, read));
  }

  /** Of the track in an MPEG transport stream; none for others. */
  TransportPackets.Jumps jumps() throws UnusableVideoException, InterruptedException {
    return look(
        (format, bytes) ->
            format.equals("mpegts")
                ? TransportPackets.of(bytes).jumps(track.streamId())
                : TransportPackets.Jumps.NONE);
  }

  /** Whether data is behind the packet that was read last, by where that ends. */
  boolean goesOn(long read) throws UnusableVideoException, InterruptedException {
    return look((format, bytes) -> StatedEnd.goesOn(format, bytes, read));
  }

  /** Where fragments of MP4 begin before which others are missing, by their numbers. */
  NavigableSet<Long> fragmentGaps() throws UnusableVideoException, InterruptedException {
    return look(
        (format, bytes) ->
            format.equals("mp4") ? FragmentNumbers.gaps(bytes) : Collections.emptyNavigableSet());
  }

  /** Seconds that the file says its fragments have; 0 if it does not say, or has none. */
  double fragmentsSeconds() throws UnusableVideoException, InterruptedException {
    return look((format, bytes) -> format.equals("mp4") ? FragmentsLength.seconds(bytes) : 0);
  }

  /**
   * What the file lacks that ends one of its kind, though the packets before it are whole; empty if
   * nothing.
   *
   * @param read where the last packet ends
   */
  String openEnd(long read) throws UnusableVideoException, InterruptedException {
    return look(
        (format, bytes) ->
            switch (format) {
              case "nut" -> NutEnd.isOpen(bytes, read) ? "it has no index at its end" : "";
              case "ogg" ->
                  OggPage.last(bytes).isLast() ? "" : "its last page does not end its stream";
              default -> "";
            });
  }

  /** Whether another video is behind the one that is read. */
  boolean hasSecond() throws UnusableVideoException, InterruptedException {
    return look(SecondVideo::follows);
  }

  /** What the file's bytes tell beside what FFmpeg reads. */
  @FunctionalInterface
  private interface Look<T> {
    T at(String format, FileBytes bytes)
        throws IOException, UnusableVideoException, InterruptedException;
  }

  private <T> T look(Look<T> look) throws UnusableVideoException, InterruptedException {
    String format = container.format().name();
    try (FileBytes bytes = new FileBytes(file, format.equals("mpegts"))) {
      return look.at(format, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether the packet of the chosen track is as it was written, as far as can be seen. */
  boolean isSound() {
    return slices.isSound(packet);
  }

  /**
   * Reads a packet that decoding may start with, which {@link #packet()} then is.
   *
   * @return false if it cannot be found
   */
  boolean find(Timeline.Start start) throws UnusableVideoException, InterruptedException {
    AVFormatContext context = container.context();
    if (!othersDiscarded) {
      for (int i = 0; i < context.nb_streams(); i++) {
        if (i != track.index()) {
          context.streams(i).discard(AVDISCARD_ALL);
        }
      }
      othersDiscarded = true;
    }
    // MPEG streams have no index: FFmpeg bisects them by times of decoding, which a key frame has
    // before it is shown. By when it is shown it would land behind it, and where it lands within a
    // picture, the next one gets a wrong time; then it is come from further back.
    long time = container.format().mayJump() ? start.decodedAt() : start.pts();
    return seek(time, start) || seek(time - (long) (BACK_SECONDS / track.tickSeconds()), start);
  }

  private boolean seek(long time, Timeline.Start start)
      throws UnusableVideoException, InterruptedException {
    if (av_seek_frame(container.context(), track.index(), time, AVSEEK_FLAG_BACKWARD) < 0) {
      return false;
    }
    while (next()) { // containers that cannot tell land some way before it
      boolean key = (packet.flags() & AV_PKT_FLAG_KEY) != 0;
      if (key && packet.pts() >= start.pts()) {
        return start.is(packet.pts(), packet.pos(), packet.size());
      }
    }
    return false;
  }

  /** Starts again with the first packet, by opening the file anew: seeking there is less sure. */
  void restart() throws UnusableVideoException, InterruptedException {
    int index = track.index();
    container.close();
    open();
    track =
        tracks.stream()
            .filter(candidate -> candidate.index() == index)
            .findFirst()
            .orElseThrow(
                () ->
                    new UnusableVideoException(
                        DecodeReason.CORRUPT, "its streams changed while reading"));
  }

  @Override
  public void close() {
    if (container != null) {
      container.close();
    }
    av_packet_free(packet);
  }
}
