package io.clipstream.model.clip;

/** Why a file gave no clips. */
public enum DecodeReason {
  /** The file has no bytes. */
  EMPTY_FILE,
  /** Not a regular file in one of the video containers that are read. */
  NOT_A_VIDEO,
  /** A container that is read, but with sound or cover art only. */
  NO_VIDEO_STREAM,
  /** The pictures are in a format that no decoder is built in for. */
  UNSUPPORTED_CODEC,
  /** The pictures are larger than {@link DecodeLimits} allows. */
  PICTURE_TOO_LARGE,
  /** Fewer than two frames, none of them cut off or damaged. */
  TOO_SHORT,
  /** Longer, or more frames, than {@link DecodeLimits} allows. */
  TOO_LONG,
  /** A video that is too damaged for a single clip. */
  CORRUPT,
  /** The wanted range has no frame. */
  RANGE_OUTSIDE_VIDEO,
  /** Decoding took longer than {@link DecodeLimits} allows. */
  DECODE_TIMEOUT,
  /** The process that decoded it ended. */
  CRASHED
}
