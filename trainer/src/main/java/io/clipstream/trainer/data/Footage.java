package io.clipstream.trainer.data;

import io.clipstream.model.FileKind;
import io.clipstream.model.FileProblem;
import io.clipstream.model.Printable;
import io.clipstream.model.Quantity;
import io.clipstream.model.SessionFolder;
import io.clipstream.model.clip.ClipSink;
import io.clipstream.model.clip.DecodeLimits;
import io.clipstream.model.clip.DecodeReason;
import io.clipstream.model.clip.DecodeResult;
import io.clipstream.model.clip.FrameTimes;
import io.clipstream.model.clip.PicturesFile;
import io.clipstream.model.clip.Sampling;
import io.clipstream.model.clip.StillPicture;
import io.clipstream.model.clip.TimeRange;
import io.clipstream.model.clip.VideoDecoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What the decoder is given for an entry of a list: its file and the part of it that counts. The
 * pictures of a folder are put, as they are, into a file that is there until this is closed. One
 * thread.
 */
public final class Footage implements AutoCloseable {
  private static final DecodeLimits LIMITS = DecodeLimits.defaults();

  /** Larger files are no frames. */
  private static final long MOST_BYTES = 128L << 20;

  /** Of the pictures of one video, since all are copied while it is decoded. */
  private static final long MOST_TOGETHER = 4L << 30;

  private static SessionFolder session;

  private final ClipList.Entry entry;
  private Path file;
  private Path temporary;
  private Optional<TimeRange> range;
  private String remark = "";
  private DecodeResult.Rejected rejected;

  private Footage(ClipList.Entry entry) {
    this.entry = entry;
    this.file = entry.path();
    this.range = entry.range();
  }

  /**
   * Looks at the entry's file, or puts its pictures together.
   *
   * @throws UncheckedIOException if a file cannot be read, or that of the pictures not be written
   */
  public static Footage open(ClipList.Entry entry) throws InterruptedException {
    Footage footage = new Footage(entry);
    try {
      if (entry.series().isPresent()) {
        footage.join(entry.series().get());
      } else if (entry.frames().isPresent()) {
        footage.find(entry.frames().get());
      }
      return footage;
    } catch (IOException e) {
      footage.close();
      throw new UncheckedIOException(e);
    } catch (Throwable e) {
      footage.close();
      throw e;
    }
  }

  /** Decodes it as {@link VideoDecoder#decode} does. */
  public DecodeResult decode(VideoDecoder decoder, Sampling sampling, ClipSink sink)
      throws InterruptedException {
    return rejected != null ? rejected : decoder.decode(file, sampling, range, sink);
  }

  /** The part of what is decoded that counts; empty: all. */
  Optional<TimeRange> range() {
    return range;
  }

  /** What of the entry is not there, one line that names it; empty if nothing. */
  public Optional<String> remark() {
    return remark.isEmpty()
        ? Optional.empty()
        : Optional.of(entry.path() + entry.part() + ": " + remark);
  }

  private void reject(DecodeReason reason, String detail) {
    rejected = new DecodeResult.Rejected(reason, detail);
  }

  /** The time of frames of a video file. */
  private void find(FrameSpan span) throws InterruptedException {
    Optional<FrameTimes> times = FrameTimes.of(file, LIMITS);
    if (times.isEmpty()) {
      return; // as decoding all of it will say
    }
    int frames = times.get().frames();
    range = times.get().range(span.first().orElse(0), span.count());
    if (range.isEmpty()) {
      reject(
          DecodeReason.RANGE_OUTSIDE_VIDEO,
          "the frames %s are none of it, it has %d".formatted(span, frames));
    } else if (span.end() > frames) {
      remark =
          "it lacks %d of its %d frames, the video has %d"
              .formatted(span.end() - frames, span.count(), frames);
    }
  }

