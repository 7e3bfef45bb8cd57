package io.clipstream.model.fetch;

/** What a failed fetch is to be blamed on, as far as it tells by itself. */
public enum Fault {
  /** This one file: there is no such file, it is too large, it has another digest. */
  FILE,
  /** Where it comes from, for whatever file: no connection, too many requests, a mount is gone. */
  ORIGIN,
  /** One of the two: HTTP 500, silence, a connection that broke. What others meet there tells. */
  EITHER,
  /** This process: it has no file descriptors left. */
  INSTANCE,
  /** The disk of downloads: it has no room for this one. Local files and smaller ones go on. */
  DISK
}
