package io.clipstream.streams.live.watch;

/**
 * A forward pass of a version.
 *
 * @param device where, such as {@code gpu0}
 * @param clips size of the batch
 * @param second when it ended, by a clock of this process that does not jump
 * @param millis that it took
 */
public record Pass(String version, String device, int clips, long second, double millis) {}
