package io.clipstream.model.clip;

/**
 * Bytes at any place, of a file or in memory.
 *
 * @param <E> what reading them may throw
 */
interface Bytes<E extends Exception> {
  long size();

  /** The byte at a place; 0 outside. */
  int u8(long at) throws E;
}
