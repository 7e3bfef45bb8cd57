package io.clipstream.streams.live;

import ai.djl.Device;
import java.util.OptionalLong;

/** How many bytes of memory are left; empty where that is not known. All threads. */
interface FreeMemory {
  OptionalLong onHost();

  OptionalLong on(Device device);

  /** Gives back what is kept for later and not in use; may hold up who computes for a moment. */
  default void trim() {}
}
