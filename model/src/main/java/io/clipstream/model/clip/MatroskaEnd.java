package io.clipstream.model.clip;

import java.io.IOException;

/**
 * Where the media of a Matroska or WebM file ends by its own words: the last cluster, the last
 * block of a cluster without a size, or, where the file ends between two elements, its segment.
 */
final class MatroskaEnd {
  private static final int EBML = 0x1a45dfa3;
  private static final int SEGMENT = 0x18538067;
  private static final int CLUSTER = 0x1f43b675;
  private static final int SEEK_HEAD = 0x114d9b74;
  private static final int CUES = 0x1c53bb6b;
  private static final int SIMPLE_BLOCK = 0xa3;
  private static final int BLOCK_GROUP = 0xa0;
  private static final long UNKNOWN = -1;

  private final FileBytes file;
  private int id;
  private long size; // of the body, or UNKNOWN
  private long body; // where it begins
  private boolean cutOff; // the header that was read last
  private long clusters; // where they end

  private MatroskaEnd(FileBytes file) {
    this.file = file;
  }

  static long of(FileBytes file) throws IOException, UnusableVideoException, InterruptedException {
    return new MatroskaEnd(file).find();
  }

  /** Where the first segment ends; 0 if it does not say. */
  static long ofSegment(FileBytes file) throws IOException {
    MatroskaEnd matroska = new MatroskaEnd(file);
    return matroska.readSegment() && matroska.size != UNKNOWN ? matroska.body + matroska.size : 0;
  }

  /** Where the last cluster or block ends that is whole; 0 if there is none. */
  static long ofClusters(FileBytes file)
      throws IOException, UnusableVideoException, InterruptedException {
    MatroskaEnd matroska = new MatroskaEnd(file);
    matroska.find();
    return matroska.clusters;
  }

  private boolean readSegment() throws IOException {
    return read(0) && id == EBML && size != UNKNOWN && read(body + size) && id == SEGMENT;
  }

  private long find() throws IOException, UnusableVideoException, InterruptedException {
    if (!readSegment()) {
      return 0;
    }
    long segment = body;
    long end = size == UNKNOWN ? UNKNOWN : body + size;
    long cues = 0;
    long at = body;
    for (int steps = 0; at < file.size() && StatedEnd.mayStep(steps); steps++) {
      if (!read(at)) {
        return cutOff ? file.size() + 1 : 0; // within a header, or what is none
      }
      if (id == SEEK_HEAD && size != UNKNOWN && body + size <= file.size()) {
        cues = Math.max(cues, segment + placeOfCues(body + size));
        read(at);
      }
      boolean media = id == CLUSTER || id == SIMPLE_BLOCK || id == BLOCK_GROUP;
      if (size == UNKNOWN) {
        if (id != CLUSTER) {
          return 0;
        }
        at = body; // its blocks come next
      } else {
        at = body + size;
        if (at < 0 || at > file.size()) {
          return media ? at : 0;
        }
        clusters = media ? at : clusters;
        if (end != UNKNOWN && at >= end) {
          return 0; // what follows is not of this segment
        }
      }
    }
    return at == file.size() && end != UNKNOWN && cues != at ? end : 0;
  }

  /**
   * Bytes of clusters that are no elements, up to the end of their cluster, and what is none
   * between clusters.
   *
   * @param read where the last packet ends that was read: what is behind it is something else
   */
  static long unreadable(FileBytes file, long read)
      throws IOException, UnusableVideoException, InterruptedException {
    MatroskaEnd matroska = new MatroskaEnd(file);
    if (!matroska.readSegment()) {
      return 0;
    }
    long end = matroska.size == UNKNOWN ? file.size() : matroska.body + matroska.size;
    long unreadable = 0;
    long at = matroska.body;
    int steps = 0;
    while (at < Math.min(end, file.size()) && StatedEnd.mayStep(steps++)) {
      if (!matroska.read(at)) {
        return unreadable + Math.max(0, read - at);
      }
      if (matroska.size == UNKNOWN) {
        at = matroska.body; // of a cluster, whose blocks come next
        continue;
      }
      boolean cluster = matroska.id == CLUSTER;
      long inside = matroska.body;
      at = matroska.body + matroska.size;
      if (at < 0 || at > file.size()) {
        return unreadable; // cut off
      }
      while (cluster && inside < at && StatedEnd.mayStep(steps++)) {
        boolean element = matroska.read(inside) && matroska.size != UNKNOWN;
        long behind = element ? matroska.body + matroska.size : -1;
        if (behind < 0 || behind > at) {
          unreadable += at - inside;
          break;
        }
        inside = behind;
      }
    }
    return unreadable;
  }

  /** Where the seek head says the index is, from the beginning of the segment; 0 if nowhere. */
  private long placeOfCues(long end)
      throws IOException, UnusableVideoException, InterruptedException {
    long at = body;
    for (int steps = 0; at < end && StatedEnd.mayStep(steps) && read(at); steps++) {
      long seek = body;
      at = body + Math.max(0, size);
      boolean ofCues = false;
      while (seek < at && read(seek)) { // SeekID, SeekPosition
        ofCues |= id == 0x53ab && size == 4 && (int) file.big(body, 4) == CUES;
        if (id == 0x53ac && ofCues && size > 0 && size <= 8) {
          return file.big(body, (int) size);
        }
        seek = body + Math.max(0, size);
      }
    }
    return 0;
  }

  /** Reads the header of an element; false if it is none, or cut off. */
  private boolean read(long at) throws IOException {
    int idBytes = Integer.numberOfLeadingZeros(file.u8(at)) - 23;
    int sizeBytes = Integer.numberOfLeadingZeros(file.u8(at + idBytes)) - 23;
    body = at + idBytes + sizeBytes;
    cutOff =
        idBytes <= 4 && (at + idBytes >= file.size() || (sizeBytes <= 8 && body > file.size()));
    if (idBytes > 4 || sizeBytes > 8 || cutOff) {
      return false;
    }
    id = (int) file.big(at, idBytes);
    long mask = (1L << 7 * sizeBytes) - 1;
    long value = file.big(at + idBytes, sizeBytes) & mask;
    size = value == mask ? UNKNOWN : value;
    return true;
  }
}
