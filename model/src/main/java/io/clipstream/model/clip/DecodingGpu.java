package io.clipstream.model.clip;

/** What a GPU that decodes has done so far. All threads; each tells it at once. */
public interface DecodingGpu {
  /** As CUDA counts. */
  int number();

  /** Videos that it decoded. */
  long decoded();

  /** Decoders that are open on it. */
  int decoders();

  /** Bytes of its memory that they take, estimated. */
  long decoderBytes();

  /** Decoders that were opened: with many of them, videos are of more kinds than are kept. */
  long opened();
}
