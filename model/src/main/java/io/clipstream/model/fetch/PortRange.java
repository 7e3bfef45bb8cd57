package io.clipstream.model.fetch;

import io.clipstream.model.UserError;
import java.util.List;
import java.util.stream.Stream;

/** TCP ports {@code first} to {@code last}, both included, 1 to 65535. */
public record PortRange(int first, int last) {
  public PortRange {
    if (first < 1 || last > 65_535 || first > last) {
      throw new UserError("ports " + first + "-" + last + " are not a range within 1-65535");
    }
  }

  /** Reads a list such as {@code 80,443,1024-65535}. */
  public static List<PortRange> parse(String list) {
    return Stream.of(list.split(",", -1)).map(String::strip).map(PortRange::one).toList();
  }

  boolean contains(int port) {
    return first <= port && port <= last;
  }

  @Override
  public String toString() {
    return first == last ? Integer.toString(first) : first + "-" + last;
  }

  private static PortRange one(String text) {
    String[] ends = text.split("-", -1);
    try {
      int first = Integer.parseInt(ends[0].strip());
      int last = ends.length == 1 ? first : Integer.parseInt(ends[1].strip());
      if (ends.length <= 2) {
        return new PortRange(first, last);
      }
    } catch (NumberFormatException notANumber) {
      // Falls through to the message below.
    }
    throw new UserError("'" + text + "' is neither a port nor a range of ports such as 1024-65535");
  }
}
