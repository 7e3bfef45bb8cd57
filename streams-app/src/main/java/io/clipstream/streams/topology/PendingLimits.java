package io.clipstream.streams.topology;

/**
 * What may be pending in an instance.
 *
 * @param references in flight at which no more are taken, at least 1
 * @param bytes of those references' records at which no more are taken, at least 1; memory holds
 *     each about three times: as it came, as the store has it, and read
 * @param deaths of processes with a video in work after which it is rejected, see {@link Attempts}
 */
public record PendingLimits(int references, long bytes, int deaths) {
  private static final long BYTES = 64 << 20;
  private static final int DEATHS = 3;

  /** With the defaults of the settings for the rest: 64 MiB and 3 deaths. */
  public static PendingLimits of(int references) {
    return new PendingLimits(references, BYTES, DEATHS);
  }
}