  /** Puts the pictures of a folder together. */
  private void join(FrameSeries series) throws IOException, InterruptedException {
    FrameFolder folder = FrameFolder.list(entry.path(), series);
    if (!folder.problem().isEmpty()) {
      reject(DecodeReason.NOT_A_VIDEO, folder.problem());
      return;
    }
    FrameFolder.Slice slice = folder.slice(entry.frames());
    if (slice.size() > LIMITS.maxFrames()) {
      reject(
          DecodeReason.TOO_LONG,
          "it has %d pictures, at most %d are read".formatted(slice.size(), LIMITS.maxFrames()));
      return;
    }
    if (slice.size() == 0) {
      reject(
          DecodeReason.RANGE_OUTSIDE_VIDEO,
          "the frames %s are none of its pictures, which have the numbers %d to %d"
              .formatted(entry.frames().get(), folder.number(0), folder.number(folder.size() - 1)));
      return;
    }
    double seconds =
        (folder.number(slice.to() - 1) - folder.number(slice.from()) + 1.0)
            / series.framesPerSecond();
    if (seconds > LIMITS.maxSeconds()) { // before they are looked at, one by one
      reject(
          DecodeReason.TOO_LONG,
          String.format(
              Locale.ROOT,
              "its pictures last %.0f s, at most %.0f s are read",
              seconds,
              LIMITS.maxSeconds()));
      return;
    }
    StillPicture[] pictures = look(folder, slice);
    if (rejected != null) {
      return;
    }
    Map<StillPicture, Integer> kinds = new LinkedHashMap<>();
    for (StillPicture picture : pictures) {
      kinds.merge(picture, 1, Integer::sum);
    }
    StillPicture usual =
        kinds.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow().getKey();
    int alike = kinds.get(usual);
    if (alike < pictures.length) {
      int other = 0;
      while (pictures[other].equals(usual)) {
        other++;
      }
      remark =
          "it is used without %d of its %d pictures, as the others are %s; the first is %s, %s"
              .formatted(
                  pictures.length - alike,
                  pictures.length,
                  usual,
                  name(folder.picture(slice.from() + other)),
                  pictures[other]);
    }
    if (alike < 2) {
      reject(
          DecodeReason.TOO_SHORT,
          pictures.length == 1
              ? "it is one picture, expected at least 2"
              : "each of its pictures has another size");
      return;
    }
    write(folder, slice, pictures, usual, series.framesPerSecond());
  }

  /** What each picture is; one that is none rejects the video. */
  private StillPicture[] look(FrameFolder folder, FrameFolder.Slice slice)
      throws IOException, InterruptedException {
    StillPicture[] pictures = new StillPicture[slice.size()];
    long together = 0;
    for (int i = 0; i < pictures.length; i++) {
      interruptible();
      Path picture = folder.picture(slice.from() + i);
      if (!Files.isRegularFile(picture)) {
        boolean there = Files.exists(picture);
        reject(picture, there ? "is no file" : "cannot be read: " + FileProblem.missing(picture));
        return pictures;
      }
      Optional<StillPicture> found = StillPicture.of(picture);
      if (found.isEmpty() || Files.size(picture) > MOST_BYTES) {
        String kind = kind(picture);
        reject(picture, "is no JPEG or PNG picture" + (kind.isEmpty() ? "" : ": it is " + kind));
        return pictures;
      }
      if (!StillPicture.hasEnd(picture, found.get().format())) {
        reject(picture, "is cut off");
        return pictures;
      }
      pictures[i] = found.get();
      together += Files.size(picture);
      if (together > MOST_TOGETHER) {
        reject(
            DecodeReason.TOO_LONG,
            "its pictures have more than %s, which is the most of one video; name parts of it"
                .formatted(Quantity.text(MOST_TOGETHER)));
        return pictures;
      }
    }
    return pictures;
  }

  private void reject(Path picture, String what) {
    reject(DecodeReason.CORRUPT, "its picture " + name(picture) + " " + what);
  }

  private static String kind(Path picture) throws IOException {
    try (FileChannel channel = FileChannel.open(picture)) {
      return channel.size() == 0 ? "empty" : FileKind.of(channel);
    }
  }

  private void write(
      FrameFolder folder,
      FrameFolder.Slice slice,
      StillPicture[] pictures,
      StillPicture usual,
      double framesPerSecond)
      throws IOException, InterruptedException {
    temporary = newFile();
    file = temporary;
    int first = -1;
    try (PicturesFile joined = new PicturesFile(temporary, usual, framesPerSecond)) {
      for (int i = 0; i < pictures.length; i++) {
        interruptible();
        if (pictures[i].equals(usual)) {
          int number = folder.number(slice.from() + i);
          first = first < 0 ? number : first;
          joined.add(Files.readAllBytes(folder.picture(slice.from() + i)), number - first);
        }
      }
      joined.finish();
    }
  }

  private static String name(Path picture) {
    return Printable.name(picture.getFileName().toString());
  }

  private static void interruptible() throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
  }

  /** Removes the file that pictures were put into. */
  @Override
  public void close() {
    if (temporary != null) {
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** A name for pictures that are put together, in a folder that is gone with this process. */
  private static synchronized Path newFile() throws IOException {
    if (session == null) {
      Path directory =
          Path.of(
              System.getProperty("java.io.tmpdir"),
              "clipstream-" + System.getProperty("user.name"));
      try {
        session = new SessionFolder(directory, "clipstream-frames-");
      } catch (IOException e) {
        throw new IOException(
            "frames cannot be put together in %s: %s; -Djava.io.tmpdir in JAVA_TOOL_OPTIONS names another place"
                .formatted(directory, FileProblem.of(e)),
            e);
      }
      Runtime.getRuntime().addShutdownHook(new Thread(session::close, "frames-end"));
    }
    Path unnamed = session.newFile();
    return unnamed.resolveSibling(unnamed.getFileName() + ".mov");
  }
}
