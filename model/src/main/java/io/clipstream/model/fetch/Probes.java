package io.clipstream.model.fetch;

import io.clipstream.model.UserError;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What is known to be there while all is in order, beside what the fetcher finds out by itself.
 *
 * @param rootMarker name of a file that every file root holds; where it is missing, its mount is
 * @param hostName a name that always has an address; where it has none, the name service is down
 */
public record Probes(Optional<String> rootMarker, Optional<String> hostName) {
  public static final Probes NONE = new Probes(Optional.empty(), Optional.empty());

  /**
   * @throws UserError if the marker is not the name of a file, or the host's not one of a host
   */
  public Probes {
    rootMarker.ifPresent(
        marker -> {
          if (marker.contains("/") || marker.equals("..") || Path.of(marker).getNameCount() != 1) {
            throw new UserError("'" + marker + "' is not the name of a file");
          }
        });
    hostName.ifPresent(
        name -> {
          if (!name.matches("[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\\.?")) {
            throw new UserError("'" + name + "' is not the name of a host");
          }
        });
  }
}
