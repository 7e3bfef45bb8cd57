package io.clipstream.model.clip;

import java.util.Arrays;
import java.util.Set;

/**
 * What is known of a kind of container. Pure.
 *
 * @param names FFmpeg's names of the format, separated by commas
 * @param mayJump whether times may jump in it: MPEG streams and Ogg
 */
record ContainerFormat(String names, boolean mayJump) {
  /** FFmpeg's names of the containers that are read; playlists and stills are not among them. */
  private static final Set<String> READ =
      Set.of(
          "apng",
          "asf",
          "avi",
          "dhav",
          "dv",
          "flv",
          "gif",
          "gxf",
          "h264",
          "hevc",
          "ivf",
          "m4v",
          "matroska",
          "mjpeg",
          "mov",
          "mpeg",
          "mpegts",
          "mpegvideo",
          "mxf",
          "nut",
          "obu",
          "ogg",
          "rm",
          "wtv",
          "yuv4mpegpipe");

  /** Whether files of a format are read. */
  static boolean isRead(String names) {
    return Arrays.stream(names.split(",", -1)).anyMatch(READ::contains);
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
    return name().equals("avi");
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
