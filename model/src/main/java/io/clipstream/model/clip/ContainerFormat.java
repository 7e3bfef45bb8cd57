package io.clipstream.model.clip;

import static java.util.Map.entry;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What is known of a kind of container. Pure.
 *
 * @param names FFmpeg's names of the format, separated by commas
 * @param mayJump whether times may jump in it: MPEG streams and Ogg
 */
record ContainerFormat(String names, boolean mayJump) {
  /**
   * FFmpeg's names of the containers that are read, and how names of their files end; playlists and
   * stills are not among them.
   */
  private static final Map<String, List<String>> READ =
      Map.ofEntries(
          entry("apng", List.of("apng")),
          entry("asf", List.of("asf", "wmv")),
          entry("avi", List.of("avi", "divx")),
          entry("dhav", List.of("dav")),
          entry("dv", List.of("dif", "dv")),
          entry("flv", List.of("flv")),
          entry("gif", List.of("gif")),
          entry("gxf", List.of("gxf")),
          entry("h264", List.of("264", "avc", "h264", "h26l")),
          entry("hevc", List.of("265", "h265", "hevc")),
          entry("ivf", List.of("ivf")),
          entry("m4v", List.of("m4v")),
          entry("matroska", List.of("mk3d", "mkv", "webm")),
          entry("mjpeg", List.of("mjpeg", "mjpg")),
          entry("mov", List.of("3g2", "3gp", "f4v", "ismv", "m4v", "mov", "mp4", "psp", "qt")),
          entry("mpeg", List.of("mpeg", "mpg", "vob")),
          entry("mpegts", List.of("m2t", "m2ts", "mts", "ts")),
          entry("mpegvideo", List.of("m1v", "m2v", "mpv")),
          entry("mxf", List.of("mxf")),
          entry("nut", List.of("nut")),
          entry("obu", List.of("obu")),
          entry("ogg", List.of("ogg", "ogv", "ogx")),
          entry("rm", List.of("rm", "rmvb")),
          entry("wtv", List.of("wtv")),
          entry("yuv4mpegpipe", List.of("y4m")));

  private static final Set<String> SUFFIXES =
      READ.values().stream().flatMap(List::stream).collect(Collectors.toUnmodifiableSet());

  /** Whether files of a format are read. */
  static boolean isRead(String names) {
    return Arrays.stream(names.split(",", -1)).anyMatch(READ::containsKey);
  }

  /** FFmpeg's names of all formats that are read. */
  static Set<String> allRead() {
    return READ.keySet();
  }

  /** How names of their files end, without the dot, in lower case. */
  static Set<String> suffixes() {
    return SUFFIXES;
  }

  /** The first of the names; mp4 for those of its kin. */
  String name() {
    return isMov() ? "mp4" : names.split(",", -1)[0];
  }

  /** Whether it is mp4 or one of its kin, which have an index of all packets. */
  boolean isMov() {
    return names.startsWith("mov,");
  }

  /** Whether packets follow each other without anything of size between them. */
  boolean isDense() {
    return switch (name()) {
      case "matroska", "flv", "nut" -> true;
      default -> false;
    };
  }

  /** Whether each frame has a packet and time stamps count them, so that a step tells of a loss. */
  boolean hasEachFrame() {
    return name().equals("ogg");
  }

  /** Whether its header counts the frames in a way that can be relied on. */
  boolean countsFrames() {
    return switch (name()) {
      case "avi", "mxf" -> true;
      default -> false;
    };
  }

  /**
   * By how many frames the header's length is more than that of the packets where one is missing.
   * Infinite where the header does not count frames: its length is about that of the packets.
   */
  double lengthOfALoss() {
    return switch (name()) {
      case "ivf" -> 0.75;
      case "gxf" -> 1.3; // the last packet has the length of a field
      default -> Double.POSITIVE_INFINITY;
    };
  }

  /** Whether packets before a jump of its counters are marked as damaged. */
  boolean marksJumps() {
    return name().equals("mpegts");
  }

  /** Frames that tell a video from still pictures, in formats that hold both; else 0. */
  int leastFrames() {
    return switch (name()) {
      case "gif", "apng" -> 2;
      case "mjpeg" -> 3; // a photograph may have a second picture behind it, of its depth or light
      default -> 0;
    };
  }
}
